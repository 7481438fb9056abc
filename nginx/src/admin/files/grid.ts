// Files as tiles in lines, of which only those that can be seen, and a little around them, are in the document. All tiles are of one
// size, so that where one lies is reckoned and nothing is measured. A tile that went out of sight shows what comes into it.

import { setAttribute } from "../../page/dom";
import { Order } from "../../page/ordered";
import type { Listed, VirtualRow } from "../../page/virtual-list";
import type { Arrangement } from "./arranged";
import "./grid.css";

/** Lines kept ready above and below, for the keys and for Tab. */
const LINES_AROUND = 2;
/** So many tiles of what lies around come in one frame; the others in the next ones. */
const AROUND_AT_ONCE = 4;
const GAP = 12;
/** What stands below a picture: the name, and who sent it when. */
const WORDS_PIXELS = 56;
/** How wide a tile is at least; on a phone two stand beside each other. */
const LEAST_PIXELS = 176;
const LEAST_COLUMNS = 2;

export interface Measures {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

/** Tiles of 3 to 2 with words below them, as many as there is room for. */
export function measuresOf(room: number): Measures {
  const columns = Math.max(LEAST_COLUMNS, Math.floor((room + GAP) / (LEAST_PIXELS + GAP)));
  const width = Math.max(1, Math.floor((room - GAP * (columns - 1)) / columns));
  return { columns, width, height: Math.round((width * 2) / 3) + WORDS_PIXELS };
}

export class FileGrid<T extends Listed> implements Arrangement<T> {
  readonly #list: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #makeTile: () => VirtualRow<T>;
  readonly #paintSoon: () => void;
  readonly #tiles = new Map<number, VirtualRow<T>>();
  readonly #spare: VirtualRow<T>[] = [];
  readonly #order: Order;
  #items: readonly T[] = [];
  #room = -1;
  #measures = measuresOf(0);
  #isRtl = false;
  #reach = 0;
  /** Whether it was scrolled since it was drawn, and whether it has other items since. */
  #isScrolled = false;
  #isOther = false;

  constructor(
    list: HTMLElement,
    scroller: HTMLElement,
    makeTile: () => VirtualRow<T>,
    paintSoon: () => void,
  ) {
    this.#list = list;
    this.#scroller = scroller;
    this.#makeTile = makeTile;
    this.#paintSoon = paintSoon;
    this.#order = new Order(list);
    const scrolled = (): void => {
      this.#isScrolled = true;
      paintSoon();
    };
    scroller.addEventListener("scroll", scrolled, { passive: true });
    new ResizeObserver(() => {
      this.#room = -1;
      paintSoon();
    }).observe(scroller);
  }

  get columns(): number {
    return this.#measures.columns;
  }

  setItems(items: readonly T[]): void {
    this.#items = items;
    this.#isOther = true;
    this.#room = -1;
  }

  rowOf(item: T): VirtualRow<T> | undefined {
    return this.#tiles.get(item.id);
  }

  /** Up to which place one saw when it was drawn last. */
  get reach(): number {
    return this.#reach;
  }

  /** So many lines can be seen. */
  get page(): number {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / this.#step) - 1);
  }

  reveal(index: number): void {
    this.#measure();
    const top = Math.floor(index / this.columns) * this.#step;
    const bottom = top + this.#measures.height;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#scroller.scrollTop = bottom - clientHeight;
    this.paint();
  }

  paint(): void {
    this.#measure();
    const { scrollTop, clientHeight } = this.#scroller;
    const { columns } = this;
    const top = Math.floor(scrollTop / this.#step);
    const bottom = Math.ceil((scrollTop + clientHeight) / this.#step);
    this.#reach = bottom * columns;
    const seen = this.#items.slice(top * columns, bottom * columns);
    // After a far jump all tiles change: what can be seen does so in this frame, what lies around it in the next.
    const far = seen.length > 0 && !seen.some(({ id }) => this.#tiles.has(id));
    const around = far ? 0 : LINES_AROUND;
    const first = Math.max(0, top - around) * columns;
    // Of the same number wherever one is, so that on the way none has to be made.
    const lines = far ? bottom - top : Math.ceil(clientHeight / this.#step) + 1 + 2 * around;
    const wanted = this.#items.slice(first, first + lines * columns);
    this.#takeAllBut(new Set(wanted.map(({ id }) => id)));
    const isSeen = new Set(seen.map(({ id }) => id));
    let left = AROUND_AT_ONCE;
    const shown: Element[] = [];
    wanted.forEach((item, at) => {
      if (!this.#tiles.has(item.id) && !isSeen.has(item.id)) {
        left -= 1;
        if (left < 0) return;
      }
      shown.push(this.#show(item, first + at));
    });
    const isMore = far || left < 0;
    const isMoving = this.#isScrolled && !this.#isOther;
    this.#isOther = false;
    this.#order.show(shown, isMoving);
    // What the next frames add belongs to the same step.
    this.#isScrolled = isMoving && isMore;
    if (isMore) this.#paintSoon();
  }

  get #step(): number {
    return this.#measures.height + GAP;
  }

  #measure(): void {
    if (this.#room >= 0) return;
    this.#room = this.#list.clientWidth;
    this.#measures = measuresOf(this.#room);
    this.#isRtl = getComputedStyle(this.#list).direction === "rtl";
    const lines = Math.ceil(this.#items.length / this.columns);
    this.#list.style.height = `${Math.max(0, lines * this.#step - GAP)}px`;
    this.#list.style.setProperty("--tile-width", `${this.#measures.width}px`);
    this.#list.style.setProperty("--tile-height", `${this.#measures.height}px`);
  }

  #show(item: T, index: number): Element {
    const tile = this.#tiles.get(item.id) ?? this.#add(item);
    const { element } = tile;
    tile.paint(item);
    const across = (index % this.columns) * (this.#measures.width + GAP);
    const down = Math.floor(index / this.columns) * this.#step;
    const where = `translate(${this.#isRtl ? -across : across}px, ${down}px)`;
    if (element.style.transform !== where) element.style.transform = where;
    setAttribute(element, "aria-posinset", String(index + 1));
    setAttribute(element, "aria-setsize", String(this.#items.length));
    return element;
  }

  #add(item: T): VirtualRow<T> {
    // In their order, so that after a far jump all stand where they stood.
    const tile = this.#spare.shift() ?? this.#makeTile();
    this.#tiles.set(item.id, tile);
    return tile;
  }

  #takeAllBut(wanted: ReadonlySet<number>): void {
    const gone: VirtualRow<T>[] = [];
    for (const [id, tile] of this.#tiles) {
      if (wanted.has(id)) continue;
      this.#tiles.delete(id);
      // Nobody who was on a button of one file is taken to another's.
      if (tile.element.contains(document.activeElement)) tile.element.remove();
      gone.push(tile);
    }
    // First those that stand in the document.
    this.#spare.unshift(...gone);
  }
}
