// Several files to one link: a queue in which a failing file never takes the others down. One big file goes at a time,
// its chunks in parallel; small ones go several together, to hide their round trips, and pass by a big one.

import { XhrTransport } from "../adapters/xhr-transport";
import { UploadError } from "../core/errors";
import { Meter } from "../core/meter";
import type { Clock } from "../ports";
import { Line } from "./line";
import { ParallelUploader, type ParallelUploaderConfig, type UploadStats } from "./parallel-upload";

export type ItemState = "waiting" | "sending" | "done" | "failed" | "cancelled";

export interface UploadItem {
  readonly id: number;
  readonly file: File;
  readonly path: string;
  readonly state: ItemState;
  /** Bytes sent, some of which may still be lost. */
  readonly loaded: number;
  /** Why it failed, or why it went back to waiting. */
  readonly error: UploadError | null;
}

export interface UploadTotals {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  readonly loaded: number;
  readonly size: number;
  /** Bytes per second. */
  readonly speed: number;
  /** Seconds; Infinity while nothing moves. */
  readonly eta: number;
  /** Files are being sent, and nothing of any of them gets through. */
  readonly stuck: boolean;
}

type PerFile = "file" | "relPath" | "onProgress" | "onChunkComplete" | "onComplete" | "onError" | "signal";
export type UploaderOptions = Omit<ParallelUploaderConfig, PerFile>;

export interface UploadManagerConfig {
  /** Asked whenever a file starts, so that a password typed meanwhile counts. */
  readonly options: () => UploaderOptions;
  readonly clock: Clock;
  /** Files up to this many bytes are small: they go several at a time, and beside a big one. 8 MiB unless given. */
  readonly smallSize?: number;
  /** The item changed; progress included. */
  readonly onChange?: (item: UploadItem) => void;
  /** The server wants something from the person before any file goes on. The file waits again; call `release()`. */
  readonly onHeld?: (error: UploadError) => void;
  /** The server has taken a file again, the first since the start or since something was wanted of the person. */
  readonly onTaken?: () => void;
}

/** Small files at once: as many as a browser opens connections, while all of them together are small too. */
const MOST_SMALL = 6;
/** More of them gain nothing for files that take the line longer than a round trip. */
const ALWAYS_SMALL = 2;

/** Answers about the sender, not about the file: the next file would get the same one. */
const HOLDING = new Set([
  "password_required",
  "password_invalid",
  "captcha_required",
  "captcha_unavailable",
  "too_many_attempts",
  "rate_limited",
]);
/** Answers about the link: no file will be taken any more. */
const CLOSING = new Set(["request_not_found", "request_expired", "request_closed"]);

type Mutable = { -readonly [K in keyof UploadItem]: UploadItem[K] };

export class UploadManager {
  readonly #config: UploadManagerConfig;
  readonly #items: Mutable[] = [];
  readonly #waiting: Mutable[] = [];
  readonly #sending = new Map<Mutable, ParallelUploader>();
  /** Of failed files whose upload the server may still hold. */
  readonly #halfway = new Map<Mutable, ParallelUploader>();
  readonly #meter = new Meter();
  readonly #line = new Line(() => [...this.#sending.keys()].some((item) => this.#isSmall(item)));
  /** Counts the times we had to ask: answers to files that started before belong to what was asked then. */
  #round = 0;
  #held = false;
  /** Whether the server has taken a file since we last had to ask: until then one goes ahead, so that a wrong
   * password counts as one wrong attempt and not as two. */
  #proven = false;
  #onIdle: (() => void)[] = [];

  constructor(config: UploadManagerConfig) {
    this.#config = config;
  }

  get items(): readonly UploadItem[] {
    return this.#items;
  }

  get busy(): boolean {
    return this.#sending.size > 0 || this.#waiting.length > 0;
  }

  add(file: File, path: string = file.name): UploadItem {
    const item: Mutable = { id: this.#items.length, file, path, state: "waiting", loaded: 0, error: null };
    this.#items.push(item);
    this.#enqueue(item);
    return item;
  }

  /** Sends a failed or cancelled file again; what the server still has of it is not sent twice. */
  retry(item: UploadItem): void {
    const mine = this.#find(item);
    if (mine === undefined || (mine.state !== "failed" && mine.state !== "cancelled")) return;
    mine.error = null;
    this.#enqueue(mine);
  }

  /** Takes a file out; what the server has of it is deleted. */
  async cancel(item: UploadItem): Promise<void> {
    const mine = this.#find(item);
    if (mine === undefined || mine.state === "done") return;
    const at = this.#waiting.indexOf(mine);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#update(mine, { state: "cancelled", error: null, loaded: 0 });
    await (this.#sending.get(mine) ?? this.#halfway.get(mine))?.cancel();
    this.#halfway.delete(mine);
    this.#fill();
  }

  /** Starts no further file until `release()`. */
  hold(): void {
    this.#held = true;
    this.#proven = false;
    this.#round += 1;
  }

  release(): void {
    this.#held = false;
    this.#fill();
  }

  /** Resolves when nothing waits or is being sent any more. Never rejects: look at each item. */
  finished(): Promise<readonly UploadItem[]> {
    if (!this.busy) return Promise.resolve(this.#items);
    return new Promise((resolve) => this.#onIdle.push(() => resolve(this.#items)));
  }

  totals(): UploadTotals {
    const counted = this.#items.filter(({ state }) => state !== "cancelled");
    const loaded = sum(counted.map((item) => item.loaded));
    const size = sum(counted.map(({ file }) => file.size));
    const unsent = sum(counted.filter(({ state }) => state !== "failed").map((i) => i.file.size - i.loaded));
    const now = this.#config.clock.now();
    return {
      files: counted.length,
      done: counted.filter(({ state }) => state === "done").length,
      failed: counted.filter(({ state }) => state === "failed").length,
      loaded,
      size,
      speed: this.#meter.speed(now),
      eta: this.#meter.eta(unsent, now),
      stuck: this.#stuck,
    };
  }

  get #stuck(): boolean {
    const uploaders = [...this.#sending.values()];
    return uploaders.length > 0 && uploaders.every((uploader) => uploader.getStats().stuck);
  }

  /** Speed and time left of a file that is being sent. */
  statsOf(item: UploadItem): UploadStats | null {
    const mine = this.#find(item);
    return (mine && this.#sending.get(mine)?.getStats()) ?? null;
  }

  #find(item: UploadItem): Mutable | undefined {
    return this.#items[item.id];
  }

  #enqueue(item: Mutable): void {
    this.#waiting.push(item);
    this.#update(item, { state: "waiting", loaded: 0 });
    // A list of files is added in one go; the order of starting should not depend on who was first in it.
    queueMicrotask(() => this.#fill());
  }

  #fill(): void {
    for (let item = this.#next(); item !== undefined; item = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(item), 1);
      void this.#send(item);
    }
    if (this.busy) return;
    for (const settle of this.#onIdle.splice(0)) settle();
  }

  /** The first that may start: small files do not wait for a big one, nor a big one for the small. */
  #next(): Mutable | undefined {
    if (this.#held) return undefined;
    const first = this.#waiting[0];
    if (first === undefined || this.#mayStart(first)) return first;
    const small = this.#isSmall(first);
    const other = this.#waiting.find((item) => this.#isSmall(item) !== small);
    return other !== undefined && this.#mayStart(other) ? other : undefined;
  }

  #mayStart(next: Mutable): boolean {
    const sending = [...this.#sending.keys()];
    if (sending.length === 0) return true;
    if (!this.#proven) return false;
    const small = sending.filter((item) => this.#isSmall(item));
    const noneBig = small.length === sending.length;
    if (!this.#isSmall(next)) return noneBig;
    if (small.length < ALWAYS_SMALL) return true;
    const together = sum([next, ...small].map(({ file }) => file.size));
    return noneBig && small.length < MOST_SMALL && together <= this.#smallSize;
  }

  get #smallSize(): number {
    return this.#config.smallSize ?? 8 * 1024 * 1024;
  }

  #isSmall({ file }: UploadItem): boolean {
    return file.size <= this.#smallSize;
  }

  async #send(item: Mutable): Promise<void> {
    const round = this.#round;
    const uploader = this.#uploaderFor(item);
    this.#sending.set(item, uploader);
    this.#update(item, { state: "sending", error: null });
    this.#halfway.delete(item);
    const error = await uploader.start().then(() => null, asUploadError);
    this.#sending.delete(item);
    if (error?.retryable) this.#halfway.set(item, uploader);
    if (item.state === "sending") this.#settle(item, error, round);
    this.#fill();
  }

  #uploaderFor(item: Mutable): ParallelUploader {
    const options = this.#config.options();
    const transport = options.transport ?? new XhrTransport();
    return new ParallelUploader({
      ...options,
      transport: this.#line.through(transport, !this.#isSmall(item)),
      file: item.file,
      relPath: item.path,
      onProgress: this.#progressOf(item),
    });
  }

  #progressOf(item: Mutable): (loaded: number) => void {
    const round = this.#round;
    let known: number | null = null;
    return (loaded) => {
      if (item.state !== "sending") return;
      // The first report says what the server had before: not speed.
      this.#meter.add(Math.max(0, loaded - (known ?? loaded)), this.#config.clock.now());
      known = loaded;
      this.#update(item, { loaded });
      // What started before we asked was let in before, and proves nothing about the answer.
      if (!this.#proven && round === this.#round) this.#prove();
    };
  }

  #prove(): void {
    if (this.#held) return;
    this.#proven = true;
    this.#config.onTaken?.();
    this.#fill();
  }

  #settle(item: Mutable, error: UploadError | null, round: number): void {
    if (error === null) this.#update(item, { state: "done", loaded: item.file.size });
    else if (HOLDING.has(error.code)) this.#wait(item, error, round);
    else this.#fail(item, error);
  }

  #fail(item: Mutable, error: UploadError): void {
    this.#update(item, { state: "failed", error });
    if (!CLOSING.has(error.code)) return;
    for (const other of this.#waiting.splice(0)) this.#update(other, { state: "failed", error });
  }

  #wait(item: Mutable, error: UploadError, round: number): void {
    this.#waiting.unshift(item);
    this.#update(item, { state: "waiting", loaded: 0, error });
    // Files that went together get the same answer; the person is asked once.
    if (round !== this.#round) return;
    this.hold();
    this.#config.onHeld?.(error);
  }

  #update(item: Mutable, change: Partial<Mutable>): void {
    Object.assign(item, change);
    this.#config.onChange?.(item);
  }
}

function asUploadError(error: unknown): UploadError {
  if (error instanceof UploadError) return error;
  return new UploadError("Something went wrong in this page.", { code: "internal_error", cause: error });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
