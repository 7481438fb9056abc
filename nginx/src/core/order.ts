// The order of a queue that is changed while it runs: every entry has a rank, and moving one gives it a rank between
// two others. So starting the next of ten thousand files costs no look at the others.

export interface Ranked {
  rank: number;
}

/** The entries that wait, the lowest rank first. An entry that left or was moved is passed over when it comes up. */
export class Waiting<T extends Ranked> {
  readonly #heap: { readonly rank: number; readonly entry: T }[] = [];
  readonly #stillWaits: (entry: T) => boolean;

  constructor(stillWaits: (entry: T) => boolean) {
    this.#stillWaits = stillWaits;
  }

  /** Again after every change of its rank. */
  add(entry: T): void {
    const heap = this.#heap;
    let at = heap.push({ rank: entry.rank, entry }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#rankAt(parent) <= this.#rankAt(at)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The first one, which stays. */
  peek(): T | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (first.rank === first.entry.rank && this.#stillWaits(first.entry)) return first.entry;
      this.#removeFirst();
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.#rankAt(right) < this.#rankAt(left) ? right : left;
      if (this.#rankAt(at) <= this.#rankAt(child)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #rankAt(at: number): number {
    return this.#heap[at]?.rank ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    const [a, b] = [heap[one], heap[other]];
    if (a === undefined || b === undefined) return;
    heap[one] = b;
    heap[other] = a;
  }
}

/** All entries in their order. Reading is free; moving one costs a pass over the list. */
export class Ordered<T extends Ranked> {
  readonly entries: T[] = [];

  add(entry: T): void {
    entry.rank = (this.entries.at(-1)?.rank ?? 0) + 1;
    this.entries.push(entry);
  }

  remove(entry: T): void {
    const at = this.entries.indexOf(entry);
    if (at >= 0) this.entries.splice(at, 1);
  }

  /** Puts `entry` before `before`, or at the end. Returns whether all ranks had to be made anew. */
  move(entry: T, before: T | null): boolean {
    if (entry === before) return false;
    this.remove(entry);
    const found = before === null ? -1 : this.entries.indexOf(before);
    const at = found < 0 ? this.entries.length : found;
    this.entries.splice(at, 0, entry);
    const low = this.entries[at - 1]?.rank ?? (this.entries[at + 1]?.rank ?? 2) - 2;
    const high = this.entries[at + 1]?.rank ?? low + 2;
    entry.rank = (low + high) / 2;
    if (entry.rank > low && entry.rank < high) return false;
    for (const [index, each] of this.entries.entries()) each.rank = index + 1;
    return true;
  }
}
