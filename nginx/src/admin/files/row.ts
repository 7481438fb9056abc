// A row of the list of files: box, type, name, sender, time, size, and what can be done with it. Rows are used again for other files.

import { make, makeIcon, makeIconButton, setAttribute, setHidden, setLabel, setText } from "../../page/dom";
import type { VirtualRow } from "../../page/virtual-list";
import { downloadUrl } from "../api";
import { formatBytes, formatExactBytes } from "../format";
import { t } from "../i18n";
import { show } from "../parts";
import type { Shared } from "../sharing/sharing";
import { visibleName } from "../visible";
import { showTime, whenWords } from "../when";
import type { ReceivedFile } from "../wire";
import { senderWords } from "../words";
import type { LoadCopies } from "./copies";
import { Details } from "./details";
import type { Entry } from "./shelf";

export interface RowPorts {
  readonly hash: string;
  readonly isChosen: (file: ReceivedFile) => boolean;
  /** Whether it is the one that keys begin at. */
  readonly isCurrent: (entry: Entry) => boolean;
  readonly isUnfolded: (entry: Entry) => boolean;
  readonly toggle: (entry: Entry, stretch: boolean) => void;
  readonly unfold: (entry: Entry) => void;
  /** Looks at a file; false where it is to be downloaded instead. */
  readonly open: (file: ReceivedFile) => boolean;
  /** Shows a small picture in place of what stands there, where there is one; null for no file. */
  readonly picture: (place: HTMLElement, file: ReceivedFile | null) => void;
  readonly remove: (file: ReceivedFile) => void;
  /** Has it called otherwise. */
  readonly rename: (file: ReceivedFile) => Promise<void>;
  /** Has files shared outwards. */
  readonly share: (shared: Shared) => Promise<void>;
  /** Has it passed on again. */
  readonly passOn: (path: string) => Promise<void>;
  /** What an item of the checklist is called; empty for none. */
  readonly itemTitle: (item: string | null) => string;
  /** Whether a file that was received is no longer in its place. */
  readonly isGone: (path: string) => Promise<boolean>;
  /** Which other links have the same content. */
  readonly copies: LoadCopies;
}

const MOST_LETTERS = 4;

function typeWords({ path }: ReceivedFile): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const extension = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "";
  return /^[a-z0-9]+$/i.test(extension) && extension.length <= MOST_LETTERS ? extension.toUpperCase() : "…";
}

/** Writes into the text that is there: to take one out and put another in costs more, and rows change by the frame. */
function write(element: HTMLElement, text: string): void {
  const { firstChild } = element;
  if (text !== "" && firstChild instanceof Text) {
    if (firstChild.data !== text) firstChild.data = text;
  } else setText(element, text);
}

export class FileRow implements VirtualRow<Entry> {
  readonly element = make("li", { className: "file-row" });
  readonly #ports: RowPorts;
  readonly #box = make("input");
  readonly #media = make("span", { className: "file-media" });
  /** What stands in front of a name until there is a picture of the file, or for good: the type, in letters. */
  readonly #type = make("span", { className: "file-type" });
  readonly #name = make("a", { className: "file-name" });
  readonly #base = make("bdi", { className: "file-base" });
  readonly #folder = make("bdi", { className: "file-folder" });
  readonly #same = make("span", { className: "file-same" });
  readonly #sender = make("bdi", { className: "file-sender" });
  readonly #time = make("time", { className: "file-time" });
  readonly #size = make("bdi", { className: "file-size" });
  readonly #gone = make("p", { className: "problem" });
  readonly #download = make("a", { className: "button icon file-download" });
  readonly #more: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  #details: Details | null = null;
  #entry: Entry | null = null;
  #state = "";
  #file: ReceivedFile | null = null;

  constructor(ports: RowPorts) {
    this.#ports = ports;
    this.#box.type = "checkbox";
    const label = make("label", { className: "file-box" }, this.#box);
    this.#name.append(this.#base, this.#folder, this.#same);
    this.#download.append(makeIcon("download"));
    this.#more = makeIconButton("more", () => this.#entry && ports.unfold(this.#entry));
    this.#remove = makeIconButton("remove", () => this.#file && ports.remove(this.#file));
    this.#remove.classList.add("danger", "file-remove");
    const acts = make("span", { className: "file-acts" }, this.#download, this.#remove, this.#more);
    this.#type.setAttribute("aria-hidden", "true");
    this.#gone.setAttribute("role", "alert");
    this.#gone.hidden = true;
    const facts = make("span", { className: "file-facts" }, this.#sender, this.#time, this.#size);
    this.element.append(label, this.#media, this.#name, facts, acts, this.#gone);
    this.#listen();
  }

  paint(entry: Entry): void {
    const { file } = entry;
    const chosen = file !== null && this.#ports.isChosen(file);
    const current = this.#ports.isCurrent(entry);
    const unfolded = file !== null && this.#ports.isUnfolded(entry);
    const state = `${chosen} ${current} ${unfolded}`;
    // Nearly all rows stay as they are at a step of scrolling.
    if (entry === this.#entry && file === this.#file && state === this.#state) return;
    this.#state = state;
    const other = entry !== this.#entry || file?.uploadId !== this.#file?.uploadId;
    this.#entry = entry;
    setAttribute(this.element, "data-id", String(entry.id));
    this.element.classList.toggle("pending", file === null);
    if (file !== null && (other || file !== this.#file)) this.#write(file, other);
    if (file === null) this.#blank();
    this.#file = file;
    if (this.#box.checked !== chosen) this.#box.checked = chosen;
    this.element.classList.toggle("chosen", chosen);
    const tab = current ? 0 : -1;
    if (this.#name.tabIndex !== tab)
      for (const each of [this.#box, this.#name, this.#download, this.#more, this.#remove])
        each.tabIndex = tab;
    this.#unfold(unfolded);
  }

  /** Where keys begin. */
  focus(): void {
    this.#name.focus({ preventScroll: true });
  }

  #listen(): void {
    this.#box.addEventListener(
      "click",
      ({ shiftKey }) => this.#entry && this.#ports.toggle(this.#entry, shiftKey),
    );
    this.#name.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) {
        event.preventDefault();
        if (this.#entry !== null) this.#ports.toggle(this.#entry, event.shiftKey);
      } else if (this.#file !== null && this.#ports.open(this.#file)) event.preventDefault();
      else void this.#lookWhetherGone();
    });
    // What a browser says of a download that is refused is easily missed.
    this.#download.addEventListener("click", () => void this.#lookWhetherGone());
  }

  async #lookWhetherGone(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const gone = await this.#ports.isGone(file.path);
    if (this.#file?.uploadId === file.uploadId) show(this.#gone, gone ? t("file_gone") : "");
  }

  #write(file: ReceivedFile, other: boolean): void {
    const name = visibleName(file.path);
    const cut = name.lastIndexOf("/");
    write(this.#base, name.slice(cut + 1));
    write(this.#folder, name.slice(0, Math.max(0, cut)));
    write(this.#same, file.sameAs === null ? "" : t("same_as", { name: visibleName(file.sameAs) }));
    setAttribute(this.#name, "title", name);
    const url = downloadUrl(this.#ports.hash, file.path);
    for (const link of [this.#name, this.#download]) {
      setAttribute(link, "href", url);
      setAttribute(link, "download", "");
    }
    setLabel(this.#download, t("download_item", { name }));
    setLabel(this.#remove, t("delete_item", { name }));
    setLabel(this.#more, t("more_about", { name }));
    setAttribute(this.#box, "aria-label", t("choose_item", { name }));
    const sender = visibleName(senderWords(file));
    write(this.#sender, visibleName(file.senderName ?? file.senderEmail ?? ""));
    setAttribute(this.#sender, "title", sender);
    write(this.#size, formatBytes(file.size));
    setAttribute(this.#size, "title", formatExactBytes(file.size));
    showTime(this.#time, file.receivedAt, (at) => whenWords(at, Date.now()));
    if (!other) return;
    write(this.#type, typeWords(file));
    setAttribute(this.#type, "data-type", file.type);
    if (this.#media.firstChild !== this.#type) this.#media.replaceChildren(this.#type);
    this.#ports.picture(this.#media, file);
    show(this.#gone, "");
  }

  #blank(): void {
    for (const each of [this.#base, this.#folder, this.#same, this.#sender, this.#size, this.#time])
      setText(each, "");
    this.#media.replaceChildren();
    this.#ports.picture(this.#media, null);
    this.#name.removeAttribute("href");
    this.#name.title = t("loading");
    show(this.#gone, "");
  }

  #unfold(open: boolean): void {
    setAttribute(this.#more, "aria-expanded", String(open));
    if (open && this.#details === null) {
      this.#details = new Details(this.#ports);
      this.element.append(this.#details.element);
    }
    if (this.#details === null) return;
    setHidden(this.#details.element, !open);
    if (this.#file === null) return;
    this.#details.show(this.#file);
    if (open) this.#details.look(this.#file);
  }
}
