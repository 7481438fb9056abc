// What the browser guesses about the line. It sees the downlink only and caps it at 10 Mbit/s, so this picks a
// starting point and nothing more; measured speed decides from then on.

export interface ConnectionHint {
  readonly effectiveType?: string;
  /** Mbit/s. */
  readonly downlink?: number;
}

const PARALLEL_BY_TYPE: Readonly<Record<string, number>> = { "4g": 6, "3g": 3, "2g": 1, "slow-2g": 1 };
const PARALLEL_UNKNOWN = 4;

/** How many chunks to send at once: 6 on 4g, 3 on 3g, 1 on 2g and slower, 4 when nothing is known. */
export function parallelChunksFor(hint: ConnectionHint | undefined): number {
  return PARALLEL_BY_TYPE[hint?.effectiveType ?? ""] ?? PARALLEL_UNKNOWN;
}

/** A chunk should take about this long: short enough to lose little, long enough to amortise a round trip. */
const SECONDS_PER_CHUNK = 4;
const MEGABIT = 1_000_000 / 8;

export interface ChunkLimits {
  readonly min: number;
  readonly max: number;
}

/** The chunk size to begin with, from the browser's guess; `fallback` where there is none. */
export function firstChunkSize(
  hint: ConnectionHint | undefined,
  fallback: number,
  limits: ChunkLimits,
): number {
  if (hint?.downlink === undefined || hint.downlink <= 0) return clamp(fallback, limits);
  // 10 Mbit/s is where the guess is capped: it means "at least".
  if (hint.downlink >= 10) return clamp(Math.max(fallback, limits.max), limits);
  return clamp(roundDown(hint.downlink * MEGABIT * SECONDS_PER_CHUNK), limits);
}

/**
 * The chunk size after one chunk of `bytes` took `seconds`: moves towards the aimed duration, by at most a factor of
 * two at a time so that one odd measurement does little harm.
 */
export function nextChunkSize(current: number, bytes: number, seconds: number, limits: ChunkLimits): number {
  if (seconds <= 0) return clamp(current * 2, limits);
  const ideal = (bytes / seconds) * SECONDS_PER_CHUNK;
  return clamp(roundDown(Math.min(Math.max(ideal, current / 2), current * 2)), limits);
}

const STEP = 256 * 1024;

function roundDown(bytes: number): number {
  return Math.max(STEP, Math.floor(bytes / STEP) * STEP);
}

function clamp(bytes: number, { min, max }: ChunkLimits): number {
  return Math.max(1, Math.min(Math.max(bytes, min), max));
}
