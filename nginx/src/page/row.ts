// One file in the list.

import type { UploadStats } from "../utils/parallel-upload";
import type { UploadItem } from "../utils/upload-manager";
import { make, makeIcon, setHidden, setLabel, setText, showIcon } from "./dom";
import { type Entry, isFolder, type Place } from "./folders";
import { formatBytes, formatPercent } from "./format";
import { joined, t } from "./i18n";
import { reasonFor } from "./reasons";
import { type ButtonActions, type ButtonName, hasDetails, RowButtons } from "./row-buttons";
import { speedWords } from "./speed-words";

export interface RowActions extends ButtonActions {
  readonly wasTakenBack: (item: UploadItem) => boolean;
  /** Whether an earlier visit has sent the very same bytes. */
  readonly wasSentBefore: (item: UploadItem) => boolean;
  readonly statsOf: (item: UploadItem) => UploadStats | null;
  readonly isOffline: () => boolean;
  /** Fills and keeps up the part that is shown on demand. */
  readonly details: (item: UploadItem, box: HTMLElement) => void;
  readonly isOpen: (item: UploadItem) => boolean;
  /** Inside which folder of the list it stands. */
  readonly placeOf: (item: UploadItem) => Place;
}

const ICONS = {
  waiting: "file",
  sending: "up",
  finishing: "up",
  paused: "pause",
  done: "check",
  failed: "alert",
  cancelled: "close",
} as const;

export class Row {
  readonly element = make("li", { className: "file" });
  readonly #sign = makeIcon("file");
  readonly #size = make("span", { className: "file-size" });
  readonly #state = make("span", { className: "file-state" });
  #name: HTMLElement = make("div");
  readonly #buttons: RowButtons;
  readonly #actions: RowActions;
  #item: UploadItem | null = null;
  /** How much of its path the folder around it says already. */
  #cut = 0;
  /** These are made when they are first needed. */
  #bar: Bar | null = null;
  #box: HTMLElement | null = null;

  constructor(actions: RowActions) {
    this.#actions = actions;
    const sign = make("span", { className: "file-sign" });
    sign.append(this.#sign);
    const about = make("div", { className: "file-about" }, this.#size, this.#state);
    const text = make("div", { className: "file-text" }, this.#name, about);
    this.#buttons = new RowButtons(actions, this.element);
    this.element.append(sign, text, this.#buttons.element);
  }

  fits(entry: Entry): boolean {
    return !isFolder(entry);
  }

  /** Of the file it showed before, or of another one. */
  paint(item: UploadItem): void {
    const place = this.#actions.placeOf(item);
    const cut = place.folder?.path.length ?? 0;
    if (item !== this.#item) this.#begin(item, cut);
    else if (cut !== this.#cut) this.#call(item, cut);
    if (place.depth > 0) indent(this.element, place);
    const taken = item.state === "cancelled" && this.#actions.wasTakenBack(item);
    const className = `file ${item.state}${insideOf(place)}`;
    if (this.element.className !== className) this.element.className = className;
    showIcon(this.#sign, taken ? "undo" : ICONS[item.state]);
    setText(this.#size, formatBytes(item.file.size));
    setText(this.#state, this.#words(item, taken));
    const open = hasDetails(item) && this.#actions.isOpen(item);
    this.#buttons.paint(item, open);
    this.#paintBar(item);
    this.#paintBox(item, open);
  }

  #words(item: UploadItem, taken: boolean): string {
    if (taken) return t("taken_back");
    return this.#actions.isLeaving(item) ? t("taking_back") : wordsFor(item, this.#actions);
  }

  focus(name: ButtonName): void {
    this.#buttons.focus(name);
  }

  #begin(item: UploadItem, cut: number): void {
    this.#item = item;
    this.element.dataset.id = String(item.id);
    this.#call(item, cut);
    // The bar of another file would be seen to move.
    this.#bar?.element.remove();
    this.#box?.remove();
    this.#bar = null;
    this.#box = null;
  }

  #call({ path }: UploadItem, cut: number): void {
    const name = nameOf(path.slice(cut));
    if (cut > 0) name.title = path;
    this.#name.replaceWith(name);
    this.#name = name;
    this.#cut = cut;
  }

  #paintBar(item: UploadItem): void {
    const under = hasDetails(item) && (item.state !== "paused" || item.safe > 0);
    if (under && this.#bar === null) {
      this.#bar = new Bar();
      this.#buttons.element.after(this.#bar.element);
    }
    if (this.#bar !== null) setHidden(this.#bar.element, !under);
    const { path, file, safe, loaded } = item;
    if (under) this.#bar?.paint({ path, size: file.size, safe, loaded });
  }

  #paintBox(item: UploadItem, open: boolean): void {
    if (open && this.#box === null) {
      this.#box = make("div", { className: "file-details" });
      this.element.append(this.#box);
    }
    if (this.#box === null) return;
    setHidden(this.#box, !open);
    if (open) this.#actions.details(item, this.#box);
  }
}

interface Sent {
  readonly path: string;
  readonly size: number;
  readonly safe: number;
  readonly loaded: number;
}

/** What stands in a folder is set off from what stands beside it: by a class, as selectors that look into styles cost time. */
export function insideOf({ depth }: Place): string {
  return depth === 0 ? "" : " inside";
}

export function indent(element: HTMLElement, { depth }: Place): void {
  const wanted = String(depth);
  if (element.style.getPropertyValue("--depth") !== wanted) element.style.setProperty("--depth", wanted);
}

/** What is safe on the server, and behind it, paler, what was sent. */
export class Bar {
  readonly #safe = make("progress");
  readonly #sent = make("span");
  readonly element = make("div", { className: "bar" }, this.#sent, this.#safe);

  constructor() {
    this.#safe.max = 1;
    // Until a value was set a bar is of unknown progress, which Firefox shows as a full one; yet it reads as 0 before, too.
    this.#safe.value = 0;
  }

  paint({ path, size, safe, loaded }: Sent): void {
    setLabel(this.#safe, t("progress_of", { path }));
    const value = size === 0 ? 0 : safe / size;
    if (this.#safe.value !== value) this.#safe.value = value;
    this.#sent.style.inlineSize = `${size === 0 ? 0 : (loaded / size) * 100}%`;
  }
}

/** The folder stands back. In one piece, however long: it is read out and copied as it is. */
function nameOf(path: string): HTMLElement {
  const cut = path.lastIndexOf("/") + 1;
  const box = make("div", { className: "file-name" });
  if (cut > 0) box.append(make("span", { className: "file-folder", text: path.slice(0, cut) }));
  box.append(path.slice(cut));
  box.dir = "auto";
  return box;
}

function wordsFor(item: UploadItem, { statsOf, isOffline, wasSentBefore }: RowActions): string {
  const { state, cancelling, safe, loaded, file, error } = item;
  const percent = (): string => formatPercent(safe, file.size || 1);
  const line = isOffline() ? [t("no_line")] : [];
  switch (state) {
    case "waiting":
    case "finishing":
    case "cancelled":
      return cancelling ? joined([t("cancelling"), ...line]) : t(state);
    case "paused":
      return joined(safe === 0 ? [t(state)] : [t(state), percent()]);
    case "done":
      return joined([t("arrived"), ...(wasSentBefore(item) ? [t("sent_before")] : [])]);
    case "failed":
      return reasonFor(error);
    case "sending": {
      const stats = statsOf(item);
      if (line.length > 0) return joined([percent(), ...line]);
      if (stats?.stuck) return joined([percent(), t("trouble")]);
      if (stats === null || (loaded === 0 && safe === 0)) return t("starting");
      return joined([percent(), ...speedWords(stats)]);
    }
  }
}
