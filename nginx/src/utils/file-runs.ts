// Files under way by themselves, each with an uploader of its own on the line that all share.

import { UploadError } from "../core/errors";
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
      item.uploadId = uploader.uploadId ?? item.uploadId;
      if (result instanceof UploadError) gate.setBack(item, result, round);
      else books.done(item, result);
    }
    gate.fill();
  }

  #uploaderFor(item: QueuedItem, kind: Kind, signal: AbortSignal): ParallelUploader {
    const { options, connectivity, pool } = this.#host.reach;
    const uploader: ParallelUploader = new ParallelUploader({
      ...options(),
      ...(connectivity ? { connectivity } : {}),
      pool: pool(),
      small: kind !== "big",
      file: item.file,
      relPath: item.path,
      key: item.key,
      signal,
      onProgress: this.#progressOf(item, () => uploader),
    });
    if (item.uploadId !== null) {
      uploader.resumeFromPreviousUpload({ ...item.previous, uploadId: item.uploadId });
    }
    return uploader;
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
      gate.prove(began);
    };
  }
}
