// Ordering files with a mouse, a pen or a finger: taken by the grip of a row, let go between two others.

import "./drag-order.css";

interface Order<T> {
  readonly itemOf: (id: number) => T | null;
  /** Where it may be let go that is nearest to there. */
  readonly indexAt: (clientY: number, item: T) => number;
  readonly drop: (item: T, index: number) => void;
}

export class DragOrder<T> {
  readonly #list: HTMLElement;
  readonly #order: Order<T>;
  /** What is dragged; its row may show another one when it is scrolled out of sight meanwhile. */
  #item: T | null = null;
  #target: number | null = null;

  constructor(list: HTMLElement, order: Order<T>) {
    this.#list = list;
    this.#order = order;
    list.addEventListener("pointerdown", (event) => this.#take(event));
    list.addEventListener("pointermove", (event) => this.#over(event));
    list.addEventListener("pointerup", () => this.#end(true));
    list.addEventListener("pointercancel", () => this.#end(false));
  }

  #take(event: PointerEvent): void {
    const grip = (event.target as Element).closest<HTMLElement>(".grip");
    if (grip === null || event.button !== 0) return;
    const row = grip.closest("li");
    this.#item = this.#order.itemOf(Number(row?.dataset.id));
    row?.classList.add("dragged");
    // Moves are reported here wherever the pointer goes, and a finger drags instead of scrolling.
    this.#list.setPointerCapture(event.pointerId);
    event.preventDefault();
    grip.focus();
  }

  #over(event: PointerEvent): void {
    if (this.#item === null) return;
    this.#target = this.#order.indexAt(event.clientY, this.#item);
    this.#mark(this.#target);
  }

  #mark(target: number): void {
    for (const each of this.#list.children)
      each.classList.toggle("drop-here", each.ariaPosInSet === String(target + 1));
  }

  #end(drop: boolean): void {
    const [item, target] = [this.#item, this.#target];
    this.#item = null;
    this.#target = null;
    this.#list.querySelector(".dragged")?.classList.remove("dragged");
    this.#mark(-1);
    if (drop && item !== null && target !== null) this.#order.drop(item, target);
  }
}
