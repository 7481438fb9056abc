// Several files to one link: a queue in which a failing file never takes the others down. A few big files go at a time,
// their chunks in parallel; small ones go many to a request, or several beside each other, and pass by the big ones.
// Whatever happens to one file costs the same work, however many others there are.

import { defaultTransport } from "../adapters/default-transport";
import { DropprApi } from "../adapters/droppr-api";
import type { UploadError } from "../core/errors";
import { Meter } from "../core/meter";
import { Ordered } from "../core/order";
import { Tally } from "../core/tally";
import type { FileLike } from "../ports";
import type { ConnectionPool } from "./connection-pool";
import { FileRuns } from "./file-runs";
import type { UploaderOptions, UploadManagerConfig, UploadTotals } from "./manager-config";
import { PackRuns } from "./pack-runs";
import type { Run, RunHost, RunParts } from "./run";
import { Schedule } from "./schedule";
import { takeBack } from "./take-back";
import {
  type Change,
  type Delivered,
  type ItemState,
  isClosing,
  isHolding,
  QueuedItem,
  type UploadItem,
} from "./upload-item";
import { type ChunkMap, type PreviousUpload, poolFor, type UploadStats } from "./uploader-config";

export type { ItemState, UploaderOptions, UploadItem, UploadManagerConfig, UploadTotals };

const DEFAULT_FILES_AT_ONCE = 2;
const DEFAULT_SMALL_BYTES = 8 * 1024 * 1024;

export class UploadManager {
  readonly #config: UploadManagerConfig;
  readonly #byId = new Map<number, QueuedItem>();
  readonly #ordered = new Ordered<QueuedItem>();
  readonly #schedule: Schedule;
  readonly #host: RunHost;
  readonly #files: FileRuns;
  readonly #packs: PackRuns;
  readonly #tally = new Tally();
  readonly #meter = new Meter();
  #pool: ConnectionPool | null = null;
  #speedLimit: number | null = null;
  #nextId = 0;
  /** Number of prompts shown so far. A refusal of a file that started before the latest prompt is ignored, because the person has
   * answered since. */
  #round = 0;
  #held = false;
  /** Whether the server has taken a file since we last had to ask: until then one goes ahead, so that a wrong
   * password counts as one wrong attempt and not as two. */
  #proven = false;
  #filling = false;
  #onIdle: (() => void)[] = [];

  constructor(config: UploadManagerConfig) {
    this.#config = config;
    const { smallSize = DEFAULT_SMALL_BYTES, filesAtOnce = DEFAULT_FILES_AT_ONCE, pack = null } = config;
    this.#schedule = new Schedule(smallSize, filesAtOnce, pack);
    this.#host = this.#runHost();
    this.#files = new FileRuns(this.#host);
    this.#packs = new PackRuns(this.#host);
  }

  /** All files in their order; cancelled ones are among them until they are removed. Not a copy: do not change it. */
  get items(): readonly UploadItem[] {
    return this.#ordered.entries;
  }

  /** Whether anything waits or is being sent; what is paused does not count. */
  get busy(): boolean {
    return this.#schedule.busy || this.#tally.count.waiting > 0;
  }

  /** `previous` names an upload begun elsewhere, to be continued with this file if it is the same. */
  add(file: FileLike, path: string = file.name, previous: PreviousUpload | null = null): UploadItem {
    const item = new QueuedItem(this.#nextId++, file, path, previous);
    this.#byId.set(item.id, item);
    this.#ordered.add(item);
    this.#tally.add(item);
    this.#enqueue(item);
    return item;
  }

  /** Moves a file before another, or to the end. It counts for those that wait: what is being sent goes on. */
  move(item: UploadItem, before: UploadItem | null): void {
    const mine = this.#find(item);
    if (mine === undefined) return;
    const other = before === null ? null : (this.#find(before) ?? null);
    const allChanged = this.#ordered.move(mine, other);
    for (const each of allChanged ? this.#ordered.entries : [mine]) {
      if (each.state === "waiting") this.#schedule.add(each);
    }
  }

  /** Stops a file until `resume`; what the server has is kept. A file on its way in a pack is not stopped any more. */
  pause(item: UploadItem): void {
    const mine = this.#find(item);
    if (mine === undefined || (mine.state !== "waiting" && !mine.isGoing)) return;
    const run = this.#schedule.runOf(mine);
    if (run?.kind === "packed") return;
    this.#pause(mine, run);
    this.#fill();
  }

  /** Stops everything, packs included: their files are sent again later, under the same keys. */
  pauseAll(): void {
    this.#pool?.interrupted();
    for (const item of this.#ordered.entries) {
      if (item.state === "waiting" || item.isGoing) this.#pause(item, this.#schedule.runOf(item));
    }
    this.#fill();
  }

  resume(item: UploadItem): void {
    const mine = this.#find(item);
    if (mine?.state === "paused") this.#enqueue(mine);
  }

  resumeAll(): void {
    for (const item of this.#ordered.entries) if (item.state === "paused") this.#enqueue(item);
  }

  /** Sends a failed or cancelled file again; what the server still has of it is not sent twice. */
  retry(item: UploadItem): void {
    const mine = this.#find(item);
    if (mine === undefined || mine.cancelling || (mine.state !== "failed" && mine.state !== "cancelled"))
      return;
    mine.error = null;
    this.#enqueue(mine);
  }

  /** All that failed. */
  retryAll(): void {
    for (const item of this.#ordered.entries) if (item.state === "failed") this.retry(item);
  }

  /** Sends a file as a new upload, whatever was begun before: after `different_file`, say. */
  sendAnew(item: UploadItem): void {
    const mine = this.#find(item);
    if (mine === undefined || mine.isGoing || mine.state === "done") return;
    mine.startOver();
    mine.error = null;
    this.#enqueue(mine);
  }

  /**
   * Takes a file out; what the server has of it is deleted. A file that is done stays. Resolves in any case: where the server could
   * not be told, the file is `failed` with `not_cancelled`.
   */
  async cancel(item: UploadItem): Promise<void> {
    const mine = this.#find(item);
    if (mine === undefined || mine.state === "done" || mine.state === "cancelled") return;
    const run = this.#schedule.runOf(mine);
    this.#update(mine, { state: "cancelled", cancelling: true, error: null, loaded: 0, safe: 0 });
    // What is on its way in a pack is taken back when it is known what became of the pack.
    if (run?.kind === "packed") return;
    run?.stop.abort();
    await run?.uploader?.start().catch(() => undefined);
    mine.uploadId = run?.uploader?.uploadId ?? mine.uploadId;
    await takeBack(mine, this.#host);
  }

  /** All but what is done. */
  async cancelAll(): Promise<void> {
    const all = this.#ordered.entries.filter(({ state }) => state !== "done" && state !== "cancelled");
    // First those that wait, so that none of them starts in place of one that is stopped.
    const [going, waiting] = [all.filter((item) => item.isGoing), all.filter((item) => !item.isGoing)];
    await Promise.all([...waiting, ...going].map((item) => this.cancel(item)));
  }

  /**
   * Takes back a file that is done. Rejects with `upload_complete` when it is too late for that. `remove` is another way
   * to ask the server for it.
   */
  async undo(
    item: UploadItem,
    remove = (uploadId: string): Promise<void> => this.#api().cancel(uploadId),
  ): Promise<void> {
    const mine = this.#find(item);
    if (mine === undefined || mine.state !== "done" || mine.uploadId === null) return;
    await remove(mine.uploadId);
    mine.startOver();
    this.#update(mine, { state: "cancelled", loaded: 0, safe: 0, name: null, removableUntil: null });
  }

  /** Forgets a file that is not under way: it leaves the list and the totals. */
  remove(item: UploadItem): void {
    const mine = this.#find(item);
    if (mine === undefined || mine.isGoing || mine.cancelling) return;
    this.#tally.add(mine, -1);
    this.#byId.delete(mine.id);
    this.#ordered.remove(mine);
    mine.state = "cancelled";
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

  /** Bytes per second over all files, at once; null or 0 lifts the limit. */
  setSpeedLimit(bytesPerSecond: number | null): void {
    this.#speedLimit = bytesPerSecond;
    this.#pool?.speedLimit.set(bytesPerSecond);
  }

  /** Resolves when nothing waits or is being sent any more. Never rejects: look at each item. */
  finished(): Promise<readonly UploadItem[]> {
    if (!this.busy) return Promise.resolve(this.items);
    return new Promise((resolve) => this.#onIdle.push(() => resolve(this.items)));
  }

  totals(): UploadTotals {
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
      stuck: this.#schedule.stuck,
      offline: this.#config.connectivity?.online === false,
    };
  }

  /** Speed and time left of a file that is being sent by itself. */
  statsOf(item: UploadItem): UploadStats | null {
    return this.#runOf(item)?.uploader?.getStats() ?? null;
  }

  /** Which of its bytes are safe, on their way and missing; null unless it is being sent by itself. */
  chunkMapOf(item: UploadItem): ChunkMap | null {
    return this.#runOf(item)?.uploader?.getChunkMap() ?? null;
  }

  #runOf(item: UploadItem): Run | undefined {
    const mine = this.#find(item);
    return mine && this.#schedule.runOf(mine);
  }

  #find(item: UploadItem): QueuedItem | undefined {
    return this.#byId.get(item.id);
  }

  #api(pool: ConnectionPool | null = null): DropprApi {
    const { transport = defaultTransport(), uploadUrl, headers = {} } = this.#config.options();
    const way = pool?.through(transport, true) ?? transport;
    return new DropprApi({ transport: way, clock: this.#config.clock, chunkUrl: uploadUrl, headers });
  }

  #poolFor(options: UploaderOptions): ConnectionPool {
    if (this.#pool === null) {
      const smallOnes = (): boolean => this.#schedule.smallOnes;
      const transport = options.transport ?? defaultTransport();
      this.#pool = poolFor(options, this.#config.clock, transport, smallOnes);
      this.#pool.speedLimit.set(this.#speedLimit ?? options.speedLimit ?? null);
    }
    return this.#pool;
  }

  #enqueue(item: QueuedItem): void {
    this.#update(item, { state: "waiting", loaded: 0, safe: 0 });
    this.#schedule.add(item);
    // A list of files is added in one go; the order of starting should not depend on who was first in it.
    if (this.#filling) return;
    this.#filling = true;
    queueMicrotask(() => this.#fill());
  }

  #pause(item: QueuedItem, run: Run | undefined): void {
    if (run?.uploader) item.uploadId = run.uploader.uploadId ?? item.uploadId;
    this.#update(item, { state: "paused", loaded: item.safe });
    run?.stop.abort();
  }

  #fill(): void {
    this.#filling = false;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const kind = this.#schedule.kindOf(next);
      if (kind !== "packed") void this.#files.send(next, kind);
      else void this.#packs.send(this.#schedule.takePack((item) => this.#update(item, { state: "sending" })));
    }
    if (this.busy) return;
    for (const settle of this.#onIdle.splice(0)) settle();
  }

  #next(): QueuedItem | null {
    return this.#held ? null : this.#schedule.next(this.#proven);
  }

  #runHost(): RunHost {
    const { options, clock, connectivity = null } = this.#config;
    return {
      options,
      clock,
      connectivity,
      pool: () => this.#poolFor(options()),
      api: () => this.#api(this.#poolFor(options())),
      begin: (items, parts) => this.#begin(items, parts),
      isIn: (run, item) => this.#schedule.runOf(item) === run,
      end: (run, items) => this.#schedule.end(run, items),
      next: () => this.#fill(),
      round: () => this.#round,
      update: (item, change) => this.#update(item, change),
      moved: (bytes) => this.#meter.add(Math.max(0, bytes), clock.now()),
      enqueue: (item) => this.#enqueue(item),
      done: (item, delivered) => this.#done(item, delivered),
      setBack: (item, error, round) => this.#setBack(item, error, round),
      prove: (round) => this.#prove(round),
      noMorePacks: () => this.#noMorePacks(),
    };
  }

  /** Those that still wait as packable are found as small ones from now on. */
  #noMorePacks(): void {
    this.#schedule.packs = null;
    for (const item of this.#ordered.entries) if (item.state === "waiting") this.#enqueue(item);
  }

  #begin(items: readonly QueuedItem[], parts: RunParts): Run {
    const run = this.#schedule.begin(items, parts);
    for (const item of items) this.#update(item, { state: "sending", error: null });
    return run;
  }

  /** What started before we asked was let in before, and proves nothing about the answer. */
  #prove(round: number): void {
    if (round !== this.#round || this.#held || this.#proven) return;
    this.#proven = true;
    this.#config.onTaken?.();
    this.#fill();
  }

  #done(item: QueuedItem, { uploadId, name, removableUntil }: Delivered): void {
    const { size } = item;
    const change = { loaded: size, safe: size, uploadId, name, removableUntil, cancelling: false };
    this.#update(item, { state: "done", ...change });
  }

  #setBack(item: QueuedItem, error: UploadError, round: number): void {
    if (isHolding(error)) this.#wait(item, error, round);
    else this.#fail(item, error);
  }

  #fail(item: QueuedItem, error: UploadError): void {
    // The owner's word is about this upload: a person who tries again all the same begins another.
    if (error.code === "upload_cancelled") item.startOver();
    this.#update(item, { state: "failed", error });
    if (!isClosing(error)) return;
    for (const other of this.#ordered.entries) {
      if (other.state === "waiting") this.#update(other, { state: "failed", error });
    }
  }

  #wait(item: QueuedItem, error: UploadError, round: number): void {
    item.error = error;
    this.#enqueue(item);
    // Files that went together get the same answer; the person is asked once.
    if (round !== this.#round) return;
    this.hold();
    this.#config.onHeld?.(error);
  }

  #update(item: QueuedItem, change: Change): void {
    this.#tally.add(item, -1);
    Object.assign(item, change);
    this.#tally.add(item);
    this.#config.onChange?.(item);
  }
}
