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
    const host = this.#host;
    const round = host.round();
    const stop = new AbortController();
    const uploader = this.#uploaderFor(item, kind, stop.signal);
    const run = host.begin([item], { kind, stop, uploader, retrier: null });
    const result = await uploader.start().catch(asUploadError);
    const isMine = host.isIn(run, item);
    host.end(run, [item]);
    if (isMine && item.isGoing) {
      item.uploadId = uploader.uploadId ?? item.uploadId;
      if (result instanceof UploadError) host.setBack(item, result, round);
      else host.done(item, result);
    }
    host.next();
  }

  #uploaderFor(item: QueuedItem, kind: Kind, signal: AbortSignal): ParallelUploader {
    const { options, connectivity, pool } = this.#host;
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
    const { round, moved, update, prove } = this.#host;
    const began = round();
    let known: number | null = null;
    return (loaded) => {
      if (!item.isGoing) return;
      // The first report says what the server had before: not speed.
      moved(loaded - (known ?? loaded));
      known = loaded;
      const { safe, uploadId } = uploader();
      update(item, { state: goingState(item, loaded), loaded, safe, uploadId });
      prove(began);
    };
  }
}
