// Uploads that were begun and not finished: by an earlier visit in this browser, or on another device that handed them
// over with a code. The page continues them once it is given the same files, or opens them itself where it may.

import { sessionKey } from "../adapters/local-sessions";
import { UploadError } from "../core/errors";
import type { SessionStore } from "../ports";
import type { PreviousUpload } from "../utils/uploader-config";
import { type Begun, statusOf } from "./begun";
import { make, makeButton, need, setHidden, setText } from "./dom";
import { formatBytes } from "./format";
import type { Handles } from "./handles";
import { onLanguage, t } from "./i18n";
import type { Picked } from "./limits";
import type { LinkApi } from "./link-api";
import { guardSecondClick } from "./second-click";
import "./plain.css";

interface Entry {
  readonly begun: Begun;
  /** Where this browser remembers it; null for what came from another device. */
  readonly key: string | null;
  /** Of the checklist; empty for none, null where only that other device knows. */
  readonly item: string | null;
}

/** As what a chosen file is sent. */
export interface Taken {
  readonly path: string;
  readonly previous: PreviousUpload | null;
  readonly item: string;
}

interface Needs {
  readonly link: string;
  readonly api: LinkApi;
  readonly sessions: SessionStore;
  readonly handles: Handles;
  /** Asks the server to forget an upload. */
  readonly discard: (uploadId: string) => Promise<void>;
  /** The browser has opened a file again. */
  readonly onOpened: (picked: Picked) => void;
}

/** How many uploads are asked about at the same time. */
const MAX_QUESTIONS_AT_ONCE = 6;

export class Unfinished {
  readonly #box = need("unfinished");
  readonly #text = need("unfinished-text");
  readonly #list = need("unfinished-list");
  readonly #entries = new Map<string, Entry>();
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
    guardSecondClick(this.#list);
    onLanguage(() => this.#paint());
  }

  /** Lists what this browser began to send here and the server still holds. */
  async show(): Promise<void> {
    const { sessions, link, api } = this.#needs;
    await this.#needs.handles.load();
    const ours = sessions.all().filter((session) => session.link === link);
    while (ours.length > 0) {
      const some = ours.splice(0, MAX_QUESTIONS_AT_ONCE).map(async (session) => {
        const key = sessionKey(session);
        try {
          const begun = await statusOf(api, session.uploadId);
          if (begun.complete) sessions.remove(key);
          else this.#entries.set(begun.uploadId, { begun, key, item: session.item ?? "" });
        } catch (error) {
          // Gone for good; where the server cannot be asked now, choosing the file again will tell.
          if (error instanceof UploadError && error.status === 404) sessions.remove(key);
        }
      });
      await Promise.all(some);
    }
    this.#paint();
  }

  /** Adds what another device was sending. */
  addFromElsewhere(uploads: readonly Begun[]): void {
    for (const begun of uploads) {
      if (!begun.complete && !this.#entries.has(begun.uploadId)) {
        this.#entries.set(begun.uploadId, { begun, key: null, item: null });
      }
    }
    this.#paint();
  }

  /**
   * What `picked` continues, if anything: the path it was begun under, and for an upload of another device where to
   * continue. A file that lay in a folder then and is chosen by itself now is found by its name and size. Chosen for no item, it goes
   * on for the one that it was begun for; what was begun for another one is left alone.
   */
  take({ file, path }: Picked, wanted = ""): Taken {
    const found = [...this.#entries.values()].find(
      ({ begun, item }) =>
        begun.size === file.size &&
        (begun.path === path || begun.path.endsWith(`/${path}`)) &&
        (wanted === "" || item === null || item === wanted),
    );
    if (found === undefined) return { path, previous: null, item: wanted };
    const { begun, key } = found;
    const item = found.item ?? wanted;
    this.#entries.delete(begun.uploadId);
    this.#paint();
    if (key !== null) return { path: begun.path, previous: null, item };
    const { uploadId, sample, lastModified } = begun;
    const known = {
      ...(sample === null ? {} : { sample }),
      ...(lastModified === null ? {} : { lastModified }),
    };
    return { path: begun.path, previous: { uploadId, path: begun.path, ...known }, item };
  }

  async #discard({ begun, key }: Entry): Promise<void> {
    this.#entries.delete(begun.uploadId);
    this.#paint();
    if (key !== null) this.#needs.sessions.remove(key);
    await this.#needs.discard(begun.uploadId).catch(() => undefined);
  }

  async #reopen({ begun }: Entry): Promise<void> {
    const file = await this.#needs.handles.open(begun.path);
    if (file !== null) this.#needs.onOpened({ file, path: begun.path });
    else need("choose").focus();
  }

  #paint(): void {
    const entries = [...this.#entries.values()];
    const count = entries.length;
    setHidden(this.#box, count === 0);
    if (count === 0) return;
    setText(this.#text, `${t("unfinished", { count })} ${t("unfinished_pick", { count })}`);
    this.#list.replaceChildren(...entries.map((entry) => this.#row(entry)));
  }

  #row(entry: Entry): HTMLElement {
    const { path, size, received } = entry.begun;
    const values = { path, done: formatBytes(received), size: formatBytes(size) };
    const row = make("li", {}, make("span", { text: t("unfinished_item", values) }));
    if (this.#needs.handles.has(path)) {
      const reopen = makeButton(t("reopen"), "slim primary", () => void this.#reopen(entry));
      reopen.setAttribute("aria-label", t("resume_item", { path }));
      row.append(reopen);
    } else {
      const choose = makeButton(t("choose"), "slim primary", () => need("choose").click());
      choose.setAttribute("aria-label", `${t("choose")}: ${path}`);
      row.append(choose);
    }
    const discard = makeButton(t("discard"), "slim", () => void this.#discard(entry));
    discard.setAttribute("aria-label", t("discard_item", { path }));
    discard.dataset.id = entry.begun.uploadId;
    row.append(discard);
    return row;
  }
}
