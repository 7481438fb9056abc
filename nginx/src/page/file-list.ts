// The files of this visit: filters above, and a list that stays quick with ten thousand of them.

import type { Key } from "../messages/types";
import type { ItemState, UploadItem } from "../utils/upload-manager";
import { make, need, setHidden, setText } from "./dom";
import { type FolderActions, FolderRow } from "./folder-row";
import { AT_A_GLANCE, type Entry, Folders, isFolder } from "./folders";
import { currentLocale, t } from "./i18n";
import { Row, type RowActions } from "./row";
import { guardSecondClick } from "./second-click";
import { VirtualList } from "./virtual-list";
import "../sending.css";

type FilterName = "all" | "waiting" | "done" | "failed";

const FILTERS: Readonly<Record<FilterName, { readonly label: Key; readonly states: readonly ItemState[] }>> =
  {
    all: { label: "filter_all", states: [] },
    waiting: { label: "filter_waiting", states: ["waiting", "sending", "paused", "finishing"] },
    done: { label: "filter_done", states: ["done"] },
    failed: { label: "filter_failed", states: ["failed"] },
  };
export interface Counts {
  readonly waiting: number;
  readonly going: number;
  readonly paused: number;
  readonly done: number;
  readonly failed: number;
}

type Wanted = Omit<RowActions, "isOpen" | "toggle" | "move" | "placeOf"> & {
  /** All files in their order. */
  readonly files: () => readonly UploadItem[];
  /** Does what starts files. */
  readonly start: (act: () => void) => void;
  /** The file stays in the list. */
  readonly cancelOnly: (item: UploadItem) => void;
  /** Puts a waiting file in front of another one, or at the end. */
  readonly moveBefore: (item: UploadItem, other: UploadItem | null) => void;
};

export class FileList {
  readonly #element = need("files");
  readonly #scroller = need("files-scroller");
  readonly #filters = need("filters");
  readonly #none = need("filter-none");
  readonly #buttons = new Map<FilterName, HTMLButtonElement>();
  readonly #open = new Set<number>();
  readonly #folders = new Folders();
  readonly #list: VirtualList<Entry>;
  readonly #actions: Wanted;
  readonly #say: (words: string) => void;
  readonly #paintSoon: () => void;
  #shown: readonly Entry[] = [];
  #files = 0;
  #version = 0;
  #filter: FilterName = "all";
  #draggable = false;

  constructor(actions: Wanted, say: (words: string) => void, paintSoon: () => void) {
    this.#actions = actions;
    this.#say = say;
    this.#paintSoon = paintSoon;
    const forRows: RowActions = {
      ...actions,
      retry: (item) => actions.start(() => actions.retry(item)),
      resume: (item) => actions.start(() => actions.resume(item)),
      isOpen: ({ id }) => this.#open.has(id),
      toggle: (item) => this.#toggle(item),
      move: (item, by) => this.#moveBy(item, by),
      placeOf: (item) => this.#folders.placeOf(item),
    };
    const forFolders = this.#actionsOfFolders(forRows);
    const make = (entry: Entry): Row | FolderRow =>
      isFolder(entry) ? new FolderRow(forFolders) : new Row(forRows);
    this.#list = new VirtualList(this.#element, this.#scroller, make, paintSoon);
    for (const name of Object.keys(FILTERS) as FilterName[]) this.#addFilter(name);
    this.#element.addEventListener("keydown", (event) => this.#onKey(event));
    guardSecondClick(this.#element);
  }

  /** Something has happened to a file. */
  changed(): void {
    this.#version += 1;
  }

  #actionsOfFolders(forRows: RowActions): FolderActions {
    const { pause, resume, retry, cancelOnly, start } = this.#actions;
    return {
      ...forRows,
      forAll: {
        // From the end, or those behind it would start in place of each that stops.
        pause: (files) => [...files].reverse().forEach(pause),
        cancel: (files) => [...files].reverse().forEach(cancelOnly),
        resume: (files) => start(() => files.forEach(resume)),
        retry: (files) => start(() => files.forEach(retry)),
      },
      isFolderOpen: (folder) => this.#folders.isOpen(folder),
      toggleFolder: (folder) => {
        this.#folders.toggle(folder);
        this.reorder();
      },
      goTo: (item) => this.#goTo(item),
      placeOf: (entry) => this.#folders.placeOf(entry),
      version: () => this.#version,
    };
  }

  /** Dragging comes with the second file: before that there is no order. */
  async #letDrag(): Promise<void> {
    this.#draggable = true;
    const loaded = await import("./drag-order").catch(() => null);
    if (loaded === null) return;
    new loaded.DragOrder<UploadItem>(this.#element, {
      itemOf: (id) => this.#actions.files().find((item) => item.id === id) ?? null,
      indexAt: (clientY, item) => this.#siblingAt(this.#list.indexAt(clientY), item),
      drop: (item, index) => this.#moveTo(item, index),
    });
  }

  /** Draws the rows that can be seen. `items` are all files in their order. */
  paint(items: readonly UploadItem[], counts: Counts): void {
    if (items.length > 1 && !this.#draggable) void this.#letDrag();
    this.#paintFilters(items.length, counts);
    if (this.#filter !== "all" || items.length !== this.#files || this.#reordered) this.#arrange(items);
    setHidden(this.#none, this.#shown.length > 0);
    const inside = this.#element.contains(document.activeElement);
    this.#list.paint();
    // The row one was on has gone with the filter: stay in the list rather than fall to the top of the page.
    if (inside && !this.#element.contains(document.activeElement))
      this.#scroller.focus({ preventScroll: true });
  }

  #reordered = false;

  /** In folders, or as one list of those that a filter shows. */
  #arrange(items: readonly UploadItem[]): void {
    const { states } = FILTERS[this.#filter];
    const shown = states.length === 0 ? items : items.filter(({ state }) => states.includes(state));
    this.#shown = states.length === 0 ? this.#folders.arrange(shown) : [...this.#folders.flat(shown)];
    this.#list.setItems(this.#shown);
    this.#files = items.length;
    this.#reordered = false;
  }

  reorder(): void {
    this.#reordered = true;
    this.#paintSoon();
  }

  #addFilter(name: FilterName): void {
    const button = make("button", { className: "filter" });
    button.type = "button";
    button.addEventListener("click", () => {
      this.#filter = name;
      this.#scroller.scrollTop = 0;
      this.reorder();
    });
    this.#buttons.set(name, button);
    this.#filters.append(button);
  }

  #paintFilters(files: number, counts: Counts): void {
    const useful = files >= AT_A_GLANCE || counts.failed > 0 || this.#filter !== "all";
    setHidden(this.#filters, !useful || files < 2);
    if (!useful) return;
    const format = new Intl.NumberFormat(currentLocale());
    for (const [name, button] of this.#buttons) {
      const { label } = FILTERS[name];
      const count = countFor(name, files, counts);
      setHidden(button, count === 0 && name !== this.#filter && name !== "all");
      button.setAttribute("aria-pressed", String(name === this.#filter));
      setText(button, `${t(label)} ${format.format(count)}`);
    }
  }

  #toggle({ id }: UploadItem): void {
    if (!this.#open.delete(id)) this.#open.add(id);
    this.#paintSoon();
  }

  /** Opens the folders around a file, and goes to it. */
  #goTo(item: UploadItem): void {
    this.#folders.reveal(item);
    this.#arrange(this.#actions.files());
    this.#list.reveal(this.#list.indexOf(item));
    (this.#list.rowOf(item) as Row | undefined)?.focus("cancel");
    this.#paintSoon();
  }

  /** What stands in the same folder as the file, in its order, with the file. */
  #siblingsOf(item: UploadItem): Entry[] {
    const { folder } = this.#folders.placeOf(item);
    return this.#shown.filter((each) => this.#folders.placeOf(each).folder === folder);
  }

  /** A file stays in its folder: the sibling at this place in the list, or whose files are there. */
  #siblingAt(index: number, item: UploadItem): number {
    const { folder } = this.#folders.placeOf(item);
    const is = (each: Entry): boolean => this.#folders.placeOf(each).folder === folder;
    const before = this.#shown.slice(0, index + 1).findLastIndex(is);
    return before < 0 ? this.#shown.findIndex(is) : before;
  }

  #moveBy(item: UploadItem, by: number): void {
    const siblings = this.#siblingsOf(item);
    const place = siblings.indexOf(item);
    const target = Math.max(0, Math.min(siblings.length - 1, place + by));
    const onto = siblings[target];
    if (target === place || onto === undefined) return;
    this.#moveTo(item, this.#shown.indexOf(onto));
    // The row moves in the document, which takes the focus away from it.
    requestAnimationFrame(() => {
      this.#list.reveal(this.#list.indexOf(item));
      (this.#list.rowOf(item) as Row | undefined)?.focus("grip");
    });
    this.#say(t("moved", { path: item.path, position: target + 1, count: siblings.length }));
  }

  /** Puts a file where one of its siblings is: `index` is that one's in the list. */
  #moveTo(item: UploadItem, index: number): void {
    const siblings = this.#siblingsOf(item);
    const onto = this.#shown[index];
    const target = onto === undefined ? -1 : siblings.indexOf(onto);
    if (target < 0 || onto === item) return;
    const order = siblings.filter((each) => each !== item);
    const next = order[target];
    this.#actions.moveBefore(item, next === undefined ? this.#behind(order.at(-1), item) : firstOf(next));
    // At once, since another move may come before the next frame.
    this.#arrange(this.#actions.files());
    this.reorder();
  }

  /** The file that comes after all of an entry, and is not the one that moves; null where nothing does. */
  #behind(entry: Entry | undefined, moved: UploadItem): UploadItem | null {
    if (entry === undefined || this.#folders.placeOf(moved).folder === null) return null;
    const files = this.#actions.files();
    const last = isFolder(entry) ? entry.files.at(-1) : entry;
    const after = files.slice(last === undefined ? files.length : files.indexOf(last) + 1);
    return after.find((each) => each !== moved) ?? null;
  }

  /** Up and down go from file to file, on the same kind of button where the next one has it. */
  #onKey(event: KeyboardEvent): void {
    const row = (event.target as HTMLElement).closest<HTMLElement>("li");
    if (row === null) return;
    const index = Number(row.getAttribute("aria-posinset")) - 1;
    const last = this.#shown.length - 1;
    const goals: Readonly<Record<string, number>> = {
      ArrowUp: index - 1,
      ArrowDown: index + 1,
      PageUp: index - 8,
      PageDown: index + 8,
      Home: 0,
      End: last,
    };
    const goal = goals[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    const target = Math.max(0, Math.min(last, goal));
    this.#list.reveal(target);
    const next = this.#element.querySelector(`[aria-posinset="${target + 1}"]`);
    const buttons = [...(next?.querySelectorAll<HTMLButtonElement>("button:not([hidden])") ?? [])];
    const kind = (event.target as HTMLElement).querySelector("use")?.getAttribute("href");
    const same = buttons.find((button) => button.querySelector("use")?.getAttribute("href") === kind);
    (same ?? buttons.at(-1))?.focus();
  }
}

function firstOf(entry: Entry): UploadItem | null {
  return isFolder(entry) ? (entry.files[0] ?? null) : entry;
}

function countFor(name: FilterName, files: number, { waiting, going, paused, done, failed }: Counts): number {
  return { all: files, waiting: waiting + going + paused, done, failed }[name];
}
