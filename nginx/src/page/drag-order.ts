// Ordering files with a mouse, a pen or a finger: taken by the grip of a row, let go between two others.

interface Order<T> {
  readonly itemOf: (id: number) => T | null;
  readonly indexAt: (clientY: number) => number;
  readonly drop: (item: T, index: number) => void;
}

export class DragOrder<T> {
  readonly #list: HTMLElement;
  readonly #order: Order<T>;
  #row: HTMLElement | null = null;
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
    this.#row = grip.closest("li");
    this.#row?.classList.add("dragged");
    // Moves are reported here wherever the pointer goes, and a finger drags instead of scrolling.
    this.#list.setPointerCapture(event.pointerId);
    event.preventDefault();
    grip.focus();
  }

  #over(event: PointerEvent): void {
    if (this.#row === null) return;
    this.#target = this.#order.indexAt(event.clientY);
    for (const each of this.#list.querySelectorAll(".drop-here")) each.classList.remove("drop-here");
    this.#list.querySelector(`[aria-posinset="${this.#target + 1}"]`)?.classList.add("drop-here");
  }

  #end(drop: boolean): void {
    const [row, target] = [this.#row, this.#target];
    this.#row = null;
    this.#target = null;
    row?.classList.remove("dragged");
    for (const each of this.#list.querySelectorAll(".drop-here")) each.classList.remove("drop-here");
    const item = row === null ? null : this.#order.itemOf(Number(row.dataset.id));
    if (drop && item !== null && target !== null) this.#order.drop(item, target);
  }
}
