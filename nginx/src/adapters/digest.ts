import { unreadableError } from "../core/errors";
import { SAMPLE_VERSION, sampleSpans, sizeAsBytes } from "../core/sample";
import type { FileLike, Hasher } from "../ports";

/**
 * `Content-Digest` (RFC 9530) of a chunk, or null where nothing can hash: browsers offer it only in secure contexts. The chunk is
 * held in memory while it is hashed. Throws `file_unreadable` when the file changed or went away.
 */
export async function contentDigest(
  chunk: Blob,
  hasher: Hasher | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  const hash = await sha256(chunk, hasher, signal);
  return hash && `sha-256=:${btoa(String.fromCharCode(...hash))}:`;
}

/** A browser reports an unreadable file as a lost connection; reading one byte tells which it was. */
export async function assertReadable(chunk: Blob): Promise<void> {
  await bytesOf(chunk.slice(0, 1));
}

/** Sample digest (`s1:…`) of a file, or null where nothing can hash. Reads 192 KiB at most. */
export async function sampleDigest(
  file: FileLike,
  hasher: Hasher | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  const pieces = sampleSpans(file.size).map(({ start, stop }) => file.slice(start, stop));
  const hash = await sha256(new Blob([sizeAsBytes(file.size), ...pieces]), hasher, signal);
  return hash && SAMPLE_VERSION + [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(
  blob: Blob,
  hasher: Hasher | undefined,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  if (globalThis.crypto?.subtle !== undefined) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", await bytesOf(blob)));
  }
  const hex = await hasher?.sha256(blob, signal);
  return hex === undefined
    ? null
    : Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function bytesOf(chunk: Blob): Promise<ArrayBuffer> {
  try {
    return await chunk.arrayBuffer();
  } catch (cause) {
    throw unreadableError(cause);
  }
}
