// Taking received files away: all in one archive, what is new since the last one, and one to the bin.

import { archiveUrl, type OwnerApi } from "./api";
import { acts, part, say, show } from "./parts";
import { visibleName } from "./visible";
import type { ReceivedFile } from "./wire";
import { errorWords } from "./words";

/** Where the next file moves below the pointer: a second click on "Delete" so soon was meant for the first one. */
const SECOND_CLICK_MS = 700;
const MICROSECOND = 1e-6;

export class Taking {
  readonly #root: ParentNode;
  readonly #hash: string;
  readonly #api: Pick<OwnerApi, "remove" | "restore">;
  readonly #changed: () => void;
  readonly #all: HTMLAnchorElement;
  readonly #new: HTMLAnchorElement;
  readonly #line: HTMLElement;
  readonly #undo: HTMLButtonElement;
  #newest = 0;
  #deleted: ReceivedFile | null = null;
  #at = Number.NEGATIVE_INFINITY;

  /** `changed` is called where the list has to be asked for again. */
  constructor(
    root: ParentNode,
    hash: string,
    api: Pick<OwnerApi, "remove" | "restore">,
    changed: () => void,
  ) {
    this.#root = root;
    this.#hash = hash;
    this.#api = api;
    this.#changed = changed;
    this.#all = part(root, "take-all", HTMLAnchorElement);
    this.#new = part(root, "take-new", HTMLAnchorElement);
    this.#line = part(root, "deleted", HTMLElement);
    this.#undo = part(root, "undo", HTMLButtonElement);
    this.#all.href = archiveUrl(hash);
    for (const link of [this.#all, this.#new]) link.addEventListener("click", () => this.#taken());
    acts(this.#undo, () => this.#restore());
  }

  /** Shows what can be taken of these files, the newest of which comes first. */
  show(files: readonly ReceivedFile[]): void {
    this.#newest = files[0]?.receivedAt ?? 0;
    this.#all.hidden = files.length === 0;
    const before = lastTaken(this.#hash);
    this.#new.hidden = before === null || this.#newest <= before;
    if (before !== null)
      this.#new.href = archiveUrl(this.#hash, { since: String(before / 1000 + MICROSECOND) });
  }

  /** Deletes a file, and offers to undo that. */
  async remove(file: ReceivedFile): Promise<void> {
    const now = performance.now();
    if (now - this.#at < SECOND_CLICK_MS) return;
    this.#at = now;
    try {
      const restorable = await this.#api.remove(this.#hash, file.path, file.uploadId);
      this.#deleted = file;
      this.#undo.hidden = !restorable;
      this.#tell(`${visibleName(file.path)} is deleted.`);
      this.#changed();
    } catch (error) {
      this.#complain(error);
    }
    this.#at = performance.now();
  }

  async #restore(): Promise<void> {
    if (this.#deleted === null) return;
    try {
      const path = await this.#api.restore(this.#hash, this.#deleted.uploadId);
      this.#deleted = null;
      this.#undo.hidden = true;
      this.#tell(`${visibleName(path)} is back.`);
      this.#changed();
    } catch (error) {
      this.#complain(error);
    }
  }

  #taken(): void {
    remember(this.#hash, this.#newest);
    // The address that was clicked stays until the browser has gone there.
    setTimeout(() => {
      this.#new.hidden = true;
    });
  }

  #tell(words: string): void {
    this.#line.hidden = false;
    part(this.#line, "deleted-words", HTMLElement).textContent = words;
    show(part(this.#root, "problem", HTMLElement), "");
    say(words);
  }

  #complain(error: unknown): void {
    show(part(this.#root, "problem", HTMLElement), errorWords(error));
  }
}

function keyOf(hash: string): string {
  return `droppr.taken.${hash}`;
}

/** When the newest file had arrived that was there when files were last taken by this browser, in milliseconds. */
function lastTaken(hash: string): number | null {
  try {
    const kept = localStorage.getItem(keyOf(hash));
    return kept === null || !Number.isFinite(Number(kept)) ? null : Number(kept);
  } catch {
    return null;
  }
}

function remember(hash: string, newest: number): void {
  try {
    localStorage.setItem(keyOf(hash), String(newest));
  } catch {
    // A browser that keeps nothing takes everything each time.
  }
}
