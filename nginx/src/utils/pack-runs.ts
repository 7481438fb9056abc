// Packs under way: many small files in one request each, and what becomes of every file when the answer comes, or does not.
// A file that was cancelled meanwhile may stand on the server already: it is taken back.

import { networkError, UploadError } from "../core/errors";
import type { PackedFile } from "../core/wire";
import { packEntry, type RunHost, retrierFor, takeBack } from "./run";
import { asUploadError, goingState, isClosing, isHolding, type QueuedItem } from "./upload-item";

/** The whole request is refused for being a pack, not for what is in it. */
const UNPACKABLE = new Set([400, 404, 405, 411, 413, 415, 501]);

/** What sends packs. */
function loaded(): Promise<typeof import("./pack-sender")> {
  return import("./pack-sender").catch((cause: unknown) => {
    throw networkError(cause);
  });
}

export class PackRuns {
  readonly #host: RunHost;

  constructor(host: RunHost) {
    this.#host = host;
    // Before there is anything to send: then it is there when there is.
    loaded().catch(() => undefined);
  }

  async send(items: readonly QueuedItem[]): Promise<void> {
    const { gate, reach } = this.#host;
    const round = gate.round;
    const options = reach.options();
    const stop = new AbortController();
    const retrier = retrierFor(reach);
    for (const item of items) item.uncertain = true;
    const run = gate.begin(items, { kind: "packed", stop, uploader: null, retrier });
    const { openingHeaders } = options;
    const files = items.map((item) => ({ file: item.file, entry: packEntry(item, options) }));
    const onSent = (index: number, bytes: number): void => this.#sent(items[index], bytes);
    const api = reach.api();
    const answers = await retrier
      .run(loaded, stop.signal)
      .then(({ sendPack }) => sendPack({ files, api, retrier, openingHeaders, onSent }, stop.signal))
      .catch(asUploadError);
    // Those that were paused meanwhile and are on their way again belong to another run.
    const isMine = items.map((item) => gate.isIn(run, item));
    const mine = items.filter((_, index) => isMine[index]);
    if (answers instanceof UploadError) this.#refused(mine, answers, round);
    else for (const [at, item] of items.entries()) if (isMine[at]) this.#answered(item, answers[at], round);
    gate.end(run, items);
    gate.fill();
  }

  #sent(item: QueuedItem | undefined, bytes: number): void {
    if (!item?.isGoing) return;
    this.#host.books.moved(bytes - item.loaded);
    this.#host.books.update(item, { state: goingState(item, bytes), loaded: bytes });
  }

  /** The answer to a whole pack. What refuses packs as such is not asked again: the files go one by one. */
  #refused(items: readonly QueuedItem[], error: UploadError, round: number): void {
    for (const item of items) this.#learned(item, error);
    const going = items.filter((item) => item.isGoing);
    if (isHolding(error) || isClosing(error) || !UNPACKABLE.has(error.status)) {
      for (const item of going.toReversed()) this.#host.gate.setBack(item, error, round);
      return;
    }
    this.#host.gate.noMorePacks();
    for (const item of going) this.#host.gate.enqueue(item);
  }

  #answered(item: QueuedItem, answer: PackedFile | undefined, round: number): void {
    const { books, gate } = this.#host;
    this.#learned(item, answer);
    if (!item.isGoing || answer === undefined) return;
    if (answer instanceof UploadError) {
      if (answer.retryable && !isHolding(answer)) this.#sendAlone(item);
      else gate.setBack(item, answer, round);
    } else if (answer.complete) {
      gate.prove(round);
      books.done(item, answer);
    } else this.#sendAlone(item);
  }

  /** What is known now of what the server has of a file. One that was cancelled meanwhile has waited for that. */
  #learned(item: QueuedItem, answer: PackedFile | undefined): void {
    if (!(answer instanceof UploadError)) item.uploadId = answer?.uploadId ?? null;
    // Refused for good or never read, it was not taken; of everything else nobody knows.
    else if (answer.code === "file_unreadable" || (answer.status > 0 && !answer.retryable))
      item.uncertain = false;
    if (item.cancelling) void takeBack(item, this.#host);
  }

  /** By itself a file has retries of its own. */
  #sendAlone(item: QueuedItem): void {
    item.alone = true;
    this.#host.gate.enqueue(item);
  }
}
