// Several files to one link: a queue in which a failing file never takes the others down. A few big files go at a time,
// their chunks in parallel; small ones go many to a request, or several beside each other, and pass by the big ones.
// Whatever happens to one file costs the same work, however many others there are.

import { defaultTransport } from "../adapters/default-transport";
import { DropprApi } from "../adapters/droppr-api";
import type { FileLike } from "../ports";
import { Books } from "./books";
import type { ConnectionPool } from "./connection-pool";
import { FileRuns } from "./file-runs";
import { Gate } from "./gate";
import type { UploaderOptions, UploadManagerConfig, UploadTotals } from "./manager-config";
import { PackRuns } from "./pack-runs";
import { type Reach, type Run, type RunHost, takeBack, takingBack } from "./run";
import { Schedule } from "./schedule";
import type { ItemState, QueuedItem, UploadItem } from "./upload-item";
import { type ChunkMap, type PreviousUpload, poolFor, type UploadStats } from "./uploader-config";

export type { ItemState, UploaderOptions, UploadItem, UploadManagerConfig, UploadTotals };

const DEFAULT_FILES_AT_ONCE = 2;
const DEFAULT_SMALL_BYTES = 8 * 1024 * 1024;

export class UploadManager {
  readonly #config: UploadManagerConfig;
  readonly #books: Books;
  readonly #schedule: Schedule;
  readonly #gate: Gate;
  readonly #host: RunHost;
  #pool: ConnectionPool | null = null;
  #speedLimit: number | null = null;

  constructor(config: UploadManagerConfig) {
    this.#config = config;
    const { smallSize = DEFAULT_SMALL_BYTES, filesAtOnce = DEFAULT_FILES_AT_ONCE } = config;
    const { pack = null, wholeFileBytes = 0 } = config;
    const width = (): number => this.#pool?.pace.width ?? 1;
    this.#schedule = new Schedule({ smallSize, wholeFileBytes, bigAtOnce: filesAtOnce, packs: pack, width });
    this.#books = new Books(config);
    this.#gate = new Gate(config, this.#books, this.#schedule, {
      file: (item, kind) => void files.send(item, kind),
      pack: (items) => void packs.send(items),
    });
    this.#host = { reach: this.#reach(), books: this.#books, gate: this.#gate };
    const files = new FileRuns(this.#host);
    const packs = new PackRuns(this.#host);
    takingBack().catch(() => undefined);
  }

  /** All files in their order; cancelled ones are among them until they are removed. Not a copy: do not change it. */
  get items(): readonly UploadItem[] {
    return this.#books.items;
  }

  /** Whether anything waits or is being sent; what is paused does not count. */
  get busy(): boolean {
    return this.#gate.busy;
  }

  /** `previous` names an upload begun elsewhere, to be continued with this file if it is the same; `item` the one of the link's
   * checklist that it is for. */
  add(
    file: FileLike,
    path: string = file.name,
    previous: PreviousUpload | null = null,
    item = "",
  ): UploadItem {
    const added = this.#books.add(file, path, previous, item);
    this.#gate.enqueue(added);
    return added;
  }

  /** Moves a file before another, or to the end. It counts for those that wait: what is being sent goes on. */
  move(item: UploadItem, before: UploadItem | null): void {
    const mine = this.#books.find(item);
    if (mine === undefined) return;
    const other = before === null ? null : (this.#books.find(before) ?? null);
    for (const each of this.#books.move(mine, other)) {
      if (each.state === "waiting") this.#schedule.add(each);
    }
  }

  /** Stops a file until `resume`; what the server has is kept. A file on its way in a pack is not stopped any more. */
  pause(item: UploadItem): void {
    const mine = this.#books.find(item);
    if (mine === undefined || (mine.state !== "waiting" && !mine.isGoing)) return;
    const run = this.#schedule.runOf(mine);
    if (run?.kind === "packed") return;
    this.#pause(mine, run);
    this.#gate.fill();
  }

  /** Stops everything, packs included: their files are sent again later, under the same keys. */
  pauseAll(): void {
    this.#pool?.interrupted();
    for (const item of this.#books.items) {
      if (item.state === "waiting" || item.isGoing) this.#pause(item, this.#schedule.runOf(item));
    }
    this.#gate.fill();
  }

  resume(item: UploadItem): void {
    const mine = this.#books.find(item);
    if (mine?.state === "paused") this.#gate.enqueue(mine);
  }

  resumeAll(): void {
    for (const item of this.#books.items) if (item.state === "paused") this.#gate.enqueue(item);
  }

  /** Sends a failed or cancelled file again; what the server still has of it is not sent twice. */
  retry(item: UploadItem): void {
    const mine = this.#books.find(item);
    if (mine === undefined || mine.cancelling || (mine.state !== "failed" && mine.state !== "cancelled"))
      return;
    mine.error = null;
    this.#gate.enqueue(mine);
  }

  /** All that failed. */
  retryAll(): void {
    for (const item of this.#books.items) if (item.state === "failed") this.retry(item);
  }

  /** Sends a file as a new upload, whatever was begun before: after `different_file`, say. */
  sendAnew(item: UploadItem): void {
    const mine = this.#books.find(item);
    if (mine === undefined || mine.isGoing || mine.state === "done") return;
    mine.startOver();
    mine.error = null;
    this.#gate.enqueue(mine);
  }

  /**
   * Takes a file out; what the server has of it is deleted. A file that is done stays. Resolves in any case: where the server could
   * not be told, the file is `failed` with `not_cancelled`.
   */
  async cancel(item: UploadItem): Promise<void> {
    const mine = this.#books.find(item);
    if (mine === undefined || mine.state === "done" || mine.state === "cancelled") return;
    const run = this.#schedule.runOf(mine);
    this.#books.update(mine, { state: "cancelled", cancelling: true, error: null, loaded: 0, safe: 0 });
    // What is on its way in a pack is taken back when it is known what became of the pack.
    if (run?.kind === "packed") return;
    if (run?.uploader) {
      run.uploader.leave();
      await run.uploader.start().catch(() => undefined);
      mine.learn(run.uploader);
    }
    await takeBack(mine, this.#host);
  }

  /** All but what is done. */
  async cancelAll(): Promise<void> {
    const all = this.#books.items.filter(({ state }) => state !== "done" && state !== "cancelled");
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
    const mine = this.#books.find(item);
    if (mine === undefined || mine.state !== "done" || mine.uploadId === null) return;
    await remove(mine.uploadId);
    mine.startOver();
    this.#books.update(mine, { state: "cancelled", loaded: 0, safe: 0, name: null, removableUntil: null });
  }

  /** Forgets a file that is not under way: it leaves the list and the totals. */
  remove(item: UploadItem): void {
    const mine = this.#books.find(item);
    if (mine === undefined || mine.isGoing || mine.cancelling) return;
    this.#books.remove(mine);
    this.#gate.fill();
  }

  /** Starts no further file until `release()`. */
  hold(): void {
    this.#gate.hold();
  }

  release(): void {
    this.#gate.release();
  }

  /** Bytes per second over all files, at once; null or 0 lifts the limit. */
  setSpeedLimit(bytesPerSecond: number | null): void {
    this.#speedLimit = bytesPerSecond;
    this.#pool?.speedLimit.set(bytesPerSecond);
  }

  /** Resolves when nothing waits or is being sent any more. Never rejects: look at each item. */
  async finished(): Promise<readonly UploadItem[]> {
    await this.#gate.idle();
    return this.items;
  }

  totals(): UploadTotals {
    return this.#books.totals(this.#schedule.stuck);
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
    const mine = this.#books.find(item);
    return mine && this.#schedule.runOf(mine);
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

  #pause(item: QueuedItem, run: Run | undefined): void {
    if (run?.uploader) item.learn(run.uploader);
    this.#books.update(item, { state: "paused", loaded: item.safe });
    run?.stop.abort();
  }

  #reach(): Reach {
    const { options, clock, connectivity = null, wholeFileBytes = 0 } = this.#config;
    return {
      wholeFileBytes,
      options,
      clock,
      connectivity,
      pool: () => this.#poolFor(options()),
      api: () => this.#api(this.#poolFor(options())),
    };
  }
}
