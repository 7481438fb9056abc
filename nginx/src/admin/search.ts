// Finding received files by what they say.

import { need, setText } from "../page/dom";
import { foundRow } from "./found";
import { t } from "./i18n";
import { acts, show } from "./parts";
import type { FoundFile } from "./search-wire";
import type { ListedLink, Page } from "./wire";
import { errorWords, nameOf } from "./words";

/** So long after the last key the server is asked. */
const PAUSE_MS = 250;
/** So long an answer may take before the page says that it is looking. */
const PATIENCE_MS = 400;

export interface SearchPorts {
  readonly search: (
    words: string,
    typing: boolean,
    cursor: string,
    signal: AbortSignal,
  ) => Promise<Page<FoundFile>>;
  /** Whether a file that was received is no longer in its place. */
  readonly isGone: (hash: string, path: string) => Promise<boolean>;
}

/** What is on the page: the question, and where its answer goes on. */
interface Asked {
  readonly words: string;
  readonly typing: boolean;
  readonly cursor: string | null;
}

export class SearchPanel {
  readonly #ports: SearchPorts;
  readonly #input = need("search", HTMLInputElement);
  readonly #says = need("search-says");
  readonly #found = need("found");
  readonly #more = need("more-found", HTMLButtonElement);
  #names: ReadonlyMap<string, string> = new Map();
  #timer = 0;
  /** Of the question that was asked last: an answer to an earlier one is not shown. */
  #asking = new AbortController();
  #asked: Asked = { words: "", typing: false, cursor: null };
  #began = false;

  constructor(ports: SearchPorts) {
    this.#ports = ports;
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#look(true), PAUSE_MS);
    });
    need("search-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.#timer);
      void this.#look(false);
    });
    need("searching").addEventListener("keydown", (event) => this.#walk(event));
    acts(this.#more, () => this.#goOn());
  }

  /** The links that there are: only where one of them is searched there is anything to find. */
  know(links: readonly ListedLink[]): void {
    this.#names = new Map(links.map((link) => [link.hash, nameOf(link)]));
    const isSearched = links.some(({ search }) => search);
    if (isSearched && !this.#began) this.#begin();
    need("searching").hidden = !isSearched && this.#input.value === "";
  }

  /** Asks what the address says, as whoever comes back from a text expects it. */
  #begin(): void {
    this.#began = true;
    const words = new URLSearchParams(location.search).get("q") ?? "";
    if (words === "" || this.#input.value !== "") return;
    this.#input.value = words;
    void this.#look(true);
  }

  async #look(typing: boolean): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const words = this.#input.value.trim();
    this.#remember(words);
    this.#asked = { words, typing, cursor: null };
    if (words === "") {
      this.#showRows([]);
      show(this.#says, "");
      return;
    }
    const { signal } = this.#asking;
    await this.#answered(signal, (found) => this.#showRows(found));
    if (!signal.aborted && this.#says.dataset.state === "failed") this.#showRows([]);
  }

  async #goOn(): Promise<void> {
    const before = this.#found.children.length;
    await this.#answered(this.#asking.signal, (found) => this.#found.append(...this.#rows(found)));
    // The button may have gone; the first new row is where reading goes on.
    this.#found.children.item(before)?.querySelector<HTMLElement>("a")?.focus();
  }

  /** Asks for what comes next of the answer, and has it shown unless another question was asked meanwhile. */
  async #answered(signal: AbortSignal, showFound: (found: readonly FoundFile[]) => void): Promise<void> {
    const { words, typing, cursor } = this.#asked;
    const looking = setTimeout(() => this.#say(t("looking"), "looking"), PATIENCE_MS);
    try {
      const { items, nextCursor } = await this.#ports.search(words, typing, cursor ?? "", signal);
      if (signal.aborted) return;
      this.#asked = { words, typing, cursor: nextCursor };
      showFound(items);
      this.#say(this.#summary(), "found");
    } catch (error) {
      if (!signal.aborted) this.#say(errorWords(error), "failed");
    } finally {
      clearTimeout(looking);
      if (!signal.aborted) this.#more.hidden = this.#asked.cursor === null;
    }
  }

  #summary(): string {
    const count = this.#found.children.length;
    if (count === 0) return t("found_nothing");
    return t(this.#asked.cursor === null ? "found" : "found_more", { count });
  }

  #say(words: string, state: "looking" | "found" | "failed"): void {
    this.#says.dataset.state = state;
    this.#says.hidden = false;
    setText(this.#says, words);
  }

  #showRows(found: readonly FoundFile[]): void {
    this.#found.replaceChildren(...this.#rows(found));
    this.#more.hidden = true;
  }

  #rows(found: readonly FoundFile[]): HTMLElement[] {
    const ports = { nameOf: (hash: string) => this.#names.get(hash), isGone: this.#ports.isGone };
    return found.map((file) => foundRow(file, this.#asked.words, ports));
  }

  /** Up and down between the field and the files. */
  #walk(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const stops: HTMLElement[] = [this.#input];
    for (const row of this.#found.children) {
      const stop = row.querySelector<HTMLElement>("a");
      if (stop !== null) stops.push(stop);
    }
    const here = document.activeElement;
    const at =
      here === this.#input ? 0 : stops.findIndex((stop) => stop.closest("li")?.contains(here) ?? false);
    const next = stops[at + step];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  /** So that the way back from a text leads to what was found. */
  #remember(words: string): void {
    const address = new URL(location.href);
    if (words === "") address.searchParams.delete("q");
    else address.searchParams.set("q", words);
    history.replaceState(history.state, "", address);
  }
}
