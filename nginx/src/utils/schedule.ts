// What starts next: a few big files at a time, small ones beside them, many to a request where the server takes packs.

import { Waiting } from "../core/order";
import { MAX_PACK_BYTES, MAX_PACK_FILES, type PackLimits } from "../core/pack";
import type { Run, RunParts } from "./run";
import type { Kind, QueuedItem } from "./upload-item";

/** Small files at once: as many as a browser opens connections, while all of them together are small too. */
const MAX_SMALL_FILES = 6;
/** More of them gain nothing for files that take the line longer than a round trip. */
const MIN_SMALL_FILES = 2;
/** While one pack is being worked on by the server, the next one is on its way. */
const MAX_PACKS = 2;

export class Schedule {
  /** Null where the server takes no packs. */
  packs: PackLimits | null;
  readonly #smallSize: number;
  readonly #bigAtOnce: number;
  readonly #waiting: Record<Kind, Waiting<QueuedItem>>;
  readonly #runs = new Map<QueuedItem, Run>();
  /** Runs by kind, and the bytes of the small ones. */
  readonly #under: Record<Kind, Set<Run>> = { packed: new Set(), small: new Set(), big: new Set() };
  #smallBytes = 0;

  constructor(smallSize: number, bigAtOnce: number, packs: PackLimits | null) {
    this.#smallSize = smallSize;
    this.#bigAtOnce = bigAtOnce;
    this.packs = packs;
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

  /** Whether something is under way, and nothing of it gets through. */
  get stuck(): boolean {
    const runs = Object.values(this.#under).flatMap((each) => [...each]);
    const isStuck = ({ uploader, retrier }: Run): boolean =>
      uploader?.getStats().stuck ?? retrier?.stuck ?? false;
    return runs.length > 0 && runs.every(isStuck);
  }

  kindOf(item: QueuedItem): Kind {
    return item.kind(this.#smallSize, this.packs);
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
    if (kind === "big") return big.size < this.#bigAtOnce;
    if (kind === "packed") return packed.size < (big.size > 0 ? 1 : MAX_PACKS);
    if (small.size < MIN_SMALL_FILES) return true;
    const together = this.#smallBytes + size;
    return big.size === 0 && small.size < MAX_SMALL_FILES && together <= this.#smallSize;
  }
}
