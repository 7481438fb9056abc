// The files of this visit: filters above, and a list that stays quick with ten thousand of them.

import type { Key } from "../messages/types";
import type { ItemState, UploadItem } from "../utils/upload-manager";
import { make, need, setHidden, setText } from "./dom";
import { t } from "./i18n";
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
/** Fewer files than this are seen at one glance, unless one failed. */
const MIN_FILES_TO_FILTER = 6;

export interface Counts {
  readonly waiting: number;
  readonly going: number;
  readonly paused: number;
  readonly done: number;
  readonly failed: number;
}

type Wanted = Omit<RowActions, "isOpen" | "toggle" | "move"> & {
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
  readonly #list: VirtualList<UploadItem>;
  readonly #actions: Wanted;
  readonly #say: (words: string) => void;
  readonly #paintSoon: () => void;
  #shown: readonly UploadItem[] = [];
  #filter: FilterName = "all";
  #draggable = false;

  constructor(actions: Wanted, say: (words: string) => void, paintSoon: () => void) {
    this.#actions = actions;
    this.#say = say;
    this.#paintSoon = paintSoon;
    const forRows: RowActions = {
      ...actions,
      isOpen: ({ id }) => this.#open.has(id),
      toggle: (item) => this.#toggle(item),
      move: (item, by) => this.#moveBy(item, by),
    };
    this.#list = new VirtualList(this.#element, this.#scroller, () => new Row(forRows), paintSoon);
    for (const name of Object.keys(FILTERS) as FilterName[]) this.#addFilter(name);
    this.#element.addEventListener("keydown", (event) => this.#onKey(event));
    guardSecondClick(this.#element);
  }

  /** Dragging comes with the second file: before that there is no order. */
  async #letDrag(): Promise<void> {
    this.#draggable = true;
    const loaded = await import("./drag-order").catch(() => null);
    if (loaded === null) return;
    new loaded.DragOrder(this.#element, {
      itemOf: (id: number) => this.#shown.find((item) => item.id === id) ?? null,
      indexAt: (clientY) => this.#list.indexAt(clientY),
      drop: (item, index) => this.#moveTo(item, index),
    });
  }

  /** Draws the rows that can be seen. `items` are all files in their order. */
  paint(items: readonly UploadItem[], counts: Counts): void {
    if (items.length > 1 && !this.#draggable) void this.#letDrag();
    this.#paintFilters(items.length, counts);
    const { states } = FILTERS[this.#filter];
    const shown = states.length === 0 ? items : items.filter(({ state }) => states.includes(state));
    if (states.length > 0 || shown.length !== this.#shown.length || this.#reordered) {
      this.#list.setItems([...shown]);
      this.#reordered = false;
    }
    this.#shown = shown;
    setHidden(this.#none, shown.length > 0);
    const inside = this.#element.contains(document.activeElement);
    this.#list.paint();
    // The row one was on has gone with the filter: stay in the list rather than fall to the top of the page.
    if (inside && !this.#element.contains(document.activeElement))
      this.#scroller.focus({ preventScroll: true });
  }

  #reordered = false;

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
    const useful = files >= MIN_FILES_TO_FILTER || counts.failed > 0 || this.#filter !== "all";
    setHidden(this.#filters, !useful || files < 2);
    if (!useful) return;
    const format = new Intl.NumberFormat(document.documentElement.lang);
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

  #moveBy(item: UploadItem, by: number): void {
    const index = this.#list.indexOf(item);
    const target = Math.max(0, Math.min(this.#shown.length - 1, index + by));
    if (target === index) return;
    this.#moveTo(item, target);
    // The row moves in the document, which takes the focus away from it.
    requestAnimationFrame(() => {
      this.#list.reveal(target);
      (this.#list.rowOf(item) as Row | undefined)?.focus("grip");
    });
    this.#say(t("moved", { path: item.path, position: target + 1, count: this.#shown.length }));
  }

  #moveTo(item: UploadItem, index: number): void {
    const order = this.#shown.filter((each) => each !== item);
    this.#actions.moveBefore(item, order[index] ?? null);
    // At once, since another move may come before the next frame.
    order.splice(index, 0, item);
    this.#shown = order;
    this.#list.setItems(order);
    this.reorder();
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

function countFor(name: FilterName, files: number, { waiting, going, paused, done, failed }: Counts): number {
  return { all: files, waiting: waiting + going + paused, done, failed }[name];
}
