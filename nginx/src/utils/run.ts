// What is under way, and what an UploadManager does for it: runs ask, the manager keeps the books.

import type { DropprApi } from "../adapters/droppr-api";
import type { UploadError } from "../core/errors";
import type { Clock, Connectivity } from "../ports";
import type { ConnectionPool } from "./connection-pool";
import type { UploaderOptions } from "./manager-config";
import type { ParallelUploader } from "./parallel-upload";
import type { Retrier } from "./retrier";
import type { Change, Delivered, Kind, QueuedItem } from "./upload-item";

/** A file, or several in one pack. */
export interface Run {
  readonly kind: Kind;
  readonly bytes: number;
  readonly stop: AbortController;
  readonly uploader: ParallelUploader | null;
  readonly retrier: Retrier | null;
}

export type RunParts = Omit<Run, "bytes">;

export interface RunHost {
  readonly options: () => UploaderOptions;
  readonly clock: Clock;
  readonly connectivity: Connectivity | null;
  readonly pool: () => ConnectionPool;
  /** Single calls by way of the line. */
  readonly api: () => DropprApi;
  readonly begin: (items: readonly QueuedItem[], parts: RunParts) => Run;
  /** Whether the file still belongs to this run, rather than to a later one. */
  readonly isIn: (run: Run, item: QueuedItem) => boolean;
  readonly end: (run: Run, items: readonly QueuedItem[]) => void;
  /** There may be room for others. */
  readonly next: () => void;
  /** Which asking of the person what starts now belongs to. */
  readonly round: () => number;
  readonly update: (item: QueuedItem, change: Change) => void;
  /** Bytes have left. */
  readonly moved: (bytes: number) => void;
  readonly enqueue: (item: QueuedItem) => void;
  readonly done: (item: QueuedItem, delivered: Delivered) => void;
  readonly setBack: (item: QueuedItem, error: UploadError, round: number) => void;
  /** The server takes files. */
  readonly prove: (round: number) => void;
  /** The server takes no packs. */
  readonly noMorePacks: () => void;
}
