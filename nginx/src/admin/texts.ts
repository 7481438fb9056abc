// How far the texts of a link's files are read, and which cannot be searched and why.

import { make, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { sentences, t } from "./i18n";
import type { KeyedRow } from "./keyed";
import { PagedList } from "./paged";
import type { Searched, SearchedFile } from "./search-wire";
import { visibleName } from "./visible";

export class Texts {
  readonly element = make("section", { className: "texts" });
  readonly #words = make("p", { className: "quiet" });
  readonly #list: PagedList<SearchedFile>;
  readonly #which = make("details", {}, make("summary", { text: t("texts_which") }));
  #told = "";

  /** `load` asks for as many files as are wanted, and shows them. */
  constructor(load: () => void) {
    this.#list = new PagedList<SearchedFile>({
      more: "more_files",
      keyOf: ({ document, state, reason }) => `${document} ${state} ${reason ?? ""}`,
      makeRow: unreadableRow,
      load,
    });
    this.#which.append(this.#list.element);
    this.element.append(make("h2", { text: t("texts") }), this.#words, this.#which);
    this.element.hidden = true;
  }

  hide(): void {
    this.element.hidden = true;
    this.#told = "";
  }

  async refresh(api: OwnerApi, entity: string, signal: AbortSignal): Promise<void> {
    const searched = await api.searched(entity, signal);
    setText(this.#words, textsWords(searched));
    this.element.hidden = false;
    const count = unreadable(searched);
    const told = `${count} ${this.#list.wanted}`;
    if (told === this.#told) return;
    const files = count === 0 ? [] : await api.unreadable(entity, this.#list.wanted, signal);
    this.#list.show(files, count - files.length);
    this.#which.hidden = count === 0;
    this.#told = told;
  }
}

function unreadableRow({ path, state, reason }: SearchedFile): KeyedRow<SearchedFile> {
  const name = make("bdi", { className: "received-name", text: visibleName(path) });
  const why = make("span", {
    className: "facts",
    text: state === "missing" ? t("texts_missing") : (reason ?? ""),
  });
  return { element: make("li", { className: "received" }, name, why), show: () => {} };
}

function unreadable(searched: Searched | null): number {
  return (searched?.states.get("no_text") ?? 0) + (searched?.states.get("missing") ?? 0);
}

/** "10 of 12 files can be found. 1 file is still to be read. 1 file cannot be found." */
export function textsWords(searched: Searched | null): string {
  if (searched === null) return t("texts_none");
  const waiting = searched.states.get("waiting") ?? 0;
  const lost = unreadable(searched);
  const found = searched.files - waiting - lost;
  const all = found === searched.files;
  return sentences(
    all ? t("texts_all", { count: found }) : t("texts_some", { done: found, count: searched.files }),
    waiting === 0 ? "" : t("texts_waiting", { count: waiting }),
    lost === 0 ? "" : t("texts_lost", { count: lost }),
  );
}
