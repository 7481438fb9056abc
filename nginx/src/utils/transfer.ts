// Moves the bytes of one opened upload: what the server says is missing, cut into chunks, several at once.

import { assertReadable, contentDigest } from "../adapters/digest";
import type { DropprApi } from "../adapters/droppr-api";
import { ChunkQueue, chunkIndex } from "../core/chunks";
import { UploadError } from "../core/errors";
import type { Meter } from "../core/meter";
import { type ChunkLimits, nextChunkSize } from "../core/network";
import { ByteRanges, lengthOf, type Span } from "../core/ranges";
import type { ChunkReceipt, UploadState } from "../core/wire";
import type { Clock } from "../ports";
import { childController, runPool } from "./pool";
import type { Retrier } from "./retrier";

export interface TransferConfig {
  readonly file: File;
  readonly api: DropprApi;
  readonly retrier: Retrier;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly signal: AbortSignal;
  readonly maxRetries: number;
  readonly width: number;
  readonly chunkSize: number;
  /** Set where the chunk size follows the measured speed. */
  readonly adapt: ChunkLimits | null;
  readonly onProgress: () => void;
  readonly onAccepted: (chunk: Span, receipt: ChunkReceipt) => void;
}

export class Transfer {
  received: ByteRanges;
  chunkSize: number;
  readonly failing = new Set<Span>();
  readonly #inFlight = new Map<Span, number>();
  readonly #config: TransferConfig;
  readonly #uploadId: string;
  readonly #headLeft = new Latch();
  #state: UploadState;
  #complete: boolean;

  constructor(config: TransferConfig, state: UploadState) {
    this.#config = config;
    this.#uploadId = state.uploadId;
    this.#state = state;
    this.#complete = state.complete;
    this.chunkSize = config.chunkSize;
    this.received = receivedOf(state, config.file.size);
  }

  get active(): number {
    return this.#inFlight.size;
  }

  /** Bytes acknowledged plus bytes on their way. */
  get loaded(): number {
    const sent = [...this.#inFlight.values()].reduce((sum, bytes) => sum + bytes, 0);
    return Math.min(this.#config.file.size, this.received.bytes + sent);
  }

  /** Resolves once the server says the file stands complete. */
  async run(): Promise<void> {
    for (let idle = 0; !this.#complete; ) {
      const before = this.received.bytes;
      const setback = await this.#pass();
      if (this.#complete) return;
      idle = this.received.bytes > before ? 0 : idle + 1;
      if (idle > this.#config.maxRetries) throw setback ?? stalled();
      if (idle > 0) await this.#config.retrier.pause(idle - 1, setback ?? stalled(), this.#config.signal);
      await this.#askStatus();
    }
  }

  /** Sends everything known to be missing. Returns the refusal when the server expected another byte. */
  async #pass(): Promise<UploadError | null> {
    const { width, signal } = this.#config;
    const queue = new ChunkQueue(this.#state.missing);
    const { controller, release } = childController(signal);
    const next = (): (() => Promise<void>) | null => {
      const chunk = this.#complete ? null : queue.take(this.chunkSize);
      return chunk === null ? null : () => this.#send(chunk, controller.signal);
    };
    try {
      await runPool(width, next, controller);
      return null;
    } catch (error) {
      if (error instanceof UploadError && error.code === "offset_mismatch") return error;
      throw error;
    } finally {
      release();
    }
  }

  async #send(chunk: Span, signal: AbortSignal): Promise<void> {
    this.#inFlight.set(chunk, 0);
    try {
      await this.#config.retrier.run((last) => this.#attempt(chunk, last, signal), signal);
    } finally {
      this.#inFlight.delete(chunk);
      this.#config.onProgress();
    }
  }

  async #attempt(chunk: Span, last: UploadError | null, signal: AbortSignal): Promise<void> {
    const { file, api, clock } = this.#config;
    const body = file.slice(chunk.start, chunk.stop);
    try {
      if (last?.code === "network_error" && (await this.#arrived(chunk, body, signal))) return;
      const digest = await contentDigest(body);
      await this.#afterHead(chunk);
      const began = clock.now();
      const receipt = await api.sendChunk({
        uploadId: this.#uploadId,
        span: chunk,
        total: file.size,
        index: chunkIndex(chunk, this.#config.chunkSize),
        body,
        digest,
        signal,
        onSent: (bytes) => this.#sent(chunk, bytes),
      });
      this.#accept(chunk, receipt);
      this.#adapt(chunk, (clock.now() - began) / 1_000);
    } catch (error) {
      this.#headLeft.open();
      if (!signal.aborted) this.failing.add(chunk);
      this.#inFlight.set(chunk, 0);
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
  async #arrived(chunk: Span, body: Blob, signal: AbortSignal): Promise<boolean> {
    await assertReadable(body);
    const state = await this.#config.api.status(this.#uploadId, signal);
    const received = receivedOf(state, this.#config.file.size);
    if (!state.complete && !received.covers(chunk)) return false;
    this.#accept(chunk, { complete: state.complete, receivedBytes: received.bytes });
    return true;
  }

  #sent(chunk: Span, bytes: number): void {
    const { meter, clock, onProgress } = this.#config;
    const now = Math.min(bytes, lengthOf(chunk));
    meter.add(Math.max(0, now - (this.#inFlight.get(chunk) ?? 0)), clock.now());
    this.#inFlight.set(chunk, now);
    onProgress();
  }

  #accept(chunk: Span, receipt: ChunkReceipt): void {
    this.#inFlight.delete(chunk);
    this.failing.delete(chunk);
    this.received = this.received.add(chunk);
    this.#complete ||= receipt.complete;
    this.#config.retrier.moved();
    this.#config.onAccepted(chunk, receipt);
  }

  #adapt(chunk: Span, seconds: number): void {
    const { adapt } = this.#config;
    // The head of a gap may be a sliver of a chunk: it says nothing about speed.
    if (adapt === null || lengthOf(chunk) < this.chunkSize / 2) return;
    this.chunkSize = nextChunkSize(this.chunkSize, lengthOf(chunk), seconds, adapt);
  }

  async #askStatus(): Promise<void> {
    const { api, retrier, signal, file } = this.#config;
    this.#state = await retrier.run(() => api.status(this.#uploadId, signal), signal);
    this.#complete = this.#state.complete;
    this.received = receivedOf(this.#state, file.size);
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
