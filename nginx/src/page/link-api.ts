// The calls of a link that move no file: empty folders, receipts, taking back; and the way that others go (begun.ts).

import { whyLost } from "../adapters/why-lost";
import { errorFromReply, unexpectedReply } from "../core/errors";
import type { Clock } from "../ports";
import { linkUrl } from "./base";

export type Fields = Readonly<Record<string, unknown>>;

/** Seconds between two questions for a receipt whose checksums are not ready yet. */
const RECEIPT_PAUSE_SECONDS = 2;
/** How often a call is made again that the server has no turn for: others ask the same of this link. */
const MAX_BUSY_TRIES = 5;
const MAX_PAUSE_SECONDS = 15;
const NEVER = new AbortController().signal;

export class LinkApi {
  readonly #url: string;
  readonly #clock: Clock;

  constructor(hash: string, clock: Clock) {
    this.#url = linkUrl(hash);
    this.#clock = clock;
  }

  /** Throws UploadError, as all of these do. `headers` are those of opening an upload. */
  async makeFolders(body: Fields, headers: Readonly<Record<string, string>>): Promise<void> {
    await this.post("/folders", body, headers);
  }

  /** The signed receipt; waits for checksums that are still being computed. `onWait` is told when it has to. */
  async receipt(uploads: readonly string[], signal: AbortSignal, onWait: () => void): Promise<Fields> {
    for (;;) {
      const reply = await this.#send("/receipts", withBody("POST", { uploads }));
      if (reply.status !== 409) return this.#read(reply);
      onWait();
      await this.#clock.sleep(
        Number(reply.headers.get("Retry-After") ?? RECEIPT_PAUSE_SECONDS) * 1_000,
        signal,
      );
    }
  }

  /** Takes back what has arrived; the browser sends it even while the page is being left. */
  async takeBack(uploadId: string): Promise<void> {
    const url = `${this.#url}/uploads/${encodeURIComponent(uploadId)}`;
    const reply = await fetch(url, { method: "DELETE", keepalive: true }).catch(async (cause: unknown) => {
      throw await whyLost(url, NEVER, cause);
    });
    if (!reply.ok) await this.#read(reply);
  }

  /** What a call that changes nothing answers. */
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Fields> {
    return this.#read(await this.#send(path, { headers }));
  }

  async put(path: string, body: Fields, headers: Readonly<Record<string, string>> = {}): Promise<Fields> {
    return this.#read(await this.#send(path, withBody("PUT", body, headers)));
  }

  async post(path: string, body: Fields, headers: Readonly<Record<string, string>> = {}): Promise<Fields> {
    return this.#read(await this.#send(path, withBody("POST", body, headers)));
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    for (let tries = 0; ; tries++) {
      const url = this.#url + path;
      const reply = await fetch(url, init).catch(async (cause: unknown) => {
        throw await whyLost(url, NEVER, cause);
      });
      if (reply.status !== 503 || tries === MAX_BUSY_TRIES) return reply;
      const seconds = Number(reply.headers.get("Retry-After") ?? 1);
      await this.#clock.sleep(Math.min(seconds, MAX_PAUSE_SECONDS) * 1_000, NEVER);
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

function withBody(method: string, body: Fields, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
}
