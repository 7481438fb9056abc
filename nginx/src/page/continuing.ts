// What an earlier visit or another device began: the list of it, and what was dropped, are loaded where there is such a thing.

import type { SessionStore } from "../ports";
import type { Begun } from "./begun";
import type { Handles } from "./handles";
import type { LateApi } from "./late-api";
import type { Picked } from "./limits";
import type { Taken, Unfinished } from "./unfinished";

interface Needs {
  readonly hash: string;
  readonly link: string;
  readonly api: LateApi;
  readonly sessions: SessionStore;
  readonly discard: (uploadId: string) => Promise<void>;
  readonly onOpened: (picked: Picked) => void;
}

export class Continuing {
  readonly #needs: Needs;
  #handles: Promise<Handles> | null = null;
  #list: Promise<Unfinished> | null = null;
  #shown: Unfinished | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Lists what this browser began to send here and the server still holds. */
  async show(): Promise<void> {
    const { sessions, link } = this.#needs;
    if (sessions.all().some((session) => session.link === link)) await (await this.#load()).show();
  }

  async addFromElsewhere(uploads: readonly Begun[]): Promise<void> {
    (await this.#load()).addFromElsewhere(uploads);
  }

  /** What `picked`, for an item of the checklist, continues, if anything. */
  take(picked: Picked, item: string): Taken {
    return this.#shown?.take(picked, item) ?? { path: picked.path, previous: null, item };
  }

  /** Keeps what was dropped where the browser can open it again after a reload. */
  async keep(handles: readonly FileSystemHandle[]): Promise<void> {
    if (handles.length > 0) await (await this.#kept()).keep(handles);
  }

  /** Everything has been sent. */
  async forget(): Promise<void> {
    await (await this.#kept()).forget();
  }

  #kept(): Promise<Handles> {
    this.#handles ??= import("./handles").then(({ Handles }) => new Handles(this.#needs.hash));
    return this.#handles;
  }

  #load(): Promise<Unfinished> {
    this.#list ??= this.#make();
    return this.#list;
  }

  async #make(): Promise<Unfinished> {
    const parts = [import("./unfinished"), this.#kept(), this.#needs.api()] as const;
    const [{ Unfinished }, handles, api] = await Promise.all(parts);
    this.#shown = new Unfinished({ ...this.#needs, handles, api });
    return this.#shown;
  }
}
