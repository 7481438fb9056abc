// A list on the page that follows a list of values. What stays is left in place: a moved element loses its focus.

export interface KeyedRow<T> {
  readonly element: HTMLElement;
  show(value: T): void;
}

export class KeyedList<T, R extends KeyedRow<T>> {
  readonly #parent: HTMLElement;
  readonly #keyOf: (value: T) => string;
  readonly #make: (value: T) => R;
  readonly #rows = new Map<string, R>();

  constructor(parent: HTMLElement, keyOf: (value: T) => string, make: (value: T) => R) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  get(key: string): R | undefined {
    return this.#rows.get(key);
  }

  show(values: readonly T[]): void {
    this.#dropAllBut(new Set(values.map(this.#keyOf)));
    let next = this.#parent.firstElementChild;
    for (const value of values) {
      const row = this.#rowFor(value);
      if (row.element === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(row.element, next);
      row.show(value);
    }
  }

  #rowFor(value: T): R {
    const key = this.#keyOf(value);
    const row = this.#rows.get(key) ?? this.#make(value);
    this.#rows.set(key, row);
    return row;
  }

  #dropAllBut(kept: ReadonlySet<string>): void {
    for (const [key, row] of this.#rows) {
      if (kept.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
  }
}
