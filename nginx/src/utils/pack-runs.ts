// Packs under way: many small files in one request each, and what becomes of every file when the answer comes, or does not.
// A file that was cancelled meanwhile may stand on the server already: it is taken back, by its upload or by its key.

import { notCancelledError, UploadError } from "../core/errors";
import type { PackEntry } from "../core/pack";
import type { PackedFile } from "../core/wire";
import type { UploaderOptions } from "./manager-config";
import { sendPack } from "./pack-sender";
import { Retrier } from "./retrier";
import type { RunHost } from "./run";
import {
  asUploadError,
  type Delivered,
  goingState,
  isClosing,
  isHolding,
  type QueuedItem,
} from "./upload-item";

/** The whole request is refused for being a pack, not for what is in it. */
const UNPACKABLE = new Set([400, 404, 405, 411, 413, 415, 501]);

export class PackRuns {
  readonly #host: RunHost;

  constructor(host: RunHost) {
    this.#host = host;
  }

  async send(items: readonly QueuedItem[]): Promise<void> {
    const { begin, isIn, end, next } = this.#host;
    const round = this.#host.round();
    const options = this.#host.options();
    const stop = new AbortController();
    const retrier = this.#retrier(options);
    const run = begin(items, { kind: "packed", stop, uploader: null, retrier });
    const { openingHeaders } = options;
    const files = items.map((item) => ({ file: item.file, entry: packEntry(item, options) }));
    const onSent = (index: number, bytes: number): void => this.#sent(items[index], bytes);
    const api = this.#host.api();
    const answers = await sendPack({ files, api, retrier, openingHeaders, onSent }, stop.signal).catch(
      asUploadError,
    );
    // Those that were paused meanwhile and are on their way again belong to another run.
    const isMine = items.map((item) => isIn(run, item));
    const mine = items.filter((_, index) => isMine[index]);
    if (answers instanceof UploadError) this.#refused(mine, answers, round);
    else for (const [at, item] of items.entries()) if (isMine[at]) this.#answered(item, answers[at], round);
    end(run, items);
    next();
  }

  #retrier({ maxRetries = 5, onShouldRetry }: UploaderOptions): Retrier {
    return new Retrier(this.#host.clock, maxRetries, this.#host.connectivity, onShouldRetry);
  }

  #sent(item: QueuedItem | undefined, bytes: number): void {
    if (!item?.isGoing) return;
    this.#host.moved(bytes - item.loaded);
    this.#host.update(item, { state: goingState(item, bytes), loaded: bytes });
  }

  /** The answer to a whole pack. What refuses packs as such is not asked again: the files go one by one. */
  #refused(items: readonly QueuedItem[], error: UploadError, round: number): void {
    for (const item of items) if (item.state === "cancelled") this.#cancelled(item, error);
    const going = items.filter((item) => item.isGoing);
    if (isHolding(error) || isClosing(error) || !UNPACKABLE.has(error.status)) {
      for (const item of going.toReversed()) this.#host.setBack(item, error, round);
      return;
    }
    this.#host.noMorePacks();
    for (const item of going) this.#host.enqueue(item);
  }

  #answered(item: QueuedItem, answer: PackedFile | undefined, round: number): void {
    const { setBack, prove, done } = this.#host;
    if (item.state === "cancelled") this.#cancelled(item, answer);
    else if (answer === undefined) return;
    else if (!item.isGoing) {
      item.uploadId = answer instanceof UploadError ? null : answer.uploadId;
    } else if (answer instanceof UploadError) {
      if (answer.retryable && !isHolding(answer)) this.#sendAlone(item);
      else setBack(item, answer, round);
    } else if (answer.complete) {
      prove(round);
      done(item, answer);
    } else {
      item.uploadId = answer.uploadId;
      this.#sendAlone(item);
    }
  }

  /** By itself a file has retries of its own. */
  #sendAlone(item: QueuedItem): void {
    item.alone = true;
    this.#host.enqueue(item);
  }

  #cancelled(item: QueuedItem, answer: PackedFile | undefined): void {
    const entry = packEntry(item, this.#host.options());
    item.startOver();
    // Refused for good, it was never taken; of everything else nobody knows.
    const refused = answer instanceof UploadError && answer.status > 0 && !answer.retryable;
    if (refused) return;
    void this.#takeBack(item, entry, answer instanceof UploadError ? undefined : answer);
  }

  /** Makes sure that a file which may have been delivered is gone. Where that fails, the file says so. */
  async #takeBack(item: QueuedItem, entry: PackEntry, known: Delivered | undefined): Promise<void> {
    const api = this.#host.api();
    const options = this.#host.options();
    const { signal } = new AbortController();
    let found = known;
    try {
      await this.#retrier(options).run(async () => {
        // The key leads to what was delivered, or else to an empty upload.
        found ??= await api.open(entry, (await options.openingHeaders?.(signal)) ?? {}, signal);
        await api.cancel(found.uploadId, signal);
      }, signal);
    } catch (cause) {
      const error = asUploadError(cause);
      if (error.status === 404 || item.state !== "cancelled") return;
      if (error.code === "upload_complete" && found) {
        this.#host.done(item, found);
        return;
      }
      // Sent again, it meets what may stand there.
      item.key = entry.key;
      this.#host.update(item, { state: "failed", error: notCancelledError(error) });
    }
  }
}

function packEntry(
  { path, size, key, file }: QueuedItem,
  { senderName, senderEmail }: UploaderOptions,
): PackEntry {
  return {
    path,
    size,
    key,
    lastModified: file.lastModified,
    ...(senderName ? { senderName } : {}),
    ...(senderEmail ? { senderEmail } : {}),
  };
}
