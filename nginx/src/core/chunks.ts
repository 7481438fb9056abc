// Cutting what is missing into chunks. Chunks follow a grid of `chunkSize` so that their numbers mean something in
// the server's logs; correctness never depends on it, because every chunk says which bytes it carries.

import { type ByteRanges, type Span, span } from "./ranges";

/** Hands out what is missing, lowest bytes first: a wrong type is refused by the head of the file. */
export class ChunkQueue {
  #waiting: Span[];

  constructor(missing: ByteRanges) {
    this.#waiting = [...missing.spans];
  }

  /** The next chunk of at most `chunkSize` bytes, or null when nothing waits. */
  take(chunkSize: number): Span | null {
    const gap = this.#waiting.shift();
    if (gap === undefined) return null;
    const border = (Math.floor(gap.start / chunkSize) + 1) * chunkSize;
    if (border >= gap.stop) return gap;
    this.#waiting.unshift(span(border, gap.stop));
    return span(gap.start, border);
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
