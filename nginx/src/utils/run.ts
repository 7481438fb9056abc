// What is under way, and what it is given: a way to the server, the books that it writes into, and the gate that it comes back to.

import type { DropprApi } from "../adapters/droppr-api";
import type { Clock, Connectivity } from "../ports";
import type { Books } from "./books";
import type { ConnectionPool } from "./connection-pool";
import type { Gate } from "./gate";
import type { UploaderOptions } from "./manager-config";
import type { ParallelUploader } from "./parallel-upload";
import type { Retrier } from "./retrier";
import type { Kind } from "./upload-item";

/** A file, or several in one pack. */
export interface Run {
  readonly kind: Kind;
  readonly bytes: number;
  readonly stop: AbortController;
  readonly uploader: ParallelUploader | null;
  readonly retrier: Retrier | null;
}

export type RunParts = Omit<Run, "bytes">;

/** How runs get to the server. */
export interface Reach {
  readonly options: () => UploaderOptions;
  readonly clock: Clock;
  readonly connectivity: Connectivity | null;
  /** Files up to so many bytes may be opened and sent in one request. */
  readonly wholeFileBytes: number;
  readonly pool: () => ConnectionPool;
  /** Single calls by way of the pool. */
  readonly api: () => DropprApi;
}

export interface RunHost {
  readonly reach: Reach;
  readonly books: Books;
  readonly gate: Gate;
}
