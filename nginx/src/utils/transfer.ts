// Moves the bytes of one opened upload: what the server says is missing, cut into chunks, several at once.

import { assertReadable } from "../adapters/digest";
import type { DropprApi } from "../adapters/droppr-api";
import { ChunkQueue, chunkIndex } from "../core/chunks";
import { sizeAfter, UploadError } from "../core/errors";
import type { Meter } from "../core/meter";
import { GRID_BYTES } from "../core/pace";
import { ByteRanges, lengthOf, type Span } from "../core/ranges";
import type { ChunkReceipt, Delivery, UploadState } from "../core/wire";
import type { Clock, FileLike } from "../ports";
import type { ConnectionPool } from "./connection-pool";
import type { Parts } from "./parts";
import type { Retrier } from "./retrier";
import { childController, TaskPool } from "./task-pool";

/** What moves the bytes of a file, whichever way they go. */
export interface Means {
  readonly file: FileLike;
  readonly api: DropprApi;
  readonly retrier: Retrier;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly pool: ConnectionPool;
  readonly signal: AbortSignal;
  /** The `Content-Digest` of a chunk, or null where it goes without one. */
  readonly digest: (chunk: Blob) => Promise<string | null>;
  readonly onProgress: () => void;
}

export interface TransferConfig extends Means {
  readonly maxRetries: number;
  /** Chunks of this file at once, at most; 1 means in order. */
  readonly width: number;
  /** Bytes of a chunk, at most. */
  readonly chunkSize: number;
  /** Whether other files fill the line, so that the end of this one need not be shared out. */
  readonly crowded: () => boolean;
  /** Opens the upload, where that was not done before: its first chunks go at the same time, under its key. */
  readonly open: () => Promise<UploadState>;
  readonly key: string;
  readonly onAccepted: (chunk: Span) => void;
  /** The file stands. */
  readonly onDelivered: (delivery: Delivery) => void;
}

/** Of a chunk that did not get through, the piece to try next; `tooLarge` where a smaller one is the only hope. */
type Recut = (lost: Span, tooLarge?: boolean) => Span;

/** A chunk on its way, and how many of its bytes have left. */
export interface ChunkInFlight extends Span {
  readonly sent: number;
}

/** How far a file is. */
export interface Movement {
  readonly received: ByteRanges;
  /** Bytes the server has acknowledged. */
  readonly safe: number;
  /** Bytes acknowledged plus bytes on their way. */
  readonly loaded: number;
  /** Chunks on their way. */
  readonly active: number;
  readonly failing: ReadonlySet<Span>;
  readonly inFlight: readonly ChunkInFlight[];
  /** Connections that it keeps busy. */
  readonly lanes: number;
}

export class Transfer implements Movement {
  received: ByteRanges;
  safe: number;
  readonly failing = new Set<Span>();
  readonly #inFlight = new Map<Span, number>();
  #sent = 0;
  readonly #config: TransferConfig;
  /** Empty while it is not known. */
  #uploadId: string;
  readonly #opened = new Latch();
  readonly #headLeft = new Latch();
  #state: UploadState;
  #complete: boolean;
  #parts: Parts | null = null;
  /** Bytes that are not on their way yet. */
  #left: () => number;

  constructor(config: TransferConfig, state: UploadState) {
    this.#config = config;
    this.#uploadId = state.uploadId;
    this.#state = state;
    this.#complete = state.complete;
    this.received = receivedOf(state, config.file.size);
    this.safe = this.received.bytes;
    this.#left = () => this.#config.file.size - this.safe;
  }

  get active(): number {
    return this.#inFlight.size;
  }

  get lanes(): number {
    const { width, pool } = this.#config;
    const chunks = this.active + Math.ceil(this.#left() / this.#chunkSize);
    return Math.min(chunks, width, pool.pace.width);
  }

  get loaded(): number {
    return Math.min(this.#config.file.size, this.safe + this.#sent);
  }

  get inFlight(): ChunkInFlight[] {
    return [...this.#inFlight].map(([{ start, stop }, sent]) => ({ start, stop, sent }));
  }

  /** Resolves once the server says the file stands complete. */
  async run(): Promise<void> {
    if (this.#complete) this.#config.onDelivered(this.#state);
    await this.#findParts(this.#state);
    for (let idle = 0; !this.#complete; ) {
      const before = this.safe;
      const setback = await this.#pass();
      if (this.#complete) return;
      idle = this.safe > before ? 0 : idle + 1;
      if (idle > this.#config.maxRetries) throw setback ?? stalled();
      if (idle > 0) await this.#config.retrier.pause(idle - 1, setback ?? stalled(), this.#config.signal);
      await this.#askStatus();
    }
  }

  /** Sends everything known to be missing. Returns the refusal when the server expected another byte. */
  async #pass(): Promise<UploadError | null> {
    const { width, signal, retrier } = this.#config;
    let opening = this.#uploadId === "";
    const queue = new ChunkQueue(this.#state.missing.within(this.#config.file.size), width === 1);
    this.#left = () => queue.left;
    const { controller, release } = childController(signal);
    const next = (): (() => Promise<void>) | null => {
      if (opening) {
        opening = false;
        return () => this.#open();
      }
      const chunk = this.#complete ? null : this.#take(queue);
      return chunk === null ? null : () => this.#send(chunk, recut, controller.signal);
    };
    const tasks = new TaskPool(next, () => this.#room(), controller);
    const recut = (lost: Span, tooLarge = false): Span => {
      const piece = this.#recut(queue, lost, tooLarge);
      tasks.fill();
      return piece;
    };
    retrier.onRest = () => tasks.fill();
    try {
      await tasks.run();
      return null;
    } catch (error) {
      if (error instanceof UploadError && error.code === "offset_mismatch") return error;
      throw error;
    } finally {
      retrier.onRest = () => undefined;
      release();
    }
  }

  async #open(): Promise<void> {
    try {
      const state = await this.#config.open();
      this.#uploadId = state.uploadId;
      this.#noteComplete(state);
      await this.#findParts(state);
    } finally {
      this.#opened.open();
    }
  }

  async #findParts({ direct, uploadId }: UploadState): Promise<void> {
    // With a limit on the speed bytes go evenly, in pieces that are small enough.
    if (!direct || this.#config.pool.speedLimit.bytesPerSecond !== null) return;
    // Where the code cannot be loaded, chunks do.
    const code = await import("./parts").catch(() => null);
    this.#parts = code?.partsOf(direct, { ...this.#config, uploadId }) ?? null;
  }

  get #chunkSize(): number {
    return Math.min(this.#config.pool.chunkSize, this.#config.chunkSize);
  }

  #take(queue: ChunkQueue): Span | null {
    const { file, pool, width, crowded } = this.#config;
    if (this.#parts?.isOff === false) return queue.take(this.#parts.size);
    const lanes = Math.min(width, pool.pace.width);
    const left = crowded() ? Number.POSITIVE_INFINITY : queue.left;
    const underWay = file.size - this.safe - queue.left;
    const size = pool.pace.next(left, lanes, this.#chunkSize, underWay);
    return queue.take(size, pool.pace.adaptsChunkSize ? Math.min(size, GRID_BYTES) : size);
  }

  /** Of a chunk that did not get through, as much as goes at once by now. The rest waits with what is still to be sent. */
  #recut(queue: ChunkQueue, lost: Span, tooLarge: boolean): Span {
    const { width, pool } = this.#config;
    if (!tooLarge && (width === 1 || !pool.pace.adaptsChunkSize)) return lost;
    queue.giveBack(lost);
    return this.#take(queue) ?? lost;
  }

  /** Chunks at once. One that waits to be tried again leaves its place to another, unless nothing gets through at all. */
  #room(): number {
    const { width, pool, retrier } = this.#config;
    const allowed = Math.min(width, pool.pace.width);
    if (width === 1 || retrier.stuck) return allowed;
    return allowed + Math.min(retrier.resting, allowed);
  }

  async #send(whole: Span, recut: Recut, signal: AbortSignal): Promise<void> {
    let chunk = whole;
    this.#inFlight.set(chunk, 0);
    try {
      await this.#config.retrier.run(async (last) => {
        const lost = last?.code === "network_error";
        if (lost && (await this.#arrived(chunk, signal))) return;
        if (lost) chunk = this.#replace(chunk, recut(chunk));
        for (;;) {
          const size = await this.#attempt(chunk, signal).catch((error: unknown) =>
            this.#smaller(error, chunk),
          );
          if (size === undefined) return;
          this.#config.pool.pace.limit(Number.POSITIVE_INFINITY, size);
          chunk = this.#replace(chunk, recut(chunk, true));
        }
      }, signal);
    } finally {
      this.#setSent(chunk, 0);
      this.#inFlight.delete(chunk);
      this.#config.onProgress();
    }
  }

  /** Bytes of a chunk that may get through where this one was too large; throws what went wrong otherwise. */
  #smaller(error: unknown, chunk: Span): number {
    const size = error instanceof UploadError ? sizeAfter(error, lengthOf(chunk)) : null;
    if (size === null) throw error;
    return size;
  }

  #replace(lost: Span, piece: Span): Span {
    this.#inFlight.delete(lost);
    this.#inFlight.set(piece, 0);
    if (this.failing.delete(lost)) this.failing.add(piece);
    return piece;
  }

  async #attempt(chunk: Span, signal: AbortSignal): Promise<void> {
    const { file, api, digest, pool } = this.#config;
    const body = file.slice(chunk.start, chunk.stop);
    const early = this.#uploadId === "";
    try {
      const put = await this.#parts?.send(chunk, signal, (bytes) => this.#onSent(chunk, bytes));
      if (put) return this.#accept(chunk, put);
      const contentDigest = await digest(body);
      await this.#afterHead(chunk);
      const receipt = await api.sendChunk({
        upload: this.#uploadId ? { "X-Upload-Id": this.#uploadId } : { "X-Upload-Key": this.#config.key },
        span: chunk,
        total: file.size,
        index: chunkIndex(chunk, Math.min(pool.pace.chunkSize, this.#config.chunkSize)),
        body,
        digest: contentDigest,
        signal,
        onSent: (bytes) => this.#onSent(chunk, bytes),
      });
      this.#accept(chunk, receipt);
    } catch (error) {
      this.#headLeft.open();
      if (early && error instanceof UploadError && error.code === "upload_not_opened") {
        this.#setSent(chunk, 0);
        await this.#opened.opened;
        return this.#attempt(chunk, signal);
      }
      if (!signal.aborted) this.failing.add(chunk);
      this.#setSent(chunk, 0);
      throw error;
    }
  }

  /** Hashing ends in any order, but the head of the file leaves first: by it the server judges the type. */
  async #afterHead(chunk: Span): Promise<void> {
    const headIsMissing = this.#state.missing.spans[0]?.start === 0;
    if (headIsMissing && chunk.start > 0) await this.#headLeft.opened;
    else this.#headLeft.open();
  }

  /** After a lost reply: the chunk may well have arrived, which is cheaper to ask than to send again. */
  async #arrived(chunk: Span, signal: AbortSignal): Promise<boolean> {
    await assertReadable(this.#config.file.slice(chunk.start, chunk.stop));
    if (this.#uploadId === "") await this.#opened.opened;
    const state = await this.#config.api.status(this.#uploadId, signal);
    const received = receivedOf(state, this.#config.file.size);
    if (!state.complete && !received.covers(chunk)) return false;
    this.#accept(chunk, { ...state, receivedBytes: received.bytes });
    return true;
  }

  #onSent(chunk: Span, bytes: number): void {
    const { meter, clock, onProgress } = this.#config;
    const now = Math.min(bytes, lengthOf(chunk));
    meter.add(Math.max(0, now - (this.#inFlight.get(chunk) ?? 0)), clock.now());
    this.#setSent(chunk, now);
    onProgress();
  }

  #setSent(chunk: Span, bytes: number): void {
    const before = this.#inFlight.get(chunk);
    // Accepted meanwhile: its bytes are counted as safe.
    if (before === undefined) return;
    this.#sent += bytes - before;
    this.#inFlight.set(chunk, bytes);
  }

  #accept(chunk: Span, receipt: ChunkReceipt): void {
    this.#setSent(chunk, 0);
    this.#inFlight.delete(chunk);
    this.failing.delete(chunk);
    if (!this.received.covers(chunk)) {
      this.received = this.received.add(chunk);
      this.safe = this.received.bytes;
    }
    this.#noteComplete(receipt);
    this.#config.retrier.moved();
    this.#config.onAccepted(chunk);
  }

  async #askStatus(): Promise<void> {
    const { api, retrier, signal, file } = this.#config;
    this.#state = await retrier.run(() => api.status(this.#uploadId, signal), signal);
    this.received = receivedOf(this.#state, file.size);
    this.safe = this.received.bytes;
    this.#noteComplete(this.#state);
  }

  #noteComplete({
    complete,
    name = null,
    removableUntil = null,
  }: Partial<Delivery> & { complete: boolean }): void {
    if (!complete || this.#complete) return;
    this.#complete = true;
    this.#config.onDelivered({ name, removableUntil });
  }
}

class Latch {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

function receivedOf(state: UploadState, size: number): ByteRanges {
  return state.complete ? ByteRanges.none.missing(size) : state.missing.missing(size);
}

function stalled(): UploadError {
  const sentence = "The server has every byte but does not finish the file.";
  return new UploadError(sentence, { code: "not_finishing", retryable: true });
}
