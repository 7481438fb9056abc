// Files under way by themselves, each with an uploader of its own on the line that all share.

import { UploadError } from "../core/errors";
import type { UploaderOptions } from "./manager-config";
import { ParallelUploader } from "./parallel-upload";
import type { RunHost } from "./run";
import { asUploadError, goingState, type Kind, type QueuedItem } from "./upload-item";

export class FileRuns {
  readonly #host: RunHost;

  constructor(host: RunHost) {
    this.#host = host;
  }

  async send(item: QueuedItem, kind: Kind): Promise<void> {
    const { books, gate } = this.#host;
    const round = gate.round;
    const stop = new AbortController();
    const uploader = this.#uploaderFor(item, kind, stop.signal);
    const run = gate.begin([item], { kind, stop, uploader, retrier: null });
    const result = await uploader.start().catch(asUploadError);
    const isMine = gate.isIn(run, item);
    gate.end(run, [item]);
    if (isMine && item.isGoing) {
      item.learn(uploader);
      if (result instanceof UploadError) gate.setBack(item, result, round);
      else books.done(item, result);
    }
    gate.fill();
  }

  #uploaderFor(item: QueuedItem, kind: Kind, signal: AbortSignal): ParallelUploader {
    const { reach, gate } = this.#host;
    const { connectivity, pool } = reach;
    const options = reach.options();
    const uploader: ParallelUploader = new ParallelUploader({
      ...options,
      ...(connectivity ? { connectivity } : {}),
      pool: pool(),
      small: kind !== "big",
      whole: this.#goesWhole(item, options),
      ahead: kind === "big" ? (options.ahead ?? null) : null,
      crowded: () => kind !== "big" && gate.crowded,
      file: item.file,
      relPath: item.path,
      item: item.item,
      key: item.key,
      signal,
      onProgress: this.#progressOf(item, () => uploader),
      // A file whose last chunks are on their way leaves connections to others.
      onChunkComplete: () => gate.fill(),
    });
    if (item.uploadId !== null) {
      uploader.resumeFromPreviousUpload({ ...item.previous, uploadId: item.uploadId });
    }
    return uploader;
  }

  /** Who may be turned away sends no bytes in vain, and where there are few files, all connections are for the chunks of each. */
  #goesWhole({ size, uploadId, uncertain }: QueuedItem, { chunkSize }: UploaderOptions): boolean {
    const { gate, reach } = this.#host;
    if (size === 0 || uploadId !== null || uncertain || !gate.proven || !gate.crowded) return false;
    const { chunkSize: paced } = reach.pool();
    return size <= Math.min(reach.wholeFileBytes, paced, chunkSize ?? paced);
  }

  #progressOf(item: QueuedItem, uploader: () => ParallelUploader): (loaded: number) => void {
    const { books, gate } = this.#host;
    const began = gate.round;
    let known: number | null = null;
    return (loaded) => {
      if (!item.isGoing) return;
      // The first report says what the server had before: not speed.
      books.moved(loaded - (known ?? loaded));
      known = loaded;
      const { safe, uploadId } = uploader();
      books.update(item, { state: goingState(item, loaded), loaded, safe, uploadId });
      // Bytes that left before their upload was opened prove nothing.
      if (uploadId !== null) gate.prove(began);
    };
  }
}
