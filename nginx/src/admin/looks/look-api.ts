// The calls by which an owner looks at a file. What the server is too busy for is asked for again.

import { systemClock } from "../../adapters/system-clock";
import { abortedError, errorFromReply, networkError, UploadError, unexpectedReply } from "../../core/errors";
import { type Declared, type Doubted, doubted } from "../../core/reply";
import { API } from "../../page/base";

export type LookKind = Declared<"Look">["look"];
const KINDS = ["picture", "pages", "video", "audio", "text", "none"] as const satisfies readonly LookKind[];
/** Pixels of the longer side: in a row, in a tile, and on the whole screen. */
export const ROW_PIXELS = 160;
export const TILE_PIXELS = 480;
export const SCREEN_PIXELS = 1_600;
const MOST_TRIES = 30;
const BUSY_SECONDS = 2;

export interface Described {
  readonly kind: LookKind;
  /** The type of its content; empty where that is not shown. */
  readonly type: string;
  readonly pages: number;
  /** Why it cannot be shown, as a sentence. */
  readonly problem: string;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export class LookApi {
  readonly #hash: string;
  readonly #fetch: Fetch;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Of which files there is none, as the server said it: that stays so, and is not asked for again in another size. */
  readonly #none = new Map<string, UploadError>();

  constructor(
    hash: string,
    fetch: Fetch = (url, init) => globalThis.fetch(url, init),
    sleep = systemClock.sleep,
  ) {
    this.#hash = hash;
    this.#fetch = fetch;
    this.#sleep = sleep;
  }

  async describe(uploadId: string, signal: AbortSignal): Promise<Described> {
    const reply = await this.#get(this.#url(uploadId), signal);
    try {
      return parseLook(await reply.json());
    } catch {
      throw signal.aborted ? abortedError() : unexpectedReply(reply.status);
    }
  }

  /** Throws `no_picture` where there is none. */
  async picture(uploadId: string, size: number, page: number, signal: AbortSignal): Promise<Blob> {
    const known = this.#none.get(uploadId);
    if (known !== undefined) throw known;
    try {
      const reply = await this.#get(`${this.#url(uploadId)}/picture?size=${size}&page=${page}`, signal);
      return await reply.blob();
    } catch (error) {
      if (page === 1 && error instanceof UploadError && error.code === "no_picture")
        this.#none.set(uploadId, error);
      throw error;
    }
  }

  async text(uploadId: string, signal: AbortSignal): Promise<string> {
    return (await this.#get(this.contentUrl(uploadId), signal)).text();
  }

  /** Where the bytes of a file are that may be shown. */
  contentUrl(uploadId: string): string {
    return `${this.#url(uploadId)}/content`;
  }

  #url(uploadId: string): string {
    return `${API}/requests/${encodeURIComponent(this.#hash)}/looks/${encodeURIComponent(uploadId)}`;
  }

  async #get(url: string, signal: AbortSignal): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      try {
        // What lies in the browser's own cache is shown only once the server has said that it still may be.
        const reply = await this.#fetch(url, { credentials: "same-origin", cache: "no-cache", signal });
        if (reply.ok) return reply;
        const error = await refusal(reply);
        if (error.status !== 503 || tries === MOST_TRIES) throw error;
        await this.#sleep((error.retryAfter ?? BUSY_SECONDS) * 1000, signal);
      } catch (error) {
        if (signal.aborted) throw abortedError();
        throw error instanceof TypeError ? networkError(error) : error;
      }
    }
  }
}

async function refusal(reply: Response): Promise<UploadError> {
  const { status } = reply;
  const text = await reply.text();
  return errorFromReply({ status, text, retryAfter: reply.headers.get("Retry-After"), now: Date.now() });
}

/** Throws a `TypeError` for anything else. */
export function parseLook(value: unknown): Described {
  const { look, type, pages, problem }: Doubted<Declared<"Look">> = doubted(value);
  const kind = KINDS.find((each) => each === look);
  if (kind === undefined || typeof type !== "string" || typeof pages !== "number")
    throw new TypeError("Not how a file is looked at");
  return { kind, type, pages, problem: typeof problem === "string" ? problem : "" };
}

export function isAborted(error: unknown): boolean {
  return error instanceof UploadError && error.code === "aborted";
}
