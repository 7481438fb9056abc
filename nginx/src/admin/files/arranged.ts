// How files stand: one below the other, or as tiles. What is chosen, where keys are and what is loaded does not depend on it.

import { make, makeIconButton, setAttribute, setLabel } from "../../page/dom";
import { type Listed, VirtualList, type VirtualRow } from "../../page/virtual-list";
import { t } from "../i18n";

/** Some way in which the items of a list of any length stand in a box that is scrolled. */
export interface Arrangement<T extends Listed> {
  setItems(items: readonly T[]): void;
  rowOf(item: T): VirtualRow<T> | undefined;
  /** Brings an item into view; its row exists afterwards. */
  reveal(index: number): void;
  paint(): void;
  readonly columns: number;
  /** Up to which place one saw when it was drawn last. */
  readonly reach: number;
  /** How many lines are seen at once, but one. */
  readonly page: number;
}

const WAYS = ["list", "grid"] as const;
export type Way = (typeof WAYS)[number];

const KEY = "droppr.files.way";
/** As high as a row is where a pointer is fine: what PageDown goes by. */
const ROW_PIXELS = 44;

class Below<T extends Listed> extends VirtualList<T> implements Arrangement<T> {
  readonly #scroller: HTMLElement;
  readonly columns = 1;

  constructor(list: HTMLElement, scroller: HTMLElement, makeRow: () => VirtualRow<T>, paintSoon: () => void) {
    super(list, scroller, makeRow, paintSoon);
    this.#scroller = scroller;
  }

  get page(): number {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / ROW_PIXELS) - 1);
  }
}

export interface ArrangedPorts<T extends Listed> {
  readonly makeRow: () => VirtualRow<T>;
  readonly paintSoon: () => void;
  /** It stands in another way now. */
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
}

export class Arranged<T extends Listed> {
  /** Chooses between both. */
  readonly element = make("div", { className: "file-ways" });
  readonly #list: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #ports: ArrangedPorts<T>;
  readonly #below: Arrangement<T>;
  readonly #buttons: ReadonlyMap<Way, HTMLButtonElement>;
  #grid: Arrangement<T> | null = null;
  #way: Way = "list";

  constructor(list: HTMLElement, scroller: HTMLElement, ports: ArrangedPorts<T>) {
    this.#list = list;
    this.#scroller = scroller;
    this.#ports = ports;
    this.#below = new Below(list, scroller, ports.makeRow, ports.paintSoon);
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", t("ways"));
    const made = WAYS.map((way) => {
      const button = makeIconButton(way, () => void this.#choose(way));
      setLabel(button, t(`way_${way}`));
      button.dataset.part = `as-${way}`;
      return [way, button] as const;
    });
    this.#buttons = new Map(made);
    this.element.append(...made.map(([, button]) => button));
    this.#press();
    if (remembered() === "grid") void this.#take("grid");
  }

  get now(): Arrangement<T> {
    return this.#way === "grid" && this.#grid !== null ? this.#grid : this.#below;
  }

  get isGrid(): boolean {
    return this.#way === "grid";
  }

  /** Where a move leads from one place: up and down stay where there is no other line. */
  moved(from: number, by: number, items: number): number {
    const to = from + by;
    const { columns } = this.now;
    if (columns === 1 || (to >= 0 && to < items)) return Math.max(0, Math.min(to, items - 1));
    if (to < 0) return Math.abs(by) === 1 ? 0 : from % columns;
    const isLastLine = Math.floor(from / columns) === Math.floor((items - 1) / columns);
    return isLastLine ? from : items - 1;
  }

  async #choose(way: Way): Promise<void> {
    remember(way);
    await this.#take(way);
  }

  /** Tiles are loaded when somebody wants them. */
  async #take(way: Way): Promise<void> {
    if (way === this.#way) return;
    try {
      if (way === "grid") await this.#loadGrid();
    } catch (error) {
      this.#ports.failed(error);
      return;
    }
    const before = this.now;
    this.#way = way;
    before.setItems([]);
    before.paint();
    this.#press();
    this.#ports.changed();
  }

  async #loadGrid(): Promise<void> {
    if (this.#grid !== null) return;
    const { FileGrid } = await import("./grid");
    const { makeRow, paintSoon } = this.#ports;
    this.#grid = new FileGrid(this.#list, this.#scroller, makeRow, paintSoon);
  }

  #press(): void {
    for (const [way, button] of this.#buttons)
      setAttribute(button, "aria-pressed", String(way === this.#way));
  }
}

function remembered(): Way {
  try {
    return localStorage.getItem(KEY) === "grid" ? "grid" : "list";
  } catch {
    return "list";
  }
}

function remember(way: Way): void {
  try {
    localStorage.setItem(KEY, way);
  } catch {
    // A browser that keeps nothing begins with the list.
  }
}
