// A list of any length of which only what can be seen, and a little around it, is in the document. Rows may differ in
// height: each is measured when it is shown, and until then counted as high as the first one that was. Making a row costs many
// times what painting it does, so a row that went out of sight shows what comes into it.

import { setAttribute } from "./dom";
import { Order } from "./ordered";

export interface Listed {
  readonly id: number;
}

export interface VirtualRow<T> {
  readonly element: HTMLElement;
  paint(item: T): void;
  /** Whether it can show that one, where there are rows of several kinds. */
  fits?(item: T): boolean;
}

/** Rows kept ready above and below: Tab and arrow keys always find the next one. */
const ROWS_AROUND = 12;

export class VirtualList<T extends Listed> {
  readonly #list: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #makeRow: (item: T) => VirtualRow<T>;
  readonly #paintSoon: () => void;
  readonly #rows = new Map<number, VirtualRow<T>>();
  /** Rows of what cannot be seen any more. */
  readonly #spare: VirtualRow<T>[] = [];
  readonly #heights = new Map<number, number>();
  readonly #resized: ResizeObserver;
  readonly #order: Order;
  #items: readonly T[] = [];
  /** Where each item begins, in pixels; one more than there are items, the last being the height of all. */
  #tops = new Float64Array(1);
  #stale = true;
  /** How high a row is of which nothing is known. */
  #guess = 64;
  #reach = 0;
  /** Whether it was scrolled since it was drawn, and whether it has other items since. */
  #isScrolled = false;
  #isOther = false;

  /** `paintSoon` is asked for whenever scrolling or a changed height calls for `paint()`. */
  constructor(
    list: HTMLElement,
    scroller: HTMLElement,
    makeRow: (item: T) => VirtualRow<T>,
    paintSoon: () => void,
  ) {
    this.#list = list;
    this.#scroller = scroller;
    this.#makeRow = makeRow;
    this.#paintSoon = paintSoon;
    this.#resized = new ResizeObserver(() => this.#measure());
    this.#order = new Order(list);
    const scrolled = (): void => {
      this.#isScrolled = true;
      paintSoon();
    };
    scroller.addEventListener("scroll", scrolled, { passive: true });
    new ResizeObserver(paintSoon).observe(scroller);
  }

  setItems(items: readonly T[]): void {
    this.#items = items;
    this.#isOther = true;
    this.#stale = true;
  }

  /** Up to which place one saw when it was drawn last. */
  get reach(): number {
    return this.#reach;
  }

  rowOf(item: T): VirtualRow<T> | undefined {
    return this.#rows.get(item.id);
  }

  indexOf(item: Listed): number {
    return this.#items.findIndex(({ id }) => id === item.id);
  }

  /** Which item lies at this height of the window; the nearest where there is none. */
  indexAt(clientY: number): number {
    const y = clientY - this.#list.getBoundingClientRect().top;
    return Math.max(0, Math.min(this.#items.length - 1, this.#indexAtTop(y)));
  }

  /** Brings an item into view; its row exists afterwards. */
  reveal(index: number): void {
    this.#place();
    const top = this.#tops[index] ?? 0;
    const bottom = this.#tops[index + 1] ?? top;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#scroller.scrollTop = bottom - clientHeight;
    this.paint();
  }

  /** Draws what can be seen. Call it once a frame at most. */
  paint(): void {
    this.#place();
    const { scrollTop, clientHeight } = this.#scroller;
    const top = this.#indexAtTop(scrollTop);
    const bottom = this.#indexAtTop(scrollTop + clientHeight) + 1;
    this.#reach = bottom;
    // After a far jump all rows change: what can be seen does so in this frame, what lies around it in the next.
    const far =
      top < this.#items.length && !this.#items.slice(top, bottom).some(({ id }) => this.#rows.has(id));
    const isMoving = this.#isScrolled && !this.#isOther;
    this.#isOther = false;
    // What the next frame adds belongs to the same jump.
    this.#isScrolled = far && isMoving;
    if (far) this.#paintSoon();
    const around = far ? 0 : ROWS_AROUND;
    const first = Math.max(0, top - around);
    // Of the same number wherever one is, so that near the top none has to be made for what comes above.
    const wanted = this.#items.slice(first, first + bottom - top + 2 * around);
    this.#takeAllBut(wanted);
    this.#order.show(
      wanted.map((item, at) => this.#show(item, first + at)),
      isMoving,
    );
  }

  #show(item: T, index: number): Element {
    const row = this.#rows.get(item.id) ?? this.#add(item);
    const { element } = row;
    row.paint(item);
    const top = `translateY(${this.#tops[index]}px)`;
    if (element.style.transform !== top) element.style.transform = top;
    setAttribute(element, "aria-posinset", String(index + 1));
    setAttribute(element, "aria-setsize", String(this.#items.length));
    return element;
  }

  #add(item: T): VirtualRow<T> {
    const at = this.#spare.findIndex((row) => row.fits?.(item) ?? true);
    const row = (at < 0 ? undefined : this.#spare.splice(at, 1)[0]) ?? this.#makeRow(item);
    this.#rows.set(item.id, row);
    // A row that stays as high as it was is not told of again.
    if (this.#heights.has(item.id)) this.#resized.unobserve(row.element);
    this.#resized.observe(row.element);
    return row;
  }

  #takeAllBut(wanted: readonly T[]): void {
    const gone: VirtualRow<T>[] = [];
    const stay = new Set(wanted.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (stay.has(id)) continue;
      const { element } = row;
      this.#rows.delete(id);
      if (this.#heights.has(id)) this.#resized.unobserve(element);
      gone.push(row);
      // Nobody who was on a button of one file is taken to another's.
      if (element.contains(document.activeElement)) element.remove();
    }
    // First those that stand in the document.
    this.#spare.unshift(...gone);
  }

  #measure(): void {
    for (const [id, { element }] of this.#rows) {
      const height = element.getBoundingClientRect().height;
      // Most rows are as high as was guessed: of those nothing has to be kept, and nothing placed anew.
      if (height === 0 || (this.#heights.get(id) ?? this.#guess) === height) continue;
      if (this.#heights.size === 0) this.#guess = height;
      this.#heights.set(id, height);
      this.#stale = true;
    }
    if (this.#stale) this.#paintSoon();
  }

  #place(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const tops = new Float64Array(this.#items.length + 1);
    this.#items.forEach(({ id }, at) => {
      tops[at + 1] = (tops[at] ?? 0) + (this.#heights.get(id) ?? this.#guess);
    });
    this.#tops = tops;
    this.#list.style.height = `${tops[this.#items.length]}px`;
  }

  #indexAtTop(y: number): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tops[middle + 1] ?? 0) <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
