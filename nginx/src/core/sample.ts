// The sample digest tells files of one name and size apart by reading 192 KiB of them, however big they are.

import { type Span, span } from "./ranges";

const KIBIBYTE = 1024;
const PIECE_BYTES = 64 * KIBIBYTE;
/** Files up to this size are sampled whole. */
const WHOLE_BYTES = 3 * PIECE_BYTES;

export const SAMPLE_VERSION = "s1:";

/** Which bytes are hashed, in this order, after the size as eight bytes, big end first. */
export function sampleSpans(size: number): Span[] {
  if (size === 0) return [];
  if (size <= WHOLE_BYTES) return [span(0, size)];
  const middle = Math.floor(size / 2);
  return [
    span(0, PIECE_BYTES),
    span(middle - PIECE_BYTES / 2, middle + PIECE_BYTES / 2),
    span(size - PIECE_BYTES, size),
  ];
}

export function sizeAsBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size));
  return bytes;
}
