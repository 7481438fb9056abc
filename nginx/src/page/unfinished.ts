// Uploads an earlier visit left behind: the page can continue them once it is given the same file again.

import type { DropprApi } from "../adapters/droppr-api";
import { sessionKey } from "../adapters/local-sessions";
import type { SavedSession, SessionStore } from "../ports";
import { make, makeButton, need, setText } from "./dom";
import { countOf, formatBytes } from "./format";

export class Unfinished {
  readonly #box = need("unfinished", HTMLElement);
  readonly #text = need("unfinished-text", HTMLElement);
  readonly #list = need("unfinished-list", HTMLElement);
  readonly #rows = new Map<string, HTMLElement>();
  readonly #api: DropprApi;
  readonly #sessions: SessionStore;
  readonly #signal = new AbortController().signal;

  constructor(api: DropprApi, sessions: SessionStore) {
    this.#api = api;
    this.#sessions = sessions;
  }

  /** Lists what this browser began to send to `link` and the server still holds. */
  async show(link: string): Promise<void> {
    const ours = this.#sessions.all().filter((session) => session.link === link);
    await Promise.all(ours.map((session) => this.#check(session)));
  }

  /** The file was chosen again (or given up): it is no longer waiting to be. */
  settle(key: string): void {
    this.#rows.get(key)?.remove();
    this.#rows.delete(key);
    this.#count();
  }

  async #check(session: SavedSession): Promise<void> {
    const key = sessionKey(session);
    try {
      const { missing, complete } = await this.#api.status(session.uploadId, this.#signal);
      if (complete) this.#sessions.remove(key);
      else this.#add(key, session, session.size - missing.bytes);
    } catch {
      // Gone, or the server cannot be asked now: choosing the file again will tell, nothing is lost by silence here.
    }
  }

  #add(key: string, session: SavedSession, arrived: number): void {
    const words = `${session.path} – ${formatBytes(arrived)} of ${formatBytes(session.size)} has arrived`;
    const discard = makeButton("Discard", "slim", () => void this.#discard(key, session));
    discard.setAttribute("aria-label", `Discard what has arrived of ${session.path}`);
    const row = make("li", {}, make("span", { text: words }), discard);
    this.#rows.set(key, row);
    this.#list.append(row);
    this.#count();
  }

  async #discard(key: string, { uploadId }: SavedSession): Promise<void> {
    this.settle(key);
    this.#sessions.remove(key);
    await this.#api.cancel(uploadId, this.#signal).catch(() => undefined);
  }

  #count(): void {
    const count = this.#rows.size;
    this.#box.hidden = count === 0;
    const which =
      count === 1 ? "Choose the same file again to continue it" : "Choose the same files again to continue";
    setText(this.#text, `${countOf(count, "upload is", "uploads are")} unfinished. ${which}:`);
  }
}
