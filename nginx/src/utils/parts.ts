// Parts of a file that go straight into the store behind a server: it signs an address for each, and asks the store what has come.
// Whatever stands in the way (a proxy, the store's CORS) ends that for this file: the rest of it goes to the server as chunks. The next
// file tries again, unless several in a row were barred. Loaded where a server offers it.

import { UploadError } from "../core/errors";
import type { Span } from "../core/ranges";
import { type ChunkReceipt, parseChunkReceipt } from "../core/wire";
import type { TransportReply } from "../ports";
import type { Means } from "./transfer";

/** The header in which the digest goes to the store, where it is compared. */
const DIGEST = "x-amz-checksum-sha256";
const LEAST_PART_BYTES = 2 ** 20;
const LARGEST_PART_BYTES = 2 ** 30;
/** For how many parts addresses are asked for at once, at most: they have to be used before they expire. */
const MOST_AHEAD = 16;
/** Those used up within so many milliseconds were few: the next time there are twice as many. */
const SOON_MS = 60_000;
/** Parts wait this long, in milliseconds, for others to be confirmed with. */
const TOGETHER_MS = 300;
const CONFIRMED_AT_ONCE = 16;
/** So many files in a row of which nothing could be put, and this page does without trying. */
const MOST_BARRED = 3;
/** What a server says that has no such way, or not for this file. */
const UNKNOWN = new Set([
  "invalid_request",
  "invalid_range",
  "http_404",
  "http_405",
  "not_found",
  "method_not_allowed",
]);

export interface PartsConfig extends Pick<Means, "file" | "api" | "clock" | "digest"> {
  readonly uploadId: string;
}

interface Signed {
  /** Null where nothing is to be put. */
  readonly url: string | null;
  readonly number: number;
  /** It counts already. */
  readonly there: boolean;
  /** In base64. */
  readonly digest: string;
}

interface Waiting {
  readonly chunk: Span;
  readonly number: number;
  readonly resolve: (receipt: ChunkReceipt | null) => void;
  readonly reject: (reason: unknown) => void;
}

let barred = 0;

/** What `direct` of an upload's status offers; null where that is nothing that can be used. */
export function partsOf(direct: unknown, config: PartsConfig): Parts | null {
  const { part_size: size, most_parts: most } = { ...(direct as Record<string, unknown>) };
  const fits =
    Number.isSafeInteger(size) && Number(size) >= LEAST_PART_BYTES && Number(size) <= LARGEST_PART_BYTES;
  if (!fits || !Number.isSafeInteger(most) || Number(most) < 1 || barred >= MOST_BARRED) return null;
  return new Parts(config, Number(size), Number(most));
}

export class Parts {
  /** Bytes of a part, but for the last one; each begins at a multiple. */
  readonly size: number;
  isOff = false;
  readonly #config: PartsConfig;
  readonly #most: number;
  readonly #signed = new Map<number, Signed>();
  #signing: Promise<void> = Promise.resolve();
  #signedAt = 0;
  #ahead = 1;
  /** Parts that are being put or wait to be confirmed. */
  #active = 0;
  #waiting: Waiting[] = [];
  #gotThrough = false;
  #lost = 0;

  constructor(config: PartsConfig, size: number, most: number) {
    this.#config = config;
    this.size = size;
    this.#most = most;
  }

  /** Puts a chunk that is a part. Null, and nothing has counted, where it has to go to the server. */
  async send(
    chunk: Span,
    signal: AbortSignal,
    onSent: (bytes: number) => void,
  ): Promise<ChunkReceipt | null> {
    if (this.isOff || !this.#isPart(chunk)) return null;
    this.#active += 1;
    try {
      const signed = await this.#addressOf(chunk, signal);
      if (signed === null) return null;
      const put = signed.there ? "there" : await this.#put(chunk, signed, signal, onSent);
      if (put === "there") return await this.#status(signal);
      return put === null ? null : await this.#confirmed(chunk, put, signal);
    } finally {
      this.#active -= 1;
      this.#confirmWhatWaits(signal);
    }
  }

  #isPart({ start, stop }: Span): boolean {
    return start % this.size === 0 && stop === Math.min(start + this.size, this.#config.file.size);
  }

  /** One asks for addresses at a time, those of the parts that follow among them. */
  async #addressOf(chunk: Span, signal: AbortSignal, anew = false): Promise<Signed | null> {
    const before = this.#signing;
    let done: () => void = () => undefined;
    this.#signing = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      if (anew || !this.#signed.has(chunk.start)) await this.#sign(chunk, signal);
    } finally {
      done();
    }
    const signed = this.#signed.get(chunk.start) ?? null;
    this.#signed.delete(chunk.start);
    return signed !== null && (signed.there || signed.url !== null) ? signed : null;
  }

  async #sign(chunk: Span, signal: AbortSignal): Promise<void> {
    const { file, api, uploadId, digest: digestOf, clock } = this.#config;
    const digests = new Map<number, string>();
    const parts: unknown[] = [];
    const most = Math.min(this.#most, this.#ahead);
    for (let start = chunk.start; start < file.size && parts.length < most; start += this.size) {
      if (start !== chunk.start && this.#signed.has(start)) continue;
      const stop = Math.min(start + this.size, file.size);
      const said = await digestOf(file.slice(start, stop));
      if (said === null) return this.#end();
      const digest = said.slice("sha-256=:".length, -1);
      digests.set(start, digest);
      parts.push({ start, length: stop - start, sha256: hexOf(digest) });
    }
    try {
      const reply = await api.askAboutParts(uploadId, "", { parts }, signal);
      for (const each of listOf(reply, "parts")) this.#note(each, digests);
    } catch (error) {
      if (!(error instanceof UploadError && UNKNOWN.has(error.code))) throw error;
      this.#end();
    }
    const now = clock.now();
    const soon = this.#signedAt === 0 || now - this.#signedAt < SOON_MS;
    this.#ahead = soon ? Math.min(MOST_AHEAD, this.#ahead * 2) : Math.max(1, Math.floor(this.#ahead / 2));
    this.#signedAt = now;
  }

  #note(value: unknown, digests: ReadonlyMap<number, string>): void {
    const { start, number, url, there } = { ...(value as Record<string, unknown>) };
    const digest = digests.get(Number(start));
    if (digest === undefined) return;
    const usable = typeof url === "string" && /^https?:\/\//.test(url) && Number.isSafeInteger(number);
    this.#signed.set(Number(start), {
      url: usable ? url : null,
      number: Number(number),
      there: there === true,
      digest,
    });
  }

  /** The number of the part once it was put, "there" where it counts meanwhile; null where it has to go to the server. */
  async #put(
    chunk: Span,
    first: Signed,
    signal: AbortSignal,
    onSent: (bytes: number) => void,
  ): Promise<number | "there" | null> {
    const { file, api } = this.#config;
    let signed: Signed | null = first;
    for (let tries = 0; signed?.url; tries += 1) {
      const { url, digest, number }: Signed = signed;
      const body = file.slice(chunk.start, chunk.stop);
      try {
        const reply = await api.transport.send({
          method: "PUT",
          url,
          headers: { [DIGEST]: digest },
          body,
          signal,
          onSent,
        });
        if (reply.status < 300) {
          this.#gotThrough = true;
          this.#lost = 0;
          barred = 0;
          return number;
        }
        onSent(0);
        if (reply.status >= 500 && !this.#isTooMuch()) throw refused(reply);
        // The address has expired, the server's keys are others, or the bytes: asked anew, of what the file holds now.
        if ((reply.status !== 400 && reply.status !== 403) || tries > 0) break;
      } catch (error) {
        onSent(0);
        if (!(error instanceof UploadError) || error.code !== "network_error") throw error;
        if (signal.aborted || globalThis.navigator?.onLine === false || !this.#isTooMuch()) throw error;
        break;
      }
      signed = await this.#addressOf(chunk, signal, true);
      if (signed?.there) return "there";
    }
    this.#end();
    return null;
  }

  /** The first failure where nothing got there yet, else the second in a row. */
  #isTooMuch(): boolean {
    this.#lost += 1;
    return !this.#gotThrough || this.#lost > 1;
  }

  #end(): void {
    if (!this.isOff && !this.#gotThrough) barred += 1;
    this.isOff = true;
  }

  /** A part that counts already. */
  async #status(signal: AbortSignal): Promise<ChunkReceipt> {
    const { api, uploadId, file } = this.#config;
    const state = await api.status(uploadId, signal);
    return { ...state, receivedBytes: state.complete ? file.size : file.size - state.missing.bytes };
  }

  #confirmed(chunk: Span, number: number, signal: AbortSignal): Promise<ChunkReceipt | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ chunk, number, resolve, reject });
      if (this.#waiting.length === 1) {
        this.#config.clock.sleep(TOGETHER_MS, signal).then(
          () => this.#confirm(signal),
          () => this.#confirm(signal),
        );
      }
      this.#confirmWhatWaits(signal);
    });
  }

  /** Nobody waits for those who do not come. */
  #confirmWhatWaits(signal: AbortSignal): void {
    const { length } = this.#waiting;
    if (length > 0 && (length >= this.#active || length >= CONFIRMED_AT_ONCE)) void this.#confirm(signal);
  }

  async #confirm(signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.splice(0, this.#most);
    if (waiting.length === 0) return;
    const { api, uploadId } = this.#config;
    try {
      const numbers = waiting.map(({ number }) => number);
      const reply = await api.askAboutParts(uploadId, "/done", { parts: numbers }, signal);
      const receipt = parseChunkReceipt(reply);
      const gaps = receipt.complete ? [] : listOf(reply, "missing_ranges");
      for (const { chunk, resolve } of waiting) {
        const isLost = gaps.some((gap) => Array.isArray(gap) && gap[0] < chunk.stop && gap[1] >= chunk.start);
        // Somebody else has taken it, and said yes.
        if (isLost) this.#end();
        resolve(isLost ? null : receipt);
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

function refused({ status }: TransportReply): UploadError {
  return new UploadError(`The store answered with status ${status}.`, {
    code: `http_${status}`,
    status,
    retryable: true,
  });
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const list: unknown = { ...(value as Record<string, unknown>) }[name];
  return Array.isArray(list) ? list : [];
}

function hexOf(base64: string): string {
  return [...atob(base64)].map((each) => each.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
