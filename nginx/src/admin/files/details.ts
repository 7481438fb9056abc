// What is wanted of a file now and then: its digest, when it was changed, how it gets on to elsewhere.

import { setAttribute, setText } from "../../page/dom";
import { downloadUrl } from "../api";
import { formatDate, formatDay } from "../format";
import { t } from "../i18n";
import { acts, clonedElement, copies, part } from "../parts";
import type { Shared } from "../sharing/sharing";
import { visibleName } from "../visible";
import { showTime } from "../when";
import type { ReceivedFile } from "../wire";
import { passedOnWords, senderWords, shortHash } from "../words";
import { CopiesLine, type LoadCopies } from "./copies";

interface DetailsPorts {
  readonly hash: string;
  readonly passOn: (path: string) => Promise<void>;
  readonly remove: (file: ReceivedFile) => void;
  readonly rename: (file: ReceivedFile) => Promise<void>;
  readonly share: (shared: Shared) => Promise<void>;
  /** What an item of the checklist is called; empty for none. */
  readonly itemTitle: (item: string | null) => string;
  readonly copies: LoadCopies;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export class Details {
  readonly element = clonedElement("file-details");
  readonly #hash = part(this.element, "hash", HTMLElement);
  readonly #copy = part(this.element, "copy-hash", HTMLButtonElement);
  readonly #passedOn = part(this.element, "passed-on", HTMLElement);
  readonly #passOn = part(this.element, "pass-on", HTMLButtonElement);
  readonly #download = part(this.element, "download", HTMLAnchorElement);
  readonly #remove = part(this.element, "remove", HTMLButtonElement);
  readonly #rename = part(this.element, "rename", HTMLButtonElement);
  readonly #share = part(this.element, "share", HTMLButtonElement);
  readonly #copies: CopiesLine;
  readonly #linkHash: string;
  readonly #itemTitle: DetailsPorts["itemTitle"];
  #file: ReceivedFile | null = null;

  constructor({ hash, passOn, remove, rename, share, itemTitle, copies: load }: DetailsPorts) {
    this.#copies = new CopiesLine(load);
    part(this.element, "same-line", HTMLElement).after(this.#copies.element);
    this.#linkHash = hash;
    this.#itemTitle = itemTitle;
    copies(this.#copy, () => this.#file?.sha256 ?? "");
    acts(this.#passOn, async () => {
      if (this.#file !== null) await passOn(this.#file.path);
    });
    acts(this.#rename, async () => {
      if (this.#file !== null) await rename(this.#file);
    });
    acts(this.#share, async () => {
      const file = this.#file;
      if (file !== null) await share({ ids: [file.uploadId], words: visibleName(file.path) });
    });
    this.#remove.addEventListener("click", () => this.#file && remove(this.#file));
  }

  /** What has to be asked for, as these are open. */
  look(file: ReceivedFile): void {
    this.#copies.show(file);
  }

  show(file: ReceivedFile): void {
    this.#file = file;
    const name = visibleName(file.path);
    setText(part(this.element, "path", HTMLElement), name);
    const changed = part(this.element, "changed-line", HTMLElement);
    changed.hidden = !showTime(part(changed, "changed", HTMLTimeElement), file.lastModified, formatDay);
    showTime(part(this.element, "time", HTMLTimeElement), file.receivedAt, formatDate);
    const sender = visibleName(senderWords(file));
    setText(part(this.element, "sender", HTMLElement), sender);
    part(this.element, "sender-line", HTMLElement).hidden = sender === "";
    setText(part(this.element, "same", HTMLElement), visibleName(file.sameAs ?? ""));
    part(this.element, "same-line", HTMLElement).hidden = file.sameAs === null;
    const sentName = nameOf(file.path) === file.sentName ? null : file.sentName;
    setText(part(this.element, "sent-as", HTMLElement), visibleName(sentName ?? ""));
    part(this.element, "sent-as-line", HTMLElement).hidden = sentName === null;
    const item = visibleName(this.#itemTitle(file.item));
    setText(part(this.element, "item", HTMLElement), item);
    part(this.element, "item-line", HTMLElement).hidden = item === "";
    const { passedOn, sha256 } = file;
    part(this.element, "passed-on-line", HTMLElement).hidden = passedOn === null;
    setText(this.#passedOn, passedOn === null ? "" : passedOnWords(passedOn));
    this.#passOn.hidden = passedOn === null || !["retrying", "failed"].includes(passedOn.state);
    setAttribute(this.#passOn, "aria-label", t("pass_on_item", { name }));
    this.#copy.hidden = sha256 === null;
    setAttribute(this.#copy, "aria-label", t("copy_hash", { name }));
    setText(this.#hash, sha256 === null ? t("hash_coming") : shortHash(sha256));
    setAttribute(this.#hash, "title", sha256 ?? "");
    setAttribute(this.#download, "href", downloadUrl(this.#linkHash, file.path));
    setAttribute(this.#download, "aria-label", t("download_item", { name }));
    setAttribute(this.#rename, "aria-label", t("rename_item", { name }));
    setAttribute(this.#share, "aria-label", t("share_item", { name }));
    setAttribute(this.#remove, "aria-label", t("delete_item", { name }));
  }
}
