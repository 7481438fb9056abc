// What is chosen in a list of files: one, a stretch from where it began, or all that a view finds. What changes is said.

import { formatBytes } from "../format";
import { t } from "../i18n";
import { say } from "../parts";
import type { ReceivedFile } from "../wire";
import { type Extent, Selection } from "./selection";
import type { Shelf } from "./shelf";

export class Chosen {
  readonly selection = new Selection();
  readonly #shelf: Shelf;
  readonly #changed: () => void;
  /** Where a stretch begins. */
  #anchor = 0;

  /** `changed` is called where somebody has chosen otherwise. */
  constructor(shelf: Shelf, changed: () => void) {
    this.#shelf = shelf;
    this.#changed = changed;
  }

  /** How much of what the view finds. */
  get extent(): Extent {
    return this.selection.extentIn(this.#shelf.found);
  }

  get isEmpty(): boolean {
    return this.extent.files === 0;
  }

  /** The file at this place, or all from where a stretch begins up to it. */
  toggle(index: number, file: ReceivedFile, stretch: boolean): void {
    if (stretch) this.#stretchTo(index);
    else {
      this.selection.toggle(file);
      this.#anchor = index;
    }
    this.#say();
  }

  /** All between two places, or from where a stretch has begun before. */
  stretch(from: number, to: number): void {
    if (this.isEmpty) this.#anchor = from;
    this.#stretchTo(to);
    this.#say();
  }

  all(): void {
    this.selection.chooseAll();
    this.#say();
  }

  none(): void {
    this.selection.clear();
    this.#say();
  }

  /** Another view is shown. Nothing that cannot be seen stays chosen. */
  begin(isSameFiles: boolean): void {
    if (!isSameFiles) this.selection.clear();
    this.#anchor = 0;
  }

  /** Those that are gone are not chosen any more; nor are the others, where all were. */
  drop(gone: ReadonlySet<string>): void {
    if (this.selection.isAll) this.selection.clear();
    else this.selection.drop(gone);
  }

  /** The ids of them. Of all, none that arrived after it was said how many they are: nobody has seen those. */
  async ids(): Promise<readonly string[]> {
    if (!this.selection.isAll) return this.selection.named;
    const { newestAt } = this.#shelf.found;
    const until = newestAt === null ? 0 : newestAt * 1_000;
    return (await this.#shelf.all()).flatMap(({ file }) =>
      file !== null && file.receivedAt <= until && this.selection.has(file.uploadId) ? [file.uploadId] : [],
    );
  }

  #stretchTo(index: number): void {
    const from = Math.min(this.#anchor, index);
    for (const { file } of this.#shelf.items.slice(from, Math.max(this.#anchor, index) + 1))
      if (file !== null) this.selection.set(file, true);
  }

  #say(): void {
    this.#changed();
    const { files, bytes } = this.extent;
    say(files === 0 ? t("none_chosen") : t("chosen_said", { count: files, size: formatBytes(bytes) }));
  }
}
