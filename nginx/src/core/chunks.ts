// Cutting what is missing into chunks. Their borders follow a grid; correctness never depends on it, because every chunk
// says which bytes it carries.

import { type ByteRanges, lengthOf, type Span, span } from "./ranges";

/** Of one file: 5 TiB in the smallest chunks that a Droppr server can be set to have fewer. */
const MAX_CHUNKS = 2 ** 23;

/** The chunk size that a server wishes for, unless a file of `size` bytes would be cut into more chunks than anybody can count. */
export function bearable(chunkSize: number, size: number): number {
  return Math.max(chunkSize, Math.ceil(size / MAX_CHUNKS));
}

/**
 * Hands out what is missing: the head of the file first and its end second, by which a wrong type or a broken container
 * is told early, then the rest from below. `inOrder` is for servers that take only the next byte.
 */
export class ChunkQueue {
  /** In reverse, so that the next one is taken off the end. */
  readonly #waiting: Span[];
  readonly #inOrder: boolean;
  #taken = 0;
  /** Bytes that wait. */
  left: number;

  constructor(missing: ByteRanges, inOrder = false) {
    this.#waiting = missing.spans.toReversed();
    this.#inOrder = inOrder;
    this.left = missing.bytes;
  }

  /** The next chunk of at most `chunkSize` bytes, its borders at multiples of `grid`, or null when nothing waits. */
  take(chunkSize: number, grid = chunkSize): Span | null {
    this.#taken += 1;
    const fromTheEnd = this.#taken === 2 && !this.#inOrder;
    const chunk = fromTheEnd ? this.#takeLast(chunkSize, grid) : this.#takeFirst(chunkSize, grid);
    if (chunk !== null) this.left -= lengthOf(chunk);
    return chunk;
  }

  /** What has been handed out in vain comes back, to be cut anew. */
  giveBack(chunk: Span): void {
    this.#waiting.push(chunk);
    this.left += lengthOf(chunk);
  }

  #takeFirst(chunkSize: number, grid: number): Span | null {
    const gap = this.#waiting.pop();
    if (gap === undefined) return null;
    const border = Math.floor((gap.start + chunkSize) / grid) * grid;
    if (border >= gap.stop) return gap;
    this.#waiting.push(span(border, gap.stop));
    return span(gap.start, border);
  }

  #takeLast(chunkSize: number, grid: number): Span | null {
    const gap = this.#waiting.shift();
    if (gap === undefined) return null;
    const border = Math.ceil((gap.stop - chunkSize) / grid) * grid;
    if (border <= gap.start) return gap;
    this.#waiting.unshift(span(gap.start, border));
    return span(border, gap.stop);
  }
}

export function chunkIndex(chunk: Span, chunkSize: number): number {
  return Math.floor(chunk.start / chunkSize);
}

export function chunkCount(size: number, chunkSize: number): number {
  return Math.ceil(size / chunkSize);
}

/** Which squares of the grid have arrived in full. */
export function completedChunks(received: ByteRanges, size: number, chunkSize: number): number[] {
  const done: number[] = [];
  for (const { start, stop } of received.spans) {
    const last = stop >= size ? chunkCount(size, chunkSize) : Math.floor(stop / chunkSize);
    for (let index = Math.ceil(start / chunkSize); index < last; index += 1) done.push(index);
  }
  return done;
}
