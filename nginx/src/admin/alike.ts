// Files that mean most nearly what another does.

import { need, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { foundRow } from "./found";
import { t } from "./i18n";
import { show } from "./parts";
import type { FoundFile } from "./search-wire";
import { errorWords } from "./words";

export class Alike {
  readonly #api: OwnerApi;
  readonly #entity: string;
  readonly #document: string;
  /** Where the list goes on. */
  #cursor = "";
  /** What the links are called that files came by, each asked for once. */
  readonly #names = new Map<string, string>();

  constructor(api: OwnerApi, entity: string, document: string) {
    this.#api = api;
    this.#entity = entity;
    this.#document = document;
  }

  /** Shows those that come next. What goes wrong is said on the page. */
  async more(): Promise<void> {
    const says = need("like-says");
    const button = need("more-alike", HTMLButtonElement);
    const found = need("alike");
    const before = found.children.length;
    show(says, t("looking"));
    try {
      const { items, nextCursor } = await this.#api.similar(this.#entity, this.#document, this.#cursor);
      await this.#learn(items);
      const ports = {
        nameOf: (_: string, entity: string) => this.#names.get(entity),
        isGone: (hash: string, path: string) => this.#api.isGone(hash, path),
      };
      found.append(...items.map((each) => foundRow(each, "", ports)));
      this.#cursor = nextCursor ?? "";
      button.hidden = nextCursor === null;
      setText(button, t("show_more"));
      const count = found.children.length;
      show(says, count === 0 ? t("none_like") : t("alike", { count }));
      if (before > 0) found.children.item(before)?.querySelector<HTMLElement>("a")?.focus();
    } catch (error) {
      show(says, errorWords(error));
    }
  }

  /** Finds out what the links of files are called. Without an answer they are not named. */
  async #learn(files: readonly FoundFile[]): Promise<void> {
    const unknown = new Set(files.map(({ entity }) => entity).filter((entity) => !this.#names.has(entity)));
    await Promise.all(
      [...unknown].map(async (entity) => {
        const searched = await this.#api.searched(entity).catch(() => null);
        if (searched !== null) this.#names.set(entity, searched.title);
      }),
    );
  }
}
