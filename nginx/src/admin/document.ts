// The text of a received file, page by page, with what was looked for marked; and files that are like it.

import { UploadError } from "../core/errors";
import { BASE } from "../page/base";
import { make, need, setText } from "../page/dom";
import type { Alike } from "./alike";
import { documentUrl, OwnerApi } from "./api";
import { formatBytes, formatDate } from "./format";
import { said, showDownload } from "./found";
import { isKey, t } from "./i18n";
import { acts, part, show, windowTitle } from "./parts";
import { loginAddress } from "./places";
import type { FileText, Place, SearchedFile } from "./search-wire";
import { visibleName } from "./visible";
import { showTime } from "./when";
import { errorWords } from "./words";

export class DocumentPage {
  readonly #api = new OwnerApi({ onUnauthorized: () => {} });
  readonly #entity: string;
  readonly #document: string;
  readonly #words: string;
  readonly #asked: URLSearchParams;
  readonly #address: Pick<Location, "search" | "hash">;
  /** Similar files, which most visits do not ask for. */
  #alike: Promise<Alike> | null = null;

  /** What the page is of stands in its address: `entity`, `file`, the words `q`, and `passage` or `page`. */
  constructor(address: Pick<Location, "search" | "hash">) {
    this.#address = address;
    const asked = new URLSearchParams(address.search);
    this.#entity = asked.get("entity") ?? "";
    this.#document = asked.get("file") ?? "";
    this.#words = asked.get("q") ?? "";
    this.#asked = new URLSearchParams({ q: this.#words, typing: "true" });
    for (const name of ["page", "passage"]) {
      const value = asked.get(name);
      if (value !== null) this.#asked.set(name, value);
    }
    const back = need("back", HTMLAnchorElement);
    back.href = `${BASE}/admin${this.#words === "" ? "" : `?${new URLSearchParams({ q: this.#words })}`}`;
    setText(back, t(this.#words === "" ? "back_to_links" : "back_to_found"));
    acts(need("more-alike", HTMLButtonElement), () => this.#findAlike());
  }

  async start(): Promise<void> {
    document.title = windowTitle(t("window_document"));
    try {
      const [{ file, text }, searched] = await Promise.all([
        this.#api.document(this.#entity, this.#document, this.#asked),
        // Without an answer the link is not named.
        this.#api.searched(this.#entity).catch(() => null),
      ]);
      this.#showFile(file, searched?.title ?? "");
      this.#showText(file, text);
    } catch (error) {
      this.#complain(error);
      return;
    }
    if (this.#address.hash === "#like") {
      need("like-title").focus();
      await this.#findAlike();
    }
  }

  #showFile(file: SearchedFile, link: string): void {
    const root = need("document");
    const name = visibleName(file.path);
    document.title = windowTitle(name);
    setText(part(root, "path", HTMLElement), name);
    part(root, "link-line", HTMLElement).hidden = link === "";
    setText(part(root, "link", HTMLElement), visibleName(link));
    showTime(part(root, "time", HTMLTimeElement), file.receivedAt, formatDate);
    setText(part(root, "size", HTMLElement), formatBytes(file.size));
    setText(part(root, "sender", HTMLElement), visibleName(file.sender));
    part(root, "sender-line", HTMLElement).hidden = file.sender === "";
    const download = part(root, "download", HTMLAnchorElement);
    showDownload(download, part(root, "gone", HTMLElement), file, (hash, path) =>
      this.#api.isGone(hash, path),
    );
    root.hidden = false;
    need("like").hidden = file.state === "no_text" || file.state === "missing";
  }

  #showText(file: SearchedFile, text: FileText | null): void {
    const state = `text_${file.state}`;
    const why = file.reason ?? t(isKey(state) ? state : "no_place");
    show(need("reason"), text === null ? why : (file.reason ?? ""));
    if (text === null) return;
    const meant = Number(this.#asked.get("passage") ?? Number.NaN);
    const paragraphs: HTMLElement[] = [];
    let target: HTMLElement | null = null;
    for (const { number, pieces, goesOn } of text.passages) {
      const words = said(pieces, "lines");
      let paragraph = paragraphs.at(-1);
      if (paragraph === undefined || !goesOn) {
        paragraph = make("p");
        paragraph.dir = "auto";
        paragraphs.push(paragraph);
      }
      paragraph.append(words);
      if (number === meant) {
        // What was found by its meaning has no word to be marked.
        if (words.querySelector("mark") === null) paragraph.classList.add("meant");
        target = words.querySelector("mark") ?? words;
      }
    }
    const shown = need("text");
    shown.replaceChildren(...paragraphs);
    this.#showPlaces(file, text);
    const mark = target ?? shown.querySelector("mark");
    if (mark !== null && this.#address.hash === "") mark.scrollIntoView({ block: "center" });
  }

  #showPlaces(file: SearchedFile, { page, lastPage, previous, next }: FileText): void {
    need("turning").hidden = previous === null && next === null && page === null;
    setText(need("place"), page === null ? t("a_part") : t("page_of", { page, pages: lastPage ?? page }));
    const turn = (id: string, place: Place | null): void => {
      const anchor = need(id, HTMLAnchorElement);
      anchor.hidden = place === null;
      if (place === null) return;
      const asked = this.#words === "" ? {} : { q: this.#words };
      anchor.href = documentUrl(file, { ...asked, passage: String(place.passage) });
    };
    turn("previous", previous);
    turn("next", next);
  }

  async #findAlike(): Promise<void> {
    this.#alike ??= import("./alike").then(({ Alike }) => new Alike(this.#api, this.#entity, this.#document));
    try {
      await (await this.#alike).more();
    } catch {
      this.#alike = null;
      show(need("like-says"), t("not_loaded"));
    }
  }

  #complain(error: unknown): void {
    const isOut = error instanceof UploadError && error.status === 401;
    if (isOut) {
      const back = need("back", HTMLAnchorElement);
      back.href = loginAddress(this.#address);
      setText(back, t("log_in"));
    }
    need("failed").hidden = false;
    show(need("trouble"), isOut ? t("text_logged_out") : errorWords(error));
  }
}
