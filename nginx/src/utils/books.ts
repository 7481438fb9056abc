// The books of an UploadManager: its files in their order, how each of them stands, and what all of them come to.

import { Meter } from "../core/meter";
import { Ordered } from "../core/order";
import { Tally } from "../core/tally";
import type { FileLike } from "../ports";
import type { UploadManagerConfig, UploadTotals } from "./manager-config";
import { type Change, type Delivered, QueuedItem, type UploadItem } from "./upload-item";
import type { PreviousUpload } from "./uploader-config";

export class Books {
  readonly #config: UploadManagerConfig;
  readonly #byId = new Map<number, QueuedItem>();
  readonly #ordered = new Ordered<QueuedItem>();
  readonly #tally = new Tally();
  readonly #meter = new Meter();
  #nextId = 0;

  constructor(config: UploadManagerConfig) {
    this.#config = config;
  }

  /** All files in their order. Not a copy. */
  get items(): readonly QueuedItem[] {
    return this.#ordered.entries;
  }

  /** How many files wait. */
  get waiting(): number {
    return this.#tally.count.waiting;
  }

  find(item: UploadItem): QueuedItem | undefined {
    return this.#byId.get(item.id);
  }

  add(file: FileLike, path: string, previous: PreviousUpload | null, asked: string): QueuedItem {
    const item = new QueuedItem(this.#nextId++, file, path, previous, asked);
    this.#byId.set(item.id, item);
    this.#ordered.add(item);
    this.#tally.add(item);
    return item;
  }

  /** Puts a file before another, or at the end. Returns those whose rank has changed. */
  move(item: QueuedItem, before: QueuedItem | null): readonly QueuedItem[] {
    return this.#ordered.move(item, before) ? this.items : [item];
  }

  remove(item: QueuedItem): void {
    this.#tally.add(item, -1);
    this.#byId.delete(item.id);
    this.#ordered.remove(item);
    item.state = "cancelled";
  }

  update(item: QueuedItem, change: Change): void {
    this.#tally.add(item, -1);
    Object.assign(item, change);
    this.#tally.add(item);
    this.#config.onChange?.(item);
  }

  /** Bytes have left. */
  moved(bytes: number): void {
    this.#meter.add(Math.max(0, bytes), this.#config.clock.now());
  }

  done(item: QueuedItem, { uploadId, name, removableUntil }: Delivered): void {
    const { size } = item;
    const change = { loaded: size, safe: size, uploadId, name, removableUntil, cancelling: false };
    this.update(item, { state: "done", ...change });
  }

  /** `stuck`: whether something is under way of which nothing gets through. */
  totals(stuck: boolean): UploadTotals {
    const { count, size, loaded, safe, unsent } = this.#tally;
    const now = this.#config.clock.now();
    return {
      files: this.#byId.size - count.cancelled,
      waiting: count.waiting,
      going: count.sending + count.finishing,
      paused: count.paused,
      done: count.done,
      failed: count.failed,
      loaded,
      safe,
      size,
      speed: this.#meter.speed(now),
      eta: this.#meter.eta(unsent, now),
      stuck,
      offline: this.#config.connectivity?.online === false,
    };
  }
}
