// Finding received files by what they say.

import { make, need, setText } from "../page/dom";
import { downloadUrl } from "./api";
import { GONE, showTime } from "./files";
import { countOf, formatDate } from "./format";
import { clonedElement, part, show } from "./parts";
import { visibleName } from "./visible";
import type { FoundFile, ListedLink, Passage } from "./wire";
import { errorWords } from "./words";

/** So long after the last key the server is asked. */
const PAUSE_MS = 250;

export interface SearchPorts {
  readonly search: (words: string, typing: boolean, signal: AbortSignal) => Promise<readonly FoundFile[]>;
  /** Whether a file that was received is no longer in its place. */
  readonly isGone: (hash: string, path: string) => Promise<boolean>;
}

export class SearchPanel {
  readonly #ports: SearchPorts;
  readonly #input = need("search", HTMLInputElement);
  readonly #says = need("search-says");
  readonly #found = need("found");
  #names: ReadonlyMap<string, string> = new Map();
  #timer = 0;
  /** Of the question that was asked last: an answer to an earlier one is not shown. */
  #asking = new AbortController();

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
  }

  /** The links that there are: only where one of them is searched there is anything to find. */
  know(links: readonly ListedLink[]): void {
    this.#names = new Map(links.map(({ hash, title, folder }) => [hash, title || folder]));
    need("searching").hidden = !links.some(({ search }) => search) && this.#input.value === "";
  }

  async #look(typing: boolean): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const words = this.#input.value.trim();
    if (words === "") {
      this.#found.replaceChildren();
      show(this.#says, "");
      return;
    }
    try {
      const found = await this.#ports.search(words, typing, signal);
      if (signal.aborted) return;
      this.#found.replaceChildren(...found.map((each) => this.#row(each)));
      show(
        this.#says,
        found.length > 0 ? `${countOf(found.length, "file")}, the best first` : "Nothing was found.",
      );
    } catch (error) {
      if (!signal.aborted) show(this.#says, errorWords(error));
    }
  }

  #row({ link, path, receivedAt, sender, passages }: FoundFile): HTMLElement {
    const row = clonedElement("found-file");
    const name = visibleName(path);
    setText(part(row, "path", HTMLElement), name);
    const known = link === null ? undefined : this.#names.get(link);
    part(row, "link-line", HTMLElement).hidden = known === undefined;
    setText(part(row, "link", HTMLElement), known ?? "");
    showTime(part(row, "time", HTMLTimeElement), receivedAt, formatDate);
    setText(part(row, "sender", HTMLElement), visibleName(sender));
    part(row, "sender-line", HTMLElement).hidden = sender === "";
    const download = part(row, "download", HTMLAnchorElement);
    download.hidden = link === null;
    if (link !== null) {
      download.href = downloadUrl(link, path);
      download.setAttribute("aria-label", `Download ${name}`);
      const gone = part(row, "gone", HTMLElement);
      download.addEventListener("click", async () =>
        show(gone, (await this.#ports.isGone(link, path)) ? GONE : ""),
      );
    }
    part(row, "passages", HTMLElement).append(...passages.map(passageOf));
    return row;
  }
}

/** What strangers wrote, as text and nothing else. */
function passageOf({ page, pieces }: Passage): HTMLElement {
  const place = page === null ? [] : [make("span", { className: "quiet", text: `Page ${page} ` })];
  const words = pieces.map(({ text, marked }) => make(marked ? "mark" : "span", { text: visibleText(text) }));
  return make("p", { className: "passage" }, ...place, make("bdi", {}, ...words));
}

function visibleText(text: string): string {
  return visibleName(text.replace(/\s+/g, " "));
}
