// Folders with nothing in them. They go along by a call of their own, and wait for whatever files wait for: a password that
// was not typed yet, say.

import { UploadError } from "../core/errors";
import { isHolding } from "../utils/upload-item";
import { need, setHidden, setText } from "./dom";
import { onLanguage, t } from "./i18n";
import type { LateApi } from "./late-api";
import type { Refused } from "./limits";
import type { Fields } from "./link-api";
import { reasonFor } from "./reasons";

/** Folders that are asked for in one request. */
const FOLDERS_PER_REQUEST = 1_000;

interface Needs {
  readonly api: LateApi;
  /** Password and captcha, made anew for each request. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Who sends: the owner may have a folder for each. */
  readonly sender: () => Fields;
  readonly onRefused: (refused: readonly Refused[]) => void;
  /** The server wants something of the person first; the folders wait. */
  readonly onHeld: (error: UploadError) => void;
  /** What the page says of them now. */
  readonly onMade: (words: string) => void;
}

export class EmptyFolders {
  readonly #needs: Needs;
  readonly #waiting: string[] = [];
  readonly #words = need("empty-folders");
  #made = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
    onLanguage(() => this.#paint());
  }

  /** How many are still to be made. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get any(): boolean {
    return this.#waiting.length + this.#made > 0;
  }

  add(paths: readonly string[]): void {
    this.#waiting.push(...paths);
  }

  /** Makes what waits, as far as the server lets it. */
  async make(): Promise<void> {
    const { api, headers, sender, onRefused, onHeld, onMade } = this.#needs;
    const paths = this.#waiting.splice(0, FOLDERS_PER_REQUEST);
    if (paths.length === 0) return;
    try {
      await (await api()).makeFolders({ paths, ...sender() }, await headers());
    } catch (error) {
      if (error instanceof UploadError && isHolding(error)) {
        this.#waiting.unshift(...paths);
        onHeld(error);
      } else onRefused(paths.map((path) => ({ path, reason: reasonFor(error) })));
      return;
    }
    this.#made += paths.length;
    this.#paint();
    onMade(this.#said());
    await this.make();
  }

  #paint(): void {
    setHidden(this.#words, this.#made === 0);
    if (this.#made > 0) setText(this.#words, this.#said());
  }

  #said(): string {
    return t("empty_folders", { count: this.#made });
  }
}
