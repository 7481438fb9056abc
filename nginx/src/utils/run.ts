// What is under way, and what it is given: a way to the server, the books that it writes into, and the gate that it comes back to.

import type { DropprApi } from "../adapters/droppr-api";
import { networkError, notCancelledError } from "../core/errors";
import type { PackEntry } from "../core/pack";
import type { Clock, Connectivity } from "../ports";
import type { Books } from "./books";
import type { ConnectionPool } from "./connection-pool";
import type { Gate } from "./gate";
import type { UploaderOptions } from "./manager-config";
import type { ParallelUploader } from "./parallel-upload";
import { Retrier } from "./retrier";
import { asUploadError, type Kind, type QueuedItem } from "./upload-item";

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

export function retrierFor({ options, clock, connectivity }: Reach): Retrier {
  const { maxRetries = 5, onShouldRetry } = options();
  return new Retrier(clock, maxRetries, connectivity, onShouldRetry);
}

export function packEntry(
  { path, size, key, file, item }: QueuedItem,
  { senderName, senderEmail }: UploaderOptions,
): PackEntry {
  return {
    path,
    size,
    key,
    lastModified: file.lastModified,
    item,
    ...(senderName ? { senderName } : {}),
    ...(senderEmail ? { senderEmail } : {}),
  };
}

/** What deletes cancelled files. Asked for before there are any: then it is there when the line is not. */
export function takingBack(): Promise<typeof import("./take-back")> {
  return import("./take-back").catch((cause: unknown) => {
    throw networkError(cause);
  });
}

/** A file that was cancelled is gone only once the server says so: what it has, or may have, is taken back by its upload or by its
 * key, again and again while nothing gets through. Where that fails, the file says so. */
export async function takeBack(item: QueuedItem, { reach, books }: RunHost): Promise<void> {
  if (item.uploadId !== null || item.uncertain) {
    try {
      const { deleted } = await retrierFor(reach).run(takingBack);
      const stands = await deleted(item, reach);
      if (stands !== null) return books.done(item, stands);
    } catch (cause) {
      // Sent again or cancelled again, it meets what may stand there.
      const error = notCancelledError(asUploadError(cause));
      return books.update(item, { state: "failed", error, cancelling: false });
    }
  }
  item.startOver();
  books.update(item, { cancelling: false });
}
