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

/** Bytes that one Mbit/s carries in half a second: what the first chunks should take, so that answers come soon. */
const FIRST_CHUNK_BYTES_PER_MBIT = 62_500;

export interface ChunkLimits {
  readonly min: number;
  readonly max: number;
}

/** Bytes of the first chunks from the browser's guess; `fallback` where there is none. */
export function firstChunkSize(
  hint: ConnectionHint | undefined,
  fallback: number,
  { min, max }: ChunkLimits,
): number {
  return Math.max(
    1,
    Math.min(Math.max((hint?.downlink ?? 0) * FIRST_CHUNK_BYTES_PER_MBIT || fallback, min), max),
  );
}
