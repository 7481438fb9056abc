// What a link has received, newest first.

import { make, makeButton, setText } from "../page/dom";
import { downloadUrl } from "./api";
import { countOf, formatBytes, formatDate } from "./format";
import { KeyedList, type KeyedRow } from "./keyed";
import { clonedElement, copies, part } from "./parts";
import { visibleName } from "./visible";
import type { ReceivedFile } from "./wire";
import { senderWords, shortHash } from "./words";

/** So many rows at once: a link may have received a hundred thousand files, and a page of them would stand still. */
const PAGE = 100;

export class FileList {
  readonly element = make("div");
  readonly #items = make("ul", { className: "received-list" });
  readonly #none = make("p", { className: "quiet", text: "Nothing has arrived yet." });
  readonly #more = makeButton("", "slim", () => this.#showMore());
  readonly #rows: KeyedList<ReceivedFile, FileRow>;
  #files: readonly ReceivedFile[] = [];
  #shown = PAGE;

  constructor(hash: string) {
    this.#rows = new KeyedList(
      this.#items,
      (file) => file.uploadId,
      (file) => new FileRow(hash, file),
    );
    this.element.append(this.#none, this.#items, this.#more);
  }

  show(files: readonly ReceivedFile[]): void {
    this.#files = [...files].sort((one, other) => other.receivedAt - one.receivedAt);
    this.#none.hidden = files.length > 0;
    this.#rows.show(this.#files.slice(0, this.#shown));
    const left = this.#files.length - this.#shown;
    this.#more.hidden = left <= 0;
    setText(this.#more, `Show ${countOf(Math.min(PAGE, left), "more file", "more files")}`);
  }

  #showMore(): void {
    this.#shown += PAGE;
    const from = this.#items.children.length;
    this.show(this.#files);
    // The button may have gone; the first new row is where reading goes on.
    this.#items.children.item(from)?.querySelector("a")?.focus();
  }
}

class FileRow implements KeyedRow<ReceivedFile> {
  readonly element = clonedElement("received");
  readonly #hash = part(this.element, "hash", HTMLElement);
  readonly #copy = part(this.element, "copy-hash", HTMLButtonElement);
  #sha256 = "";

  constructor(linkHash: string, file: ReceivedFile) {
    const name = visibleName(file.path);
    part(this.element, "path", HTMLElement).textContent = name;
    part(this.element, "size", HTMLElement).textContent = formatBytes(file.size);
    const time = part(this.element, "time", HTMLTimeElement);
    time.dateTime = new Date(file.receivedAt).toISOString();
    time.textContent = formatDate(file.receivedAt);
    const sender = visibleName(senderWords(file));
    part(this.element, "sender", HTMLElement).textContent = sender;
    part(this.element, "sender-line", HTMLElement).hidden = sender === "";
    const download = part(this.element, "download", HTMLAnchorElement);
    download.href = downloadUrl(linkHash, file.path);
    download.setAttribute("aria-label", `Download ${name}`);
    this.#copy.setAttribute("aria-label", `Copy the SHA-256 of ${name}`);
    copies(this.#copy, () => this.#sha256);
  }

  show({ sha256 }: ReceivedFile): void {
    this.#sha256 = sha256 ?? "";
    this.#copy.hidden = sha256 === null;
    setText(this.#hash, sha256 === null ? "is being computed" : shortHash(sha256));
    this.#hash.title = this.#sha256;
  }
}
