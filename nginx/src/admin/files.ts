// What a link has received, newest first.

import { make, setText } from "../page/dom";
import { downloadUrl } from "./api";
import { formatBytes, formatDate, formatDay } from "./format";
import type { KeyedRow } from "./keyed";
import { PagedList } from "./paged";
import { acts, clonedElement, copies, part, show } from "./parts";
import { visibleName } from "./visible";
import type { ReceivedFile } from "./wire";
import { passedOnWords, senderWords, shortHash } from "./words";

export const GONE = "This file is no longer in its place: it was moved or removed on the server.";

export interface FilePorts {
  /** Has a file passed on again. */
  readonly passOn: (path: string) => Promise<void>;
  /** Whether a file that was received is no longer in its place. */
  readonly isGone: (path: string) => Promise<boolean>;
  /** Deletes it. */
  readonly remove: (file: ReceivedFile) => Promise<void>;
}

export class FileList {
  readonly element = make("div");
  readonly #none = make("p", { className: "quiet", text: "Nothing has arrived yet." });
  readonly #list: PagedList<ReceivedFile>;

  /** `load` asks for as many files as are wanted, and shows them. */
  constructor(hash: string, load: () => void, ports: FilePorts) {
    this.#list = new PagedList<ReceivedFile>({
      noun: "file",
      keyOf: (file) => file.uploadId,
      makeRow: (file) => new FileRow(hash, file, ports),
      load,
    });
    this.element.append(this.#none, this.#list.element);
  }

  /** How many files it would show. */
  get wanted(): number {
    return this.#list.wanted;
  }

  /** Shows the newest files, newest first, of `total` that there are. */
  show(files: readonly ReceivedFile[], total: number): void {
    this.#none.hidden = files.length > 0;
    this.#list.show(files, total - files.length);
  }
}

class FileRow implements KeyedRow<ReceivedFile> {
  readonly element = clonedElement("received");
  readonly #hash = part(this.element, "hash", HTMLElement);
  readonly #copy = part(this.element, "copy-hash", HTMLButtonElement);
  readonly #passedOnLine = part(this.element, "passed-on-line", HTMLElement);
  readonly #passedOn = part(this.element, "passed-on", HTMLElement);
  readonly #passOn = part(this.element, "pass-on", HTMLButtonElement);
  #sha256 = "";

  constructor(linkHash: string, file: ReceivedFile, { passOn, isGone, remove }: FilePorts) {
    const name = visibleName(file.path);
    part(this.element, "path", HTMLElement).textContent = name;
    part(this.element, "size", HTMLElement).textContent = formatBytes(file.size);
    showTime(part(this.element, "time", HTMLTimeElement), file.receivedAt, formatDate);
    const changed = part(this.element, "changed-line", HTMLElement);
    changed.hidden = !showTime(part(changed, "changed", HTMLTimeElement), file.lastModified, formatDay);
    const sender = visibleName(senderWords(file));
    part(this.element, "sender", HTMLElement).textContent = sender;
    part(this.element, "sender-line", HTMLElement).hidden = sender === "";
    const download = part(this.element, "download", HTMLAnchorElement);
    download.href = downloadUrl(linkHash, file.path);
    download.setAttribute("aria-label", `Download ${name}`);
    const gone = part(this.element, "gone", HTMLElement);
    // What a browser says of a download that is refused is easily missed.
    download.addEventListener("click", async () => show(gone, (await isGone(file.path)) ? GONE : ""));
    const removes = part(this.element, "remove", HTMLButtonElement);
    removes.setAttribute("aria-label", `Delete ${name}`);
    acts(removes, () => remove(file));
    this.#copy.setAttribute("aria-label", `Copy the SHA-256 of ${name}`);
    copies(this.#copy, () => this.#sha256);
    this.#passOn.setAttribute("aria-label", `Try again to pass on ${name}`);
    acts(this.#passOn, () => passOn(file.path));
  }

  show({ sha256, passedOn }: ReceivedFile): void {
    this.#passedOnLine.hidden = passedOn === null;
    setText(this.#passedOn, passedOn === null ? "" : visibleName(passedOnWords(passedOn)));
    this.#passOn.hidden = passedOn === null || !["retrying", "failed"].includes(passedOn.state);
    this.#sha256 = sha256 ?? "";
    this.#copy.hidden = sha256 === null;
    setText(this.#hash, sha256 === null ? "is being computed" : shortHash(sha256));
    this.#hash.title = this.#sha256;
  }
}

/** Whether there is such a time: what a sender says may be none that a calendar has. */
export function showTime(
  element: HTMLTimeElement,
  milliseconds: number | null,
  format: (milliseconds: number) => string,
): boolean {
  const date = new Date(milliseconds ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return false;
  element.dateTime = date.toISOString();
  element.title = formatDate(date.getTime());
  element.textContent = format(date.getTime());
  return true;
}
