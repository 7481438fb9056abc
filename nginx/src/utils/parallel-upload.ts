// One file to one link: opens or resumes the upload, moves its chunks, settles once. The server's missing ranges are
// the truth; what is stored in the browser only remembers where to ask.

import { defaultTransport } from "../adapters/default-transport";
import { contentDigest, sampleDigest } from "../adapters/digest";
import { DropprApi, type HttpHeaders, type NewUpload } from "../adapters/droppr-api";
import { LocalSessions } from "../adapters/local-sessions";
import { systemClock } from "../adapters/system-clock";
import { bearable, chunkCount } from "../core/chunks";
import { abortedError, differentFileError, UploadError } from "../core/errors";
import { newUploadKey } from "../core/keys";
import { Meter } from "../core/meter";
import { ByteRanges, type Span } from "../core/ranges";
import type { Delivery, UploadState } from "../core/wire";
import type { Clock } from "../ports";
import { unopened, wantedBy } from "./ahead";
import { Bookmark } from "./bookmark";
import type { ConnectionPool } from "./connection-pool";
import { Pausable } from "./pausable";
import { isGone, isOf } from "./previous-uploads";
import { Retrier } from "./retrier";
import { type Means, type Movement, Transfer } from "./transfer";
import {
  type ChunkMap,
  chunkMapOf,
  DEFAULT_CHUNK_SIZE,
  type ParallelUploaderConfig,
  type PreviousUpload,
  poolFor,
  statsOf,
  type UploadResult,
  type UploadStats,
  wholeHash,
} from "./uploader-config";
import { WholeFile } from "./whole-file";

export { getOptimalParallelChunks } from "./uploader-config";
export type { ChunkMap, ParallelUploaderConfig, PreviousUpload, UploadResult, UploadStats };

/** What uploaders of this page are sending at the moment. */
const underWay = new Set<string>();

export class ParallelUploader {
  readonly #config: ParallelUploaderConfig;
  readonly #clock: Clock;
  readonly #bookmark: Bookmark;
  readonly #pool: ConnectionPool;
  readonly #api: DropprApi;
  readonly #retrier: Retrier;
  readonly #meter = new Meter();
  readonly #stop = new AbortController();
  readonly #pausable = new Pausable();
  #uploadKey: string;
  #transfer: Movement | null = null;
  #whole: WholeFile | null = null;
  #leaving = false;
  #previous: PreviousUpload | null = null;
  #uploadId: string | null = null;
  #sample: string | null = null;
  #delivered: Delivery | null = null;
  #started: Promise<UploadResult> | null = null;

  constructor(config: ParallelUploaderConfig) {
    this.#config = config;
    this.#clock = config.clock ?? systemClock;
    const transport = config.transport ?? defaultTransport();
    this.#pool = config.pool ?? poolFor(config, this.#clock, transport);
    const { connectivity = null, onShouldRetry } = config;
    this.#retrier = new Retrier(this.#clock, this.#maxRetries, connectivity, onShouldRetry);
    this.#api = new DropprApi({
      transport: this.#pool.through(transport, config.small),
      clock: this.#clock,
      chunkUrl: config.uploadUrl,
      headers: config.headers ?? {},
    });
    this.#uploadKey = config.key ?? newUploadKey();
    const { file, uploadUrl, item = "", sessions = new LocalSessions(this.#clock) } = config;
    this.#bookmark = new Bookmark(sessions, this.#clock, { file, path: this.#path, uploadUrl, item });
  }

  /** Capability of the upload once it was opened or resumed, else null. */
  get uploadId(): string | null {
    return this.#uploadId;
  }

  /** Whether the server may have the file though its upload id is not known here. */
  get uncertain(): boolean {
    return this.#uploadId === null && this.#whole !== null && this.#whole.uncertain;
  }

  /** Connections that it keeps busy. */
  get lanes(): number {
    const { size } = this.#config.file;
    return this.#transfer?.lanes ?? Math.min(chunkCount(size, this.#chunkSize), this.#pool.pace.width);
  }

  /** Bytes the server has acknowledged. */
  get safe(): number {
    return this.#transfer?.safe ?? 0;
  }

  get paused(): boolean {
    return this.#pausable.paused;
  }

  /** Resolves once the file stands complete on the server, rejects with an `UploadError` otherwise (`aborted` after `abort()`).
   * Settles once; further calls return the same promise. */
  start(): Promise<UploadResult> {
    this.#started ??= this.#settle();
    return this.#started;
  }

  /** Stops every request at once until `resume()`. What the server has is kept; `start()` does not settle meanwhile. */
  pause(): void {
    this.#pausable.pause();
  }

  resume(): void {
    this.#pausable.resume();
  }

  /** Stops every request at once. What the server has is kept: the same file continues later. */
  abort(): void {
    this.#stop.abort();
  }

  /** Like `abort()`; but what becomes of a whole file in the air is waited for, since only its answer tells what is to be deleted. */
  leave(): void {
    this.#leaving = true;
    if (!this.#whole?.inAir) this.abort();
  }

  /**
   * Aborts and asks the server to forget what it has, again while nothing gets through. Rejects where the server could not be told:
   * the same file then continues later, or the nightly purge deletes what is there.
   */
  async cancel(): Promise<void> {
    this.abort();
    await this.#started?.catch(() => undefined);
    const uploadId = this.#uploadId;
    if (uploadId !== null) await this.#retrier.run(() => this.#api.cancel(uploadId));
    this.clearSession();
  }

  /** Bytes per second for all that shares this line; null or 0 lifts the limit. */
  setSpeedLimit(bytesPerSecond: number | null): void {
    this.#pool.speedLimit.set(bytesPerSecond);
  }

  /** Unfinished uploads of a file of this name and size to this link that the server still has, newest first. */
  async findPreviousUploads(): Promise<PreviousUpload[]> {
    const { stillThere } = await import("./still-there");
    return stillThere(this.#bookmark.alike(), this.#api, this.#stop.signal);
  }

  /** Makes `start()` go on with that upload. It rejects with `different_file` when the file has other bytes. */
  resumeFromPreviousUpload(previous: PreviousUpload): void {
    this.#previous = previous;
  }

  getStats(): UploadStats {
    const { size } = this.#config.file;
    return statsOf(
      size,
      this.#transfer,
      this.#chunkSize,
      this.#meter,
      this.#clock.now(),
      this.#retrier.stuck,
    );
  }

  /** Which bytes are safe, on their way and missing, right now. */
  getChunkMap(): ChunkMap {
    const { size } = this.#config.file;
    return chunkMapOf(size, this.#transfer?.received ?? ByteRanges.none, this.#transfer?.inFlight ?? []);
  }

  /** Forgets where this file's upload can be resumed. */
  clearSession(): void {
    this.#bookmark.clear();
  }

  get #path(): string {
    return this.#config.relPath || this.#config.file.name;
  }

  get #maxRetries(): number {
    return this.#config.maxRetries ?? 5;
  }

  get #chunkSize(): number {
    const wanted = Math.min(this.#pool.pace.chunkSize, this.#config.chunkSize ?? DEFAULT_CHUNK_SIZE);
    return bearable(wanted, this.#config.file.size);
  }

  async #settle(): Promise<UploadResult> {
    const { signal } = this.#config;
    const abort = (): void => this.abort();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const hash = wholeHash(this.#config, this.#stop.signal);
    try {
      await this.#pausable.run(
        (going) => this.#run(going),
        this.#stop.signal,
        () => this.#pool.interrupted(),
      );
    } catch (error) {
      throw this.#failure(error);
    } finally {
      signal?.removeEventListener("abort", abort);
      underWay.delete(this.#uploadId ?? "");
    }
    this.clearSession();
    const result = await this.#result(hash);
    this.#config.onComplete?.();
    return result;
  }

  async #result(hash: Promise<string | null>): Promise<UploadResult> {
    const { size, name } = this.#config.file;
    return {
      uploadId: this.#uploadId ?? "",
      path: this.#path,
      name: this.#delivered?.name ?? this.#path.split("/").at(-1) ?? name,
      size,
      removableUntil: this.#delivered?.removableUntil ?? null,
      sha256: await hash,
    };
  }

  #failure(error: unknown): unknown {
    if (this.#stop.signal.aborted) return abortedError();
    this.#stop.abort();
    if (!(error instanceof UploadError)) return error;
    // A refusal for good would meet the same upload again; what others refuse on the way says nothing about it.
    const { status, code } = error;
    if (!error.retryable && status >= 400 && status < 500 && !code.startsWith("http_")) this.clearSession();
    this.#config.onError?.(error);
    return error;
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (await this.#sentWhole(signal)) return;
    this.#sample ??= await sampleDigest(this.#config.file, this.#config.hasher, signal);
    const resumed = await this.#resume(signal);
    try {
      const begun = resumed ?? unopened(this.#config, this.#pool.pace);
      await this.#move(begun ?? (await this.#open(signal)), signal);
    } catch (error) {
      if (resumed === null || !isGone(error)) throw error;
      this.#forget();
      await this.#move(await this.#open(signal), signal);
    }
  }

  /** False where there is something to go on with, or the upload has to be opened first. */
  async #sentWhole(signal: AbortSignal): Promise<boolean> {
    const { whole, file } = this.#config;
    const begun = this.#whole ?? this.#uploadId ?? this.#previous ?? this.#bookmark.load();
    if (!whole || begun !== null) return false;
    const openingHeaders = (): Promise<HttpHeaders> => this.#openingHeaders(signal);
    const sending = new WholeFile({ ...this.#means(signal), opening: this.#opening, openingHeaders });
    [this.#whole, this.#transfer] = [sending, sending];
    const receipt = await this.#retrier.run(() => sending.send(), signal);
    this.#uploadId = receipt?.uploadId ?? null;
    if (receipt?.complete) {
      this.#delivered = { name: null, removableUntil: null, ...receipt };
      this.#accepted({ start: 0, stop: file.size });
      return true;
    }
    if (!this.#leaving) return false;
    this.abort();
    throw abortedError();
  }

  /** The upload is gone from the server; a new one must not be taken for it. */
  #forget(): void {
    this.clearSession();
    this.#uploadId = null;
    this.#previous = null;
    this.#uploadKey = newUploadKey();
  }

  async #resume(signal: AbortSignal): Promise<UploadState | null> {
    const chosen = this.#previous;
    const saved = this.#bookmark.load();
    // What another uploader is at is that one's: files may share name and size.
    const begun = chosen ?? (saved !== null && underWay.has(saved.uploadId) ? null : saved);
    const uploadId = this.#uploadId ?? begun?.uploadId;
    if (uploadId === undefined) return null;
    try {
      const state = await this.#retrier.run(() => this.#api.status(uploadId, signal), signal);
      if (this.#uploadId !== null || isOf(this.#config.file, this.#sample, state, begun)) return state;
      // This file may need the room that it holds.
      const goes = chosen === null && !state.complete;
      if (goes) await this.#retrier.run(() => this.#api.cancel(uploadId, signal), signal);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#forget();
      return null;
    }
    if (chosen !== null) throw differentFileError();
    this.#config.onDifferentFile?.({ ...begun, uploadId });
    return null;
  }

  /**
   * Opens by itself, also where the first chunk could open and carry the whole file in one request. A lost answer leaves no
   * twin: the upload key makes the next attempt meet the same upload.
   */
  #open(signal: AbortSignal): Promise<UploadState> {
    return this.#retrier.run(async () => {
      const extra = await this.#openingHeaders(signal);
      const state = await this.#api.open(this.#opening, extra, signal);
      this.#heed(state);
      this.#save();
      this.#progress();
      return state;
    }, signal);
  }

  async #openingHeaders(signal: AbortSignal): Promise<HttpHeaders> {
    return (await this.#config.openingHeaders?.(signal)) ?? {};
  }

  get #opening(): NewUpload {
    const { file, senderName = "", senderEmail = "", sha256 = "", item = "" } = this.#config;
    const { size, lastModified } = file;
    const [path, key, sample] = [this.#path, this.#uploadKey, this.#sample ?? ""];
    return { path, size, lastModified, key, senderName, senderEmail, sha256, sample, item };
  }

  #means(signal: AbortSignal): Means {
    const { file, hasher, chunkDigests = "auto" } = this.#config;
    return {
      file,
      api: this.#api,
      retrier: this.#retrier,
      clock: this.#clock,
      meter: this.#meter,
      pool: this.#pool,
      signal,
      digest: async (chunk) => (chunkDigests === "auto" ? contentDigest(chunk, hasher, signal) : null),
      onProgress: () => this.#progress(),
    };
  }

  async #move(state: UploadState, signal: AbortSignal): Promise<void> {
    const { chunkSize, crowded = () => false } = this.#config;
    const [width, wanted] = this.#heed(state);
    const transfer = new Transfer(
      {
        ...this.#means(signal),
        maxRetries: this.#maxRetries,
        width,
        chunkSize: Math.min(chunkSize ?? Number.POSITIVE_INFINITY, wanted),
        crowded,
        key: this.#uploadKey,
        open: () => this.#open(signal),
        onAccepted: (chunk) => this.#accepted(chunk),
        onDelivered: (delivered) => {
          this.#delivered = delivered;
        },
      },
      state,
    );
    this.#transfer = transfer;
    this.#save();
    this.#progress();
    await transfer.run();
  }

  /** How many chunks at once, and of how many bytes at most, the server wants. */
  #heed(state: UploadState): [number, number] {
    const { uploadId } = state;
    if (uploadId !== "") {
      this.#uploadId = uploadId;
      underWay.add(uploadId);
    }
    return wantedBy(state, this.#config.file.size, this.#pool.pace);
  }

  #progress(): void {
    this.#config.onProgress?.(this.#transfer?.loaded ?? 0, this.#config.file.size);
  }

  #accepted(chunk: Span): void {
    this.#config.onChunkComplete?.(chunk.start, chunk.stop);
    if (this.#bookmark.due) this.#save();
  }

  #save(): void {
    if (this.#uploadId === null || this.#transfer === null) return;
    const { received } = this.#transfer;
    const [uploadId, chunkSize, sample] = [this.#uploadId, this.#chunkSize, this.#sample];
    this.#bookmark.save({ uploadId, received, chunkSize, sample });
  }
}
