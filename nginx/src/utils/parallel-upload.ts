// One file to one link: opens or resumes the upload, moves its chunks, settles once. The server's missing ranges are
// the truth; what is stored in the browser only remembers where to ask.

import { DropprApi, type HttpHeaders, type NewUpload } from "../adapters/droppr-api";
import { LocalSessions, sessionKey } from "../adapters/local-sessions";
import { systemClock } from "../adapters/system-clock";
import { XhrTransport } from "../adapters/xhr-transport";
import { chunkCount, completedChunks } from "../core/chunks";
import { abortedError, UploadError } from "../core/errors";
import { Meter } from "../core/meter";
import { type ChunkLimits, type ConnectionHint, firstChunkSize, parallelChunksFor } from "../core/network";
import { ByteRanges, type Span } from "../core/ranges";
import type { UploadState } from "../core/wire";
import type { Clock, SessionStore, Transport } from "../ports";
import { Retrier } from "./retrier";
import { Transfer } from "./transfer";

const MEBIBYTE = 1024 * 1024;
const SAVE_EVERY_MS = 1_000;

export interface ParallelUploaderConfig {
  readonly file: File;
  /** `/api/droppr/requests/{hash}/upload-chunk` */
  readonly uploadUrl: string;
  /** Bytes; 8 MiB unless given, and never more than the server wants. */
  readonly chunkSize?: number;
  /** At once; `getOptimalParallelChunks()` unless given, and never more than the server wants. */
  readonly maxParallelChunks?: number;
  /** Retries in a row without progress before giving up; 5 unless given. */
  readonly maxRetries?: number;
  /** Sent with every request; `X-Request-Password` (as typed) and `X-Captcha-Token` only when opening. */
  readonly headers?: HttpHeaders;
  /** Path below the link's folder, with `/`; the file's name unless given. */
  readonly relPath?: string;
  /** Lets the chunk size follow the speed, between `minChunkSize` (1 MiB) and `maxChunkSize` (64 MiB). */
  readonly adaptiveChunkSizing?: boolean;
  readonly minChunkSize?: number;
  readonly maxChunkSize?: number;
  /** Bytes sent, some of which may still be lost, and the file's size. */
  readonly onProgress?: (loaded: number, total: number) => void;
  readonly onComplete?: () => void;
  /** Called once, for every failure but `abort()`. */
  readonly onError?: (error: UploadError) => void;

  /** The server has accepted `[start, stop)`. */
  readonly onChunkComplete?: (start: number, stop: number) => void;
  /** Headers made anew for each attempt to open, such as a captcha token that counts once. */
  readonly openingHeaders?: (signal: AbortSignal) => Promise<HttpHeaders>;
  readonly senderName?: string;
  readonly senderEmail?: string;
  /** Aborts like `abort()`. */
  readonly signal?: AbortSignal;
  readonly transport?: Transport;
  readonly sessions?: SessionStore;
  readonly clock?: Clock;
}

export interface UploadStats {
  /** Bytes per second. */
  readonly speed: number;
  /** Seconds; Infinity while nothing moves. */
  readonly eta: number;
  readonly activeUploads: number;
  readonly completedChunks: number;
  readonly totalChunks: number;
  /** Chunks whose last attempt failed and which wait to be sent again. */
  readonly failedChunks: number;
  /** Nothing gets through: all that was asked of the server has failed and is being tried again. */
  readonly stuck: boolean;
}

export class ParallelUploader {
  readonly #config: ParallelUploaderConfig;
  readonly #clock: Clock;
  readonly #sessions: SessionStore;
  readonly #api: DropprApi;
  readonly #retrier: Retrier;
  readonly #meter = new Meter();
  readonly #stop = new AbortController();
  readonly #key: string;
  #chunkSize: number;
  #transfer: Transfer | null = null;
  #uploadId: string | null = null;
  #savedAt = 0;
  #started: Promise<void> | null = null;

  constructor(config: ParallelUploaderConfig) {
    this.#config = config;
    this.#clock = config.clock ?? systemClock;
    this.#sessions = config.sessions ?? new LocalSessions(this.#clock);
    this.#chunkSize = config.chunkSize ?? 8 * MEBIBYTE;
    this.#retrier = new Retrier(this.#clock, this.#maxRetries);
    this.#api = new DropprApi({
      transport: config.transport ?? new XhrTransport(),
      clock: this.#clock,
      chunkUrl: config.uploadUrl,
      headers: config.headers ?? {},
    });
    const { name, size } = config.file;
    this.#key = sessionKey({ name, size, link: config.uploadUrl, path: this.#path });
  }

  /**
   * Resolves once the file stands complete on the server, rejects with an `UploadError` otherwise (`aborted` after
   * `abort()`). Settles once; further calls return the same promise.
   */
  start(): Promise<void> {
    this.#started ??= this.#settle();
    return this.#started;
  }

  /** Stops every request at once. What the server has is kept: the same file continues later. */
  abort(): void {
    this.#stop.abort();
  }

  /** Aborts and asks the server to forget what it has. Resolves in any case; the nightly purge catches the rest. */
  async cancel(): Promise<void> {
    this.abort();
    await this.#started?.catch(() => undefined);
    const uploadId = this.#uploadId;
    this.clearSession();
    if (uploadId === null) return;
    await this.#api.cancel(uploadId, new AbortController().signal).catch(() => undefined);
  }

  getStats(): UploadStats {
    const { size } = this.#config.file;
    const transfer = this.#transfer;
    const received = transfer?.received ?? ByteRanges.none;
    const now = this.#clock.now();
    return {
      speed: this.#meter.speed(now),
      eta: this.#meter.eta(size - (transfer?.loaded ?? 0), now),
      activeUploads: transfer?.active ?? 0,
      completedChunks: completedChunks(received, size, this.#chunkSize).length,
      totalChunks: chunkCount(size, this.#chunkSize),
      failedChunks: transfer?.failing.size ?? 0,
      stuck: this.#retrier.stuck,
    };
  }

  /** Forgets where this file's upload can be resumed. */
  clearSession(): void {
    this.#sessions.remove(this.#key);
  }

  get #path(): string {
    return this.#config.relPath || this.#config.file.name;
  }

  get #maxRetries(): number {
    return this.#config.maxRetries ?? 5;
  }

  async #settle(): Promise<void> {
    const { signal } = this.#config;
    const abort = (): void => this.abort();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    try {
      await this.#run();
    } catch (error) {
      throw this.#failure(error);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    this.clearSession();
    this.#config.onComplete?.();
  }

  #failure(error: unknown): unknown {
    if (this.#stop.signal.aborted) return abortedError();
    if (!(error instanceof UploadError)) return error;
    // A refusal for good would meet the same upload again.
    if (!error.retryable && error.status >= 400 && error.status < 500) this.clearSession();
    this.#config.onError?.(error);
    return error;
  }

  async #run(): Promise<void> {
    if (this.#stop.signal.aborted) throw abortedError();
    const resumed = await this.#resume();
    try {
      await this.#move(resumed ?? (await this.#open()));
    } catch (error) {
      if (resumed === null || !isGone(error)) throw error;
      this.clearSession();
      await this.#move(await this.#open());
    }
  }

  async #resume(): Promise<UploadState | null> {
    const saved = this.#sessions.load(this.#key);
    // The same name and size with another date is another file.
    if (saved === null || saved.lastModified !== this.#config.file.lastModified) return null;
    const { signal } = this.#stop;
    try {
      return await this.#retrier.run(() => this.#api.status(saved.uploadId, signal), signal);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.clearSession();
      return null;
    }
  }

  /**
   * Opens by itself, also where the first chunk could open and carry the whole file in one request: when the reply to
   * such a request is lost, nobody can tell whether the file stands, and sending it again would make a second one. An
   * opening whose reply is lost leaves an upload without bytes, which the purge takes. Only an empty file is complete
   * as soon as it is opened: there a lost reply may leave an empty `name (1)`, which is better than no file.
   */
  #open(): Promise<UploadState> {
    const { signal } = this.#stop;
    return this.#retrier.run(async () => {
      const extra = (await this.#config.openingHeaders?.(signal)) ?? {};
      return this.#api.open(this.#newUpload(), extra, signal);
    }, signal);
  }

  #newUpload(): NewUpload {
    const { file, senderName, senderEmail } = this.#config;
    return {
      path: this.#path,
      size: file.size,
      lastModified: file.lastModified,
      ...(senderName ? { senderName } : {}),
      ...(senderEmail ? { senderEmail } : {}),
    };
  }

  async #move(state: UploadState): Promise<void> {
    const adapt = this.#adaptLimits(state);
    const wanted = Math.min(this.#config.chunkSize ?? 8 * MEBIBYTE, state.chunkSize);
    this.#uploadId = state.uploadId;
    this.#chunkSize = adapt === null ? wanted : firstChunkSize(connectionHint(), wanted, adapt);
    this.#transfer = new Transfer(
      {
        file: this.#config.file,
        api: this.#api,
        retrier: this.#retrier,
        clock: this.#clock,
        meter: this.#meter,
        signal: this.#stop.signal,
        maxRetries: this.#maxRetries,
        width: this.#width(state),
        chunkSize: this.#chunkSize,
        adapt,
        onProgress: () => this.#progress(),
        onAccepted: (chunk) => this.#accepted(chunk),
      },
      state,
    );
    this.#save();
    this.#progress();
    await this.#transfer.run();
  }

  #width(state: UploadState): number {
    return Math.min(this.#config.maxParallelChunks ?? getOptimalParallelChunks(), state.maxParallelChunks);
  }

  #adaptLimits({ chunkSize }: UploadState): ChunkLimits | null {
    const { adaptiveChunkSizing, minChunkSize = MEBIBYTE, maxChunkSize = 64 * MEBIBYTE } = this.#config;
    if (!adaptiveChunkSizing) return null;
    return { min: Math.min(minChunkSize, chunkSize), max: Math.min(maxChunkSize, chunkSize) };
  }

  #progress(): void {
    this.#config.onProgress?.(this.#transfer?.loaded ?? 0, this.#config.file.size);
  }

  #accepted(chunk: Span): void {
    this.#config.onChunkComplete?.(chunk.start, chunk.stop);
    if (this.#clock.now() - this.#savedAt >= SAVE_EVERY_MS) this.#save();
  }

  #save(): void {
    if (this.#uploadId === null || this.#transfer === null) return;
    const { file, uploadUrl } = this.#config;
    this.#savedAt = this.#clock.now();
    this.#sessions.save(this.#key, {
      uploadId: this.#uploadId,
      completedChunks: completedChunks(this.#transfer.received, file.size, this.#chunkSize),
      timestamp: this.#savedAt,
      link: uploadUrl,
      name: file.name,
      path: this.#path,
      size: file.size,
      lastModified: file.lastModified,
    });
  }
}

/** How many chunks to send at once, from what the browser knows of the line: 6 on 4g, 3 on 3g, 1 on 2g, else 4. */
export function getOptimalParallelChunks(): number {
  return parallelChunksFor(connectionHint());
}

function connectionHint(): ConnectionHint | undefined {
  const { navigator } = globalThis as { navigator?: { connection?: ConnectionHint } };
  return navigator?.connection;
}

function isGone(error: unknown): boolean {
  return error instanceof UploadError && ["upload_not_found", "upload_expired"].includes(error.code);
}
