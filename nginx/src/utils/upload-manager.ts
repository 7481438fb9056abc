// Several files to one link: a queue in which a failing file never takes the others down. One big file at a time has
// the line to itself (its chunks go in parallel); two small ones go together, to hide the round trips.

import { UploadError } from "../core/errors";
import { Meter } from "../core/meter";
import type { Clock } from "../ports";
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
}

type PerFile = "file" | "relPath" | "onProgress" | "onChunkComplete" | "onComplete" | "onError" | "signal";
export type UploaderOptions = Omit<ParallelUploaderConfig, PerFile>;

export interface UploadManagerConfig {
  /** Asked whenever a file starts, so that a password typed meanwhile counts. */
  readonly options: () => UploaderOptions;
  readonly clock: Clock;
  /** Files up to this many bytes go two at a time; 8 MiB unless given. */
  readonly smallSize?: number;
  /** The item changed; progress included. */
  readonly onChange?: (item: UploadItem) => void;
  /** The server wants something from the person before any file goes on. The file waits again; call `release()`. */
  readonly onHeld?: (error: UploadError) => void;
}

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
  readonly #meter = new Meter();
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
    await this.#sending.get(mine)?.cancel();
    this.#fill();
  }

  /** Starts no further file until `release()`. */
  hold(): void {
    this.#held = true;
    this.#proven = false;
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
    };
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
    while (!this.#held && this.#mayStart(this.#waiting[0])) {
      const item = this.#waiting.shift();
      if (item !== undefined) void this.#send(item);
    }
    if (this.busy) return;
    for (const settle of this.#onIdle.splice(0)) settle();
  }

  #mayStart(next: Mutable | undefined): boolean {
    if (next === undefined || (!this.#proven && this.#sending.size > 0)) return false;
    const small = this.#config.smallSize ?? 8 * 1024 * 1024;
    const together = [next, ...this.#sending.keys()];
    return (
      together.length === 1 || (together.length === 2 && together.every(({ file }) => file.size <= small))
    );
  }

  async #send(item: Mutable): Promise<void> {
    const uploader = new ParallelUploader({
      ...this.#config.options(),
      file: item.file,
      relPath: item.path,
      onProgress: this.#progressOf(item),
    });
    this.#sending.set(item, uploader);
    this.#update(item, { state: "sending", error: null });
    const error = await uploader.start().then(() => null, asUploadError);
    this.#sending.delete(item);
    if (item.state === "sending") this.#settle(item, error);
    this.#fill();
  }

  #progressOf(item: Mutable): (loaded: number) => void {
    let known: number | null = null;
    return (loaded) => {
      if (item.state !== "sending") return;
      // The first report says what the server had before: not speed.
      this.#meter.add(Math.max(0, loaded - (known ?? loaded)), this.#config.clock.now());
      known = loaded;
      this.#update(item, { loaded });
      if (!this.#proven) this.#prove();
    };
  }

  #prove(): void {
    this.#proven = !this.#held;
    this.#fill();
  }

  #settle(item: Mutable, error: UploadError | null): void {
    if (error === null) this.#update(item, { state: "done", loaded: item.file.size });
    else if (HOLDING.has(error.code)) this.#wait(item, error);
    else this.#fail(item, error);
  }

  #fail(item: Mutable, error: UploadError): void {
    this.#update(item, { state: "failed", error });
    if (!CLOSING.has(error.code)) return;
    for (const other of this.#waiting.splice(0)) this.#update(other, { state: "failed", error });
  }

  #wait(item: Mutable, error: UploadError): void {
    this.hold();
    this.#waiting.unshift(item);
    this.#update(item, { state: "waiting", loaded: 0, error });
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
