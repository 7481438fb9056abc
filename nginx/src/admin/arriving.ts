// What is on its way to a link: who sends it since when, how far and how fast it is, and how to stop it.

import { setText } from "../page/dom";
import { formatBytes, formatDate, formatDuration, formatPercent, formatSpeed } from "./format";
import { joined, t } from "./i18n";
import type { KeyedRow } from "./keyed";
import { PagedList } from "./paged";
import { acts, clonedElement, part, show } from "./parts";
import { visibleName } from "./visible";
import type { OpenUpload, Page } from "./wire";
import { senderWords } from "./words";

export interface ArrivingPorts {
  /** Asks for as many uploads as are wanted, and shows them. */
  readonly load: () => void;
  readonly stop: (upload: OpenUpload) => Promise<void>;
  readonly stopAll: () => Promise<void>;
}

export class Arriving {
  readonly element = clonedElement("arriving");
  readonly #title = part(this.element, "title", HTMLElement);
  readonly #all = part(this.element, "all", HTMLButtonElement);
  readonly #problem = part(this.element, "stop-problem", HTMLElement);
  readonly #list: PagedList<OpenUpload>;
  #page: Page<OpenUpload> = { items: [], nextCursor: null };
  /** How many there are, as far as the list of links tells. */
  #total = 0;

  constructor({ load, stop, stopAll }: ArrivingPorts) {
    this.#list = new PagedList<OpenUpload>({
      more: "more_uploads",
      keyOf: (upload) => upload.uploadId,
      makeRow: (upload) => new UploadRow(upload, () => stop(upload)),
      load,
    });
    this.#list.items.setAttribute("aria-label", t("arriving_label"));
    part(this.element, "list", HTMLElement).append(this.#list.element);
    acts(this.#all, stopAll);
    this.element.hidden = true;
  }

  /** How many uploads it would show. */
  get wanted(): number {
    return this.#list.wanted;
  }

  get isEmpty(): boolean {
    return this.#page.items.length === 0;
  }

  /** Shows the newest uploads, of `total` that there are. */
  show(page: Page<OpenUpload>, total: number): void {
    const { activeElement } = document;
    const at = [...this.#list.items.children].findIndex((row) => row.contains(activeElement));
    const held = this.element.contains(activeElement);
    this.#page = page;
    const { length } = page.items;
    this.#total = page.nextCursor === null ? length : Math.max(total, length + 1);
    this.#list.show(page.items, this.#total - length);
    setText(this.#title, t("arriving", { count: this.#total }));
    this.#all.hidden = length < 2;
    this.#hideWhatSaysNothing();
    const lost = activeElement?.isConnected !== true || activeElement.closest("[hidden]") !== null;
    if (held && lost) this.#focusNear(Math.max(0, at));
  }

  /** Tells what went wrong, or with no words that nothing does. */
  complain(words: string): void {
    show(this.#problem, words);
    // The last upload may have gone out of the list meanwhile.
    this.#hideWhatSaysNothing();
  }

  /** Takes what is gone out of the list before the server is asked again. */
  drop(uploadId: string): void {
    const items = this.#page.items.filter((upload) => upload.uploadId !== uploadId);
    this.show({ ...this.#page, items }, this.#total - 1);
  }

  /** The same for all of them. */
  clear(): void {
    this.show({ items: [], nextCursor: null }, 0);
  }

  /** Bytes that have come meanwhile, by upload id. */
  moved(received: ReadonlyMap<string, number>): void {
    if (this.isEmpty) return;
    const items = this.#page.items.map((upload) => {
      const now = received.get(upload.uploadId) ?? 0;
      return now > upload.received ? { ...upload, received: now, silence: 0 } : upload;
    });
    this.show({ ...this.#page, items }, this.#total);
  }

  #hideWhatSaysNothing(): void {
    this.element.hidden = this.isEmpty && this.#problem.hidden;
  }

  /** Of a row that is gone the next one gets the focus, or the one before, or what follows the list. */
  #focusNear(at: number): void {
    const rows = this.#list.items.children;
    const row = rows.item(Math.min(at, rows.length - 1));
    let next: Element | null | undefined = row?.querySelector("button") ?? this.element.nextElementSibling;
    // Not all that follows is there to be seen, or takes a focus.
    for (; next; next = next.nextElementSibling) {
      if (next instanceof HTMLElement) next.focus();
      if (document.activeElement === next) return;
    }
  }
}

class UploadRow implements KeyedRow<OpenUpload> {
  readonly element = clonedElement("arriving-upload");
  readonly #bar = part(this.element, "bar", HTMLProgressElement);
  readonly #progress = part(this.element, "progress", HTMLElement);
  readonly #silence = part(this.element, "silence", HTMLElement);

  constructor(upload: OpenUpload, stop: () => Promise<void>) {
    const name = visibleName(upload.path);
    part(this.element, "path", HTMLElement).textContent = name;
    const since = part(this.element, "since", HTMLTimeElement);
    since.dateTime = new Date(upload.openedAt).toISOString();
    since.textContent = formatDate(upload.openedAt);
    const sender = visibleName(fromWords(upload));
    part(this.element, "sender", HTMLElement).textContent = sender;
    part(this.element, "sender-line", HTMLElement).hidden = sender === "";
    this.#bar.setAttribute("aria-label", name);
    const cancel = part(this.element, "cancel", HTMLButtonElement);
    cancel.setAttribute("aria-label", t("cancel_item", { name }));
    acts(cancel, stop);
  }

  show(upload: OpenUpload): void {
    this.#bar.max = Math.max(1, upload.size);
    this.#bar.value = upload.received;
    setText(this.#progress, arrivedWords(upload));
    const silence = silenceWords(upload);
    setText(this.#silence, silence === "" ? "" : ` · ${silence}`);
  }
}

/** "42% · 168 MB of 400 MB · 12 MB/s" */
export function arrivedWords({ received, size, speed }: OpenUpload): string {
  const bytes = t("bytes_of", { done: formatBytes(received), size: formatBytes(size) });
  return joined(formatPercent(received, size), bytes, speed > 0 ? formatSpeed(speed) : "");
}

/** What to say where nothing comes. */
export function silenceWords({ received, silence, speed }: OpenUpload): string {
  if (speed > 0 || silence < 30) return "";
  return received === 0 ? t("silent") : t("silent_for", { time: formatDuration(silence) });
}

/** "Ann <ann@example.org>, 192.0.2.7" */
export function fromWords(upload: OpenUpload): string {
  return [senderWords(upload), upload.address ?? ""].filter((each) => each !== "").join(", ");
}
