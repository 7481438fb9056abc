// How long to wait before trying again. One rule for every request.

import type { UploadError } from "./errors";

const FIRST_WAIT_MS = 1_000;
/** A full disk is emptied by people, not by waiting a second. */
const FIRST_WAIT_FOR_SPACE_MS = 15_000;
const MAX_WAIT_MS = 60_000;
const JITTER = 0.25;

/**
 * Milliseconds to wait before retry number `attempt` (counted from 0): 1, 2, 4 … s plus up to a quarter, so that
 * chunks that failed together do not return together. The server's `Retry-After` wins over our own guess.
 */
export function waitBefore(attempt: number, error: UploadError, random: number): number {
  if (error.retryAfter !== null) return error.retryAfter * 1_000 + random * FIRST_WAIT_MS * JITTER;
  const first = error.status === 507 ? FIRST_WAIT_FOR_SPACE_MS : FIRST_WAIT_MS;
  return Math.min(first * 2 ** attempt, MAX_WAIT_MS) * (1 + random * JITTER);
}
