// What starts next: a few big files at a time, small ones beside them, many to a request where the server takes packs.

import { Waiting } from "../core/order";
import { MAX_PACK_BYTES, MAX_PACK_FILES, type PackLimits } from "../core/pack";
import type { Run, RunParts } from "./run";
import type { Kind, QueuedItem } from "./upload-item";

/** Small files at once: as many as a browser opens connections, while all of them together are small too. */
const MAX_SMALL_FILES = 6;
/** More of them gain nothing for files whose chunks keep all connections busy. */
const MIN_SMALL_FILES = 2;
/** While one pack is being worked on by the server, the next one is on its way. */
const MAX_PACKS = 2;

export interface ScheduleConfig {
  /** Bytes of a small file, and of all that go beside each other, at most. */
  readonly smallSize: number;
  /** Files up to so many bytes are small, too. */
  readonly wholeFileBytes: number;
  readonly bigAtOnce: number;
  readonly packs: PackLimits | null;
  /** Requests at once, as the line is now. */
  readonly width: () => number;
}

export class Schedule {
  /** Null where the server takes no packs. */
  packs: PackLimits | null;
  readonly #config: ScheduleConfig;
  readonly #waiting: Record<Kind, Waiting<QueuedItem>>;
  readonly #runs = new Map<QueuedItem, Run>();
  /** Runs by kind, and the bytes of the small ones. */
  readonly #under: Record<Kind, Set<Run>> = { packed: new Set(), small: new Set(), big: new Set() };
  #smallBytes = 0;

  constructor(config: ScheduleConfig) {
    this.#config = config;
    this.packs = config.packs;
    const waiting = (kind: Kind): Waiting<QueuedItem> =>
      new Waiting((item) => item.state === "waiting" && this.kindOf(item) === kind);
    this.#waiting = { packed: waiting("packed"), small: waiting("small"), big: waiting("big") };
  }

  get busy(): boolean {
    return this.#runs.size > 0;
  }

  /** Whether small files are being sent. */
  get smallOnes(): boolean {
    return this.#under.packed.size + this.#under.small.size > 0;
  }

  /** Whether with `waiting` others there are as many files as requests may go at once. */
  crowded(waiting: number): boolean {
    const { packed, small, big } = this.#under;
    return packed.size + small.size + big.size + waiting >= this.#config.width();
  }

  /** Whether something is under way, and nothing of it gets through. */
  get stuck(): boolean {
    const runs = Object.values(this.#under).flatMap((each) => [...each]);
    const isStuck = ({ uploader, retrier }: Run): boolean =>
      uploader?.getStats().stuck ?? retrier?.stuck ?? false;
    return runs.length > 0 && runs.every(isStuck);
  }

  kindOf(item: QueuedItem): Kind {
    const { smallSize, wholeFileBytes } = this.#config;
    return item.kind(Math.max(smallSize, wholeFileBytes), this.packs);
  }

  runOf(item: QueuedItem): Run | undefined {
    return this.#runs.get(item);
  }

  /** For an item that waits, and again when its rank or kind has changed. */
  add(item: QueuedItem): void {
    this.#waiting[this.kindOf(item)].add(item);
  }

  /** The first that may start. Unless the server has `proven` to take files, one goes ahead alone. */
  next(proven: boolean): QueuedItem | null {
    let first: QueuedItem | null = null;
    for (const kind of ["packed", "small", "big"] as const) {
      const item = this.#waiting[kind].peek();
      if (item === undefined || (first !== null && first.rank < item.rank)) continue;
      if (!this.busy || (proven && this.#mayStart(item, kind))) first = item;
    }
    return first;
  }

  /** As many of the small files that wait as fit one request; `take` has to end their waiting. */
  takePack(take: (item: QueuedItem) => void): QueuedItem[] {
    const { maxFiles = 0, maxBytes = 0 } = this.packs ?? {};
    const { packed } = this.#waiting;
    const items: QueuedItem[] = [];
    let room = Math.min(MAX_PACK_BYTES, maxBytes / 2);
    for (let item = packed.peek(); item !== undefined; item = packed.peek()) {
      room -= item.size;
      if (items.length > 0 && (room < 0 || items.length >= Math.min(MAX_PACK_FILES, maxFiles))) break;
      items.push(item);
      take(item);
    }
    return items;
  }

  begin(items: readonly QueuedItem[], parts: RunParts): Run {
    const run = { ...parts, bytes: items.reduce((sum, { size }) => sum + size, 0) };
    this.#under[run.kind].add(run);
    if (run.kind === "small") this.#smallBytes += run.bytes;
    for (const item of items) this.#runs.set(item, run);
    return run;
  }

  end(run: Run, items: readonly QueuedItem[]): void {
    this.#under[run.kind].delete(run);
    if (run.kind === "small") this.#smallBytes -= run.bytes;
    for (const item of items) if (this.#runs.get(item) === run) this.#runs.delete(item);
  }

  /** Small files do not wait for a big one, nor a big one for the small. */
  #mayStart({ size }: QueuedItem, kind: Kind): boolean {
    const { packed, small, big } = this.#under;
    const { smallSize, bigAtOnce } = this.#config;
    if (kind === "big") return big.size < bigAtOnce;
    if (kind === "packed") return packed.size < (big.size > 0 ? 1 : MAX_PACKS);
    if (small.size < MIN_SMALL_FILES) return true;
    if (big.size > 0) return false;
    if (small.size < MAX_SMALL_FILES && this.#smallBytes + size <= smallSize) return true;
    const busy = [...small].reduce((sum, { uploader }) => sum + (uploader?.lanes ?? 0), 0);
    return busy < this.#config.width();
  }
}
