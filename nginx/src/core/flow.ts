// How much to send at once: the number of chunks in flight and their size follow what the line is seen to do. Shared by
// all files that go to one server, because they share the line.
//
// Width: in epochs of a round or two of chunks, the rate at which bytes are accepted is measured. While a wider flow
// was clearly faster, it grows on, twofold first; where it was not, it goes one step back and asks again much later. 503, 429 and
// timeouts halve it, once for all requests that were under way together; so do lost connections when most are lost. A single
// connection that breaks while others get through says nothing about the width: only smaller chunks help against that.
//
// Chunk size: whole MiB, towards a few seconds for each chunk: short enough to lose little, long enough to amortise a round trip.

import type { UploadError } from "./errors";

const MEBIBYTE = 1024 * 1024;
/** Faster by less than this is noise. */
const CLEARLY = 1.08;
/** Shorter epochs say nothing about speed, in milliseconds. */
const SHORTEST_EPOCH = 400;
/** Epochs for which a width that did not pay, or was refused, is not asked for again. */
const REST = 12;
/** Seconds a chunk should take. */
const SECONDS_PER_CHUNK = 3;
/** Chunks that must arrive unharmed before a size that was lost is tried again. */
const UNHARMED = 24;
/** How many of the latest endings decide whether most connections are lost. */
const REMEMBERED = 8;

const CONGESTED = new Set([408, 429, 503, 504]);

export interface FlowConfig {
  /** Chunks in flight to begin with. */
  readonly width: number;
  readonly maxWidth: number;
  /** Whether the width follows the measured rate. */
  readonly adaptWidth: boolean;
  /** Bytes. */
  readonly chunkSize: number;
  readonly minChunkSize: number;
  readonly maxChunkSize: number;
  readonly adaptChunkSize: boolean;
}

export class Flow {
  #width: number;
  #chunkSize: number;
  #maxChunkSize: number;
  #maxWidth: number;
  readonly #config: FlowConfig;
  /** Bytes per millisecond at `#before`, the width the present one has to beat. */
  #rate = 0;
  #before: number | null = null;
  #rest = 0;
  #doubling = true;
  #epoch: { readonly since: number; bytes: number; chunks: number } | null = null;
  #narrowedAt = Number.NEGATIVE_INFINITY;
  readonly #endings: boolean[] = [];
  /** Chunks may not grow to this again until enough arrived unharmed. */
  #harmful = Number.POSITIVE_INFINITY;
  #unharmed = 0;

  constructor(config: FlowConfig) {
    this.#config = config;
    this.#maxWidth = Math.max(1, config.maxWidth);
    this.#width = Math.max(1, Math.min(config.width, this.#maxWidth));
    this.#maxChunkSize = Math.max(1, config.maxChunkSize);
    this.#chunkSize = Math.min(config.chunkSize, this.#maxChunkSize);
  }

  /** Chunks to have in flight. */
  get width(): number {
    return this.#width;
  }

  /** Bytes of the next chunk, at most. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** What a server wants at most. The narrowest server of all files counts. */
  limit(width: number, chunkSize: number): void {
    this.#maxWidth = Math.max(1, Math.min(this.#maxWidth, width));
    this.#maxChunkSize = Math.max(1, Math.min(this.#maxChunkSize, chunkSize));
    this.#width = Math.min(this.#width, this.#maxWidth);
    this.#chunkSize = Math.min(this.#chunkSize, this.#maxChunkSize);
  }

  /** `bytes` that were sent from `began` on have been accepted at `now` (milliseconds). */
  accepted(bytes: number, began: number, now: number): void {
    this.#remember(true);
    if (this.#config.adaptChunkSize) this.#fitChunk(bytes, (now - began) / 1_000);
    if (this.#config.adaptWidth) this.#count(bytes, began, now);
  }

  /** A request of `bytes`, begun at `began`, was refused or lost at `now`. */
  failed(error: UploadError, bytes: number, began: number, now: number): void {
    const lost = error.status === 0;
    if (!lost && !CONGESTED.has(error.status)) return;
    if (lost) this.#harmed(bytes);
    this.#remember(false);
    if (this.#config.adaptWidth && (!lost || this.#mostAreLost)) this.#narrow(began, now);
  }

  /** The time since the last chunk is no measure: it was paused, or offline. */
  interrupted(): void {
    this.#epoch = null;
  }

  get #mostAreLost(): boolean {
    const lost = this.#endings.filter((fine) => !fine).length;
    return lost > REMEMBERED / 2;
  }

  #remember(fine: boolean): void {
    this.#endings.push(fine);
    if (this.#endings.length > REMEMBERED) this.#endings.shift();
  }

  #fitChunk(bytes: number, seconds: number): void {
    // The last piece of a gap may be a sliver of a chunk: it says nothing about speed.
    if (bytes < this.#chunkSize / 2) return;
    this.#unharmed += 1;
    if (this.#unharmed >= UNHARMED) this.#harmful = Number.POSITIVE_INFINITY;
    const ideal = seconds > 0 ? (bytes / seconds) * SECONDS_PER_CHUNK : this.#chunkSize * 2;
    const near = Math.min(Math.max(ideal, this.#chunkSize / 2), this.#chunkSize * 2);
    this.#resize(Math.min(near, this.#harmful - MEBIBYTE));
  }

  #harmed(bytes: number): void {
    this.#unharmed = 0;
    // A bigger one was cut before the size came down: that is old news.
    if (!this.#config.adaptChunkSize || bytes > this.#chunkSize) return;
    this.#harmful = this.#chunkSize;
    this.#resize(this.#chunkSize / 2);
  }

  #resize(bytes: number): void {
    const { minChunkSize } = this.#config;
    const whole = Math.max(MEBIBYTE, Math.floor(bytes / MEBIBYTE) * MEBIBYTE);
    this.#chunkSize = Math.min(Math.max(whole, minChunkSize), this.#maxChunkSize);
  }

  #narrow(began: number, now: number): void {
    // What began before the last narrowing was sent at the old width.
    if (began < this.#narrowedAt) return;
    this.#narrowedAt = now;
    this.#width = Math.max(1, Math.floor(this.#width / 2));
    this.#doubling = false;
    this.#settle();
  }

  #count(bytes: number, began: number, now: number): void {
    // The first epoch of all begins with its first chunk, the others when a chunk ends: what ended before does not count.
    const isFirst = this.#rate === 0 && this.#before === null;
    this.#epoch ??= isFirst
      ? { since: began, bytes: 0, chunks: 0 }
      : { since: now, bytes: -bytes, chunks: -1 };
    this.#epoch.bytes += bytes;
    this.#epoch.chunks += 1;
    const { since, bytes: moved, chunks } = this.#epoch;
    // At first nothing is known that a mistake could spoil: one round is enough to go on.
    const rounds = this.#doubling ? 1 : 2;
    if (chunks < this.#width * rounds || now - since < SHORTEST_EPOCH * (rounds - 0.5)) return;
    this.#epoch = { since: now, bytes: 0, chunks: 0 };
    this.#judge(moved / (now - since));
  }

  #judge(rate: number): void {
    if (this.#before === null) this.#atRest(rate);
    else if (rate > this.#rate * CLEARLY) this.#widen(rate);
    else this.#stepBack();
  }

  #atRest(rate: number): void {
    this.#rate = rate;
    this.#rest -= 1;
    if (this.#rest <= 0) this.#widen(rate);
  }

  #widen(rate: number): void {
    this.#rate = rate;
    const wider = Math.min(this.#maxWidth, this.#doubling ? this.#width * 2 : this.#width + 1);
    if (wider === this.#width) {
      this.#settle();
    } else {
      this.#before = this.#width;
      this.#width = wider;
      this.#epoch = null;
    }
  }

  #stepBack(): void {
    this.#width = this.#before ?? this.#width;
    this.#doubling = false;
    this.#settle();
  }

  #settle(): void {
    this.#before = null;
    this.#rest = REST;
    this.#epoch = null;
  }
}
