// Taking received files away: all in one archive, what is new since the last one, what is chosen, and some to the bin.

import { archiveUrl, type OwnerApi } from "./api";
import type { Selection } from "./files/selection";
import type { Found } from "./files/shelf";
import { choiceQuery, type View } from "./files/view";
import { t } from "./i18n";
import { acts, part, say, show } from "./parts";
import { visibleName } from "./visible";
import { errorWords } from "./words";

/** Where the next file moves below the pointer: a second click on "Delete" so soon was meant for the first one. */
const SECOND_CLICK_MS = 700;
/** Whoever is asked whether to delete for good answers by pressing again, not sooner and not later than this. */
const SURE_MS = 15_000;
const MICROSECOND = 1e-6;
/** So many ids an address holds. */
const MOST_IN_ADDRESS = 50;

type Api = Pick<OwnerApi, "removeMany" | "restoreMany" | "select">;

export class Taking {
  readonly #root: ParentNode;
  readonly #hash: string;
  readonly #api: Api;
  readonly #changed: (back: boolean) => void;
  readonly #all: HTMLAnchorElement;
  readonly #new: HTMLAnchorElement;
  readonly #line: HTMLElement;
  readonly #undo: HTMLButtonElement;
  #newest = 0;
  /** Up to when all was taken, in milliseconds, as the server said, or as was begun here. */
  #taken: number | null = null;
  #takenAt = Number.NEGATIVE_INFINITY;
  #deleted: readonly string[] = [];
  #at = Number.NEGATIVE_INFINITY;
  #asked = { ids: "", at: Number.NEGATIVE_INFINITY };
  #busy = false;

  /** `changed` is called where files have gone, or have come `back`. */
  constructor(root: ParentNode, hash: string, api: Api, changed: (back: boolean) => void) {
    this.#root = root;
    this.#hash = hash;
    this.#api = api;
    this.#changed = changed;
    this.#all = part(root, "take-all", HTMLAnchorElement);
    this.#new = part(root, "take-new", HTMLAnchorElement);
    this.#line = part(root, "deleted", HTMLElement);
    this.#undo = part(root, "undo", HTMLButtonElement);
    this.#all.href = archiveUrl(hash);
    for (const link of [this.#all, this.#new])
      link.addEventListener("click", (event) => {
        // Who clicks twice wants it once.
        if (performance.now() - this.#takenAt < SECOND_CLICK_MS) event.preventDefault();
        else this.#begun();
      });
    acts(this.#undo, () => this.#restore());
  }

  /** Shows what can be taken of so many files, the newest of which arrived then, and what of it is new since all was taken until then;
   * both in milliseconds. */
  show(files: number, newest: number, takenUntil: number | null): void {
    this.#newest = newest;
    if (takenUntil !== null) this.#taken = Math.max(this.#taken ?? 0, takenUntil);
    this.#all.hidden = files === 0;
    part(this.#root, "share-all", HTMLButtonElement).hidden = files === 0;
    const before = this.#taken;
    // Until a second click is over, nothing moves below the pointer.
    const isStill = performance.now() - this.#takenAt >= SECOND_CLICK_MS;
    if (isStill) this.#new.hidden = before === null || newest <= before;
    if (before !== null)
      this.#new.href = archiveUrl(this.#hash, { since: String(before / 1000 + MICROSECOND) });
  }

  /** Deletes files, of which `name` is what one or many are called, and offers to undo that; those that are gone then. Where nothing
   * can be undone, it asks first. */
  async remove(ids: readonly string[], name: string, restorable: boolean): Promise<ReadonlySet<string>> {
    const now = performance.now();
    if (this.#busy || now - this.#at < SECOND_CLICK_MS) return new Set();
    if (!restorable && !this.#isSure(ids.join(), now)) {
      this.#undo.hidden = true;
      this.#tell(t("sure_delete", { name }));
      this.#at = now;
      return new Set();
    }
    this.#busy = true;
    this.#undo.hidden = true;
    try {
      return await this.#delete(ids, name);
    } finally {
      this.#busy = false;
      this.#at = performance.now();
    }
  }

  /** Downloads what is chosen. */
  async download({ named, isAll }: Selection, view: View, found: Found): Promise<void> {
    const asked: Record<string, string> = isAll ? choiceQuery(view) : {};
    // No more than somebody has seen, and the same again where it breaks off.
    if (isAll && found.newestAt !== null) asked.until = String(found.newestAt);
    if (named.length > 0) {
      if (!isAll && named.length <= MOST_IN_ADDRESS) asked.files = named.join();
      else asked[isAll ? "but" : "selection"] = (await this.#api.select(this.#hash, named)).join();
    }
    follow(archiveUrl(this.#hash, asked));
  }

  async #delete(ids: readonly string[], name: string): Promise<ReadonlySet<string>> {
    const progress = (count: number): void => {
      if (count < ids.length) this.#tell(t("deleting", { done: count, count: ids.length }));
    };
    const { done, told, failed, error } = await this.#api.removeMany(this.#hash, ids, progress);
    if (done.length > 0) {
      this.#deleted = done.filter((_, at) => told[at] !== null);
      this.#undo.hidden = this.#deleted.length === 0;
      const words = ids.length === 1 ? t("deleted_one", { name }) : t("deleted", { count: done.length });
      this.#tell(words);
      this.#changed(false);
    }
    this.#complain(failed, error);
    return new Set(done);
  }

  #isSure(ids: string, now: number): boolean {
    const sure = this.#asked.ids === ids && now - this.#asked.at < SURE_MS;
    this.#asked = sure ? { ids: "", at: Number.NEGATIVE_INFINITY } : { ids, at: now };
    return sure;
  }

  async #restore(): Promise<void> {
    const ids = this.#deleted;
    if (ids.length === 0) return;
    const { done, told, failed, error } = await this.#api.restoreMany(this.#hash, ids);
    if (done.length > 0) {
      const settled = new Set(done);
      this.#deleted = ids.filter((id) => !settled.has(id));
      this.#undo.hidden = this.#deleted.length === 0;
      const paths = told.filter((path): path is string => typeof path === "string");
      const [only] = paths;
      if (paths.length === 1 && only !== undefined) this.#tell(t("back_one", { name: visibleName(only) }));
      else this.#tell(paths.length === 0 ? t("back_none") : t("back", { count: paths.length }));
      this.#changed(true);
    }
    this.#complain(failed, error);
  }

  #begun(): void {
    this.#taken = this.#newest;
    this.#takenAt = performance.now();
    setTimeout(() => {
      this.#new.hidden = (this.#taken ?? 0) >= this.#newest;
    }, SECOND_CLICK_MS);
  }

  #tell(words: string): void {
    this.#line.hidden = false;
    part(this.#line, "deleted-words", HTMLElement).textContent = words;
    show(part(this.#root, "problem", HTMLElement), "");
    say(words);
  }

  /** So many could not be done, the first of them for this reason. */
  #complain(failed: number, error: unknown): void {
    if (error === null) return;
    const words = errorWords(error);
    show(
      part(this.#root, "problem", HTMLElement),
      failed > 1 ? t("could_not", { count: failed, error: words }) : words,
    );
  }
}

/** Has the browser download what is there. */
function follow(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
