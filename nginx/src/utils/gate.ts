// What may go: the gate starts what the schedule names next, unless the person has to be asked first, and takes back in what did not
// get through.

import type { UploadError } from "../core/errors";
import type { Books } from "./books";
import type { UploadManagerConfig } from "./manager-config";
import type { Run, RunParts } from "./run";
import type { Schedule } from "./schedule";
import { isClosing, isHolding, type Kind, type QueuedItem } from "./upload-item";

export interface Starters {
  readonly file: (item: QueuedItem, kind: Kind) => void;
  readonly pack: (items: readonly QueuedItem[]) => void;
}

export class Gate {
  readonly #config: UploadManagerConfig;
  readonly #books: Books;
  readonly #schedule: Schedule;
  readonly #start: Starters;
  /** Number of prompts shown so far. A refusal of a file that started before the latest prompt is ignored, because the person has
   * answered since. */
  #round = 0;
  #held = false;
  /** Whether the server has taken a file since the latest prompt: until then one goes ahead, so that a wrong password counts as one
   * wrong attempt and not as two. */
  #proven = false;
  #filling = false;
  #onIdle: (() => void)[] = [];

  constructor(config: UploadManagerConfig, books: Books, schedule: Schedule, start: Starters) {
    this.#config = config;
    this.#books = books;
    this.#schedule = schedule;
    this.#start = start;
  }

  /** Which prompt what starts now comes after. */
  get round(): number {
    return this.#round;
  }

  /** Whether anything waits or is being sent; what is paused does not count. */
  get busy(): boolean {
    return this.#schedule.busy || this.#books.waiting > 0;
  }

  /** Whether the server is known to take files, as the person has answered whatever was asked. */
  get proven(): boolean {
    return this.#proven && !this.#held;
  }

  /** Whether there are as many files, waiting and under way, as may be sent at once. */
  get crowded(): boolean {
    return this.#schedule.crowded(this.#books.waiting);
  }

  /** Starts no further file until `release()`. */
  hold(): void {
    this.#held = true;
    this.#proven = false;
    this.#round += 1;
  }

  release(): void {
    this.#held = false;
    this.fill();
  }

  /** Resolves when nothing waits or is being sent any more. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  enqueue(item: QueuedItem): void {
    this.#books.update(item, { state: "waiting", loaded: 0, safe: 0 });
    this.#schedule.add(item);
    // A list of files is added in one go; the order of starting should not depend on who was first in it.
    if (this.#filling) return;
    this.#filling = true;
    queueMicrotask(() => this.fill());
  }

  /** Starts whatever may go now. */
  fill(): void {
    this.#filling = false;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const kind = this.#schedule.kindOf(next);
      if (kind !== "packed") this.#start.file(next, kind);
      else
        this.#start.pack(this.#schedule.takePack((item) => this.#books.update(item, { state: "sending" })));
    }
    if (this.busy) return;
    for (const settle of this.#onIdle.splice(0)) settle();
  }

  begin(items: readonly QueuedItem[], parts: RunParts): Run {
    const run = this.#schedule.begin(items, parts);
    for (const item of items) this.#books.update(item, { state: "sending", error: null });
    return run;
  }

  /** Whether the file still belongs to this run, rather than to a later one. */
  isIn(run: Run, item: QueuedItem): boolean {
    return this.#schedule.runOf(item) === run;
  }

  end(run: Run, items: readonly QueuedItem[]): void {
    this.#schedule.end(run, items);
  }

  /** The server takes files, as one shows that began in `round`: what started before the latest prompt proves nothing. */
  prove(round: number): void {
    if (round !== this.#round || this.#held || this.#proven) return;
    this.#proven = true;
    this.#config.onTaken?.();
    this.fill();
  }

  /** A file did not get through: it fails, or waits for what the server wants of the person. */
  setBack(item: QueuedItem, error: UploadError, round: number): void {
    if (isHolding(error)) this.#wait(item, error, round);
    else this.#fail(item, error);
  }

  /** The server takes no packs: those that still wait as packable are found as small ones from now on. */
  noMorePacks(): void {
    this.#schedule.packs = null;
    for (const item of this.#books.items) if (item.state === "waiting") this.enqueue(item);
  }

  #next(): QueuedItem | null {
    return this.#held ? null : this.#schedule.next(this.#proven);
  }

  #fail(item: QueuedItem, error: UploadError): void {
    // The owner's word is about this upload: a person who tries again all the same begins another.
    if (error.code === "upload_cancelled") item.startOver();
    this.#books.update(item, { state: "failed", error });
    if (!isClosing(error)) return;
    for (const other of this.#books.items) {
      if (other.state === "waiting") this.#books.update(other, { state: "failed", error });
    }
  }

  #wait(item: QueuedItem, error: UploadError, round: number): void {
    item.error = error;
    this.enqueue(item);
    // Files that went together get the same answer; the person is asked once.
    if (round !== this.#round) return;
    this.hold();
    this.#config.onHeld?.(error);
  }
}
