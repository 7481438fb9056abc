// The calls of a link that move no file: empty folders, receipts, and handing uploads to another device.

import { errorFromReply, networkError, unexpectedReply } from "../core/errors";
import type { Clock } from "../ports";
import { linkUrl } from "./base";

type Fields = Readonly<Record<string, unknown>>;

export interface HandOff {
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly url: string;
}

/** An upload somebody began, as the server knows it. */
export interface Begun {
  readonly uploadId: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly received: number;
  readonly complete: boolean;
  /** Milliseconds since 1970; null where whoever began it did not say. */
  readonly lastModified: number | null;
  readonly sample: string | null;
}

/** Seconds between two questions for a receipt whose checksums are not ready yet. */
const RECEIPT_PAUSE = 2;
/** How often a call is made again that the server has no turn for: others ask the same of this link. */
const BUSY_TRIES = 5;
const LONGEST_PAUSE = 15;
const NEVER = new AbortController().signal;

export class LinkApi {
  readonly #url: string;
  readonly #clock: Clock;

  constructor(hash: string, clock: Clock) {
    this.#url = linkUrl(hash);
    this.#clock = clock;
  }

  /** Throws UploadError, as all of these do. */
  /** `headers` are those of opening an upload. */
  async makeFolders(paths: readonly string[], headers: Readonly<Record<string, string>>): Promise<void> {
    await this.#post("/folders", { paths }, headers);
  }

  /** The signed receipt; waits for checksums that are still being computed. `onWait` is told when it has to. */
  async receipt(uploads: readonly string[], signal: AbortSignal, onWait: () => void): Promise<Fields> {
    for (;;) {
      const reply = await this.#send("/receipts", { uploads });
      if (reply.status !== 409) return this.#read(reply);
      onWait();
      await this.#clock.sleep(Number(reply.headers.get("Retry-After") ?? RECEIPT_PAUSE) * 1_000, signal);
    }
  }

  /** Takes back what has arrived; the browser sends it even while the page is being left. */
  async takeBack(uploadId: string): Promise<void> {
    const url = `${this.#url}/uploads/${encodeURIComponent(uploadId)}`;
    const reply = await fetch(url, { method: "DELETE", keepalive: true }).catch((cause: unknown) => {
      throw networkError(cause);
    });
    if (!reply.ok) await this.#read(reply);
  }

  async handOff(uploads: readonly string[]): Promise<HandOff> {
    const { code, expires_at: until, url } = await this.#post("/handoffs", { uploads });
    if (typeof code !== "string" || typeof until !== "number" || typeof url !== "string") {
      throw unexpectedReply(201);
    }
    return { code, url, expiresAt: until * 1_000 };
  }

  async handedOver(code: string): Promise<Begun[]> {
    const { uploads } = await this.#read(await this.#send(`/handoffs/${encodeURIComponent(code)}`));
    return Array.isArray(uploads) ? uploads.map((each: Fields) => parseBegun(each)) : [];
  }

  async status(uploadId: string): Promise<Begun> {
    return parseBegun(await this.#read(await this.#send(`/uploads/${encodeURIComponent(uploadId)}`)));
  }

  async #post(path: string, body: Fields, headers: Readonly<Record<string, string>> = {}): Promise<Fields> {
    return this.#read(await this.#send(path, body, headers));
  }

  async #send(path: string, body?: Fields, extra: Readonly<Record<string, string>> = {}): Promise<Response> {
    const init =
      body === undefined
        ? {}
        : { method: "POST", body: JSON.stringify(body), headers: { ...JSON_BODY, ...extra } };
    for (let tries = 0; ; tries++) {
      const reply = await fetch(this.#url + path, init).catch((cause: unknown) => {
        throw networkError(cause);
      });
      if (reply.status !== 503 || tries === BUSY_TRIES) return reply;
      const seconds = Number(reply.headers.get("Retry-After") ?? 1);
      await this.#clock.sleep(Math.min(seconds, LONGEST_PAUSE) * 1_000, NEVER);
    }
  }

  async #read(reply: Response): Promise<Fields> {
    const text = await reply.text();
    const retryAfter = reply.headers.get("Retry-After");
    if (!reply.ok) throw errorFromReply({ status: reply.status, text, retryAfter, now: this.#clock.now() });
    try {
      return JSON.parse(text) as Fields;
    } catch {
      throw unexpectedReply(reply.status);
    }
  }
}

const JSON_BODY = { "Content-Type": "application/json" } as const;

function parseBegun(fields: Fields): Begun {
  const {
    upload_id: uploadId,
    path,
    size,
    received_bytes: received,
    last_modified: seconds,
    sample,
  } = fields;
  if (typeof uploadId !== "string" || typeof path !== "string" || typeof size !== "number") {
    throw unexpectedReply(200);
  }
  return {
    uploadId,
    path,
    size,
    received: typeof received === "number" ? received : 0,
    complete: fields.complete === true,
    lastModified: typeof seconds === "number" ? Math.round(seconds * 1_000) : null,
    sample: typeof sample === "string" ? sample : null,
  };
}
