// The calls about settings. The session is a cookie that this code never sees.

import { errorFromReply, networkError, unexpectedReply } from "../../core/errors";
import { BASE } from "../../page/base";
import { type Changes, parseSettings, parseTested, type Settings, type Tested } from "./wire";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export class SettingsApi {
  readonly #fetch: Fetch;

  constructor(fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {
    this.#fetch = fetch;
  }

  /** Throws `unauthorized` where nobody is logged in who may see them. */
  async all(): Promise<Settings> {
    return this.#read("", "GET", undefined, parseSettings);
  }

  /** All of it or nothing. What the server does not accept is told field by field. */
  async change(changes: Changes): Promise<Settings> {
    return this.#read("", "PATCH", changes, parseSettings);
  }

  /** Null takes the picture away. */
  async setLogo(picture: Blob | null): Promise<Settings> {
    return this.#read("/logo", picture === null ? "DELETE" : "PUT", picture ?? undefined, parseSettings);
  }

  async testMail(to: string, changes: Changes): Promise<Tested> {
    return this.#read("/test-mail", "POST", { ...changes, to }, parseTested);
  }

  async #read<T>(
    path: string,
    method: string,
    body: object | undefined,
    parse: (value: unknown) => T,
  ): Promise<T> {
    const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
    if (body !== undefined) {
      const isFile = body instanceof Blob;
      init.body = isFile ? body : JSON.stringify(body);
      init.headers = { "Content-Type": isFile ? "application/octet-stream" : "application/json" };
    }
    const { ok, status, headers, text } = await this.#sent(`${BASE}/api/settings${path}`, init);
    if (!ok) throw errorFromReply({ status, text, retryAfter: headers.get("Retry-After"), now: Date.now() });
    try {
      return parse(JSON.parse(text));
    } catch {
      throw unexpectedReply(status);
    }
  }

  async #sent(url: string, init: RequestInit) {
    try {
      const reply = await this.#fetch(url, init);
      return { ok: reply.ok, status: reply.status, headers: reply.headers, text: await reply.text() };
    } catch (error) {
      // `fetch` says no more about a lost connection than that it is a TypeError.
      throw error instanceof TypeError ? networkError(error) : error;
    }
  }
}
