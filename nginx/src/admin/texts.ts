// How far the texts of a link's files are read, and which cannot be searched and why.

import { make, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { countOf } from "./format";
import type { KeyedRow } from "./keyed";
import { PagedList } from "./paged";
import type { Searched, SearchedFile } from "./search-wire";
import { visibleName } from "./visible";

const MISSING = "It was moved, changed or deleted on the server.";

export class Texts {
  readonly element = make("section", { className: "texts" });
  readonly #words = make("p", { className: "quiet" });
  readonly #list: PagedList<SearchedFile>;
  readonly #which = make("details", {}, make("summary", { text: "Which, and why" }));
  #told = "";

  /** `load` asks for as many files as are wanted, and shows them. */
  constructor(load: () => void) {
    this.#list = new PagedList<SearchedFile>({
      noun: "file",
      keyOf: ({ document, state, reason }) => `${document} ${state} ${reason ?? ""}`,
      makeRow: unreadableRow,
      load,
    });
    this.#which.append(this.#list.element);
    this.element.append(make("h2", { text: "Texts in its files" }), this.#words, this.#which);
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
  const why = make("span", { className: "facts", text: state === "missing" ? MISSING : (reason ?? "") });
  return { element: make("li", { className: "received" }, name, why), show: () => {} };
}

function unreadable(searched: Searched | null): number {
  return (searched?.states.get("no_text") ?? 0) + (searched?.states.get("missing") ?? 0);
}

/** "10 of 12 files can be found. 1 file is still to be read. 1 file cannot be found." */
export function textsWords(searched: Searched | null): string {
  if (searched === null) return "None of its files is read yet.";
  const waiting = searched.states.get("waiting") ?? 0;
  const lost = unreadable(searched);
  const found = searched.files - waiting - lost;
  const all = found === searched.files;
  return [
    all
      ? `${countOf(found, "file")} can be found.`
      : `${found} of ${countOf(searched.files, "file")} can be found.`,
    waiting === 0 ? "" : `${countOf(waiting, "file")} still to be read.`,
    lost === 0 ? "" : `${countOf(lost, "file")} cannot be found.`,
  ]
    .filter((each) => each !== "")
    .join(" ");
}
