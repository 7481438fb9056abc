import { unreadableError } from "../core/errors";
import { SAMPLE_VERSION, sampleSpans, sizeAsBytes } from "../core/sample";
import type { FileLike } from "../ports";

/**
 * `Content-Digest` (RFC 9530) of a chunk, or null on plain http, where browsers offer no hashing. The chunk is held in
 * memory while it is hashed. Throws `file_unreadable` when the file changed or went away.
 */
export async function contentDigest(chunk: Blob): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const hash = await crypto.subtle.digest("SHA-256", await bytesOf(chunk));
  return `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(hash)))}:`;
}

/** A browser reports an unreadable file as a lost connection; reading one byte tells which it was. */
export async function assertReadable(chunk: Blob): Promise<void> {
  await bytesOf(chunk.slice(0, 1));
}

/** Sample digest (`s1:…`) of a file, or null where nothing can hash. Reads 192 KiB at most. */
export async function sampleDigest(file: FileLike): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const pieces = sampleSpans(file.size).map(({ start, stop }) => file.slice(start, stop));
  const read = await bytesOf(new Blob([sizeAsBytes(file.size), ...pieces]));
  return SAMPLE_VERSION + toHex(await crypto.subtle.digest("SHA-256", read));
}

export function toHex(hash: ArrayBuffer | Uint8Array): string {
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function bytesOf(chunk: Blob): Promise<ArrayBuffer> {
  try {
    return await chunk.arrayBuffer();
  } catch (cause) {
    throw unreadableError(cause);
  }
}
