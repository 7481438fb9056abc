// The beginning of a long list, and a button for more of it: neither page nor line would bear a hundred thousand rows.

import { make, makeButton, setText } from "../page/dom";
import { type DeskKey, t } from "./i18n";
import { KeyedList, type KeyedRow } from "./keyed";

/** So many rows at once. */
const PAGE_ROWS = 100;

export interface PagedListConfig<T> {
  /** What says that there are so many more of them. */
  readonly more: DeskKey;
  readonly keyOf: (value: T) => string;
  readonly makeRow: (value: T) => KeyedRow<T>;
  /** Asks for as many as are wanted, and shows them. */
  readonly load: () => void;
}

export class PagedList<T> {
  readonly items = make("ul", { className: "received-list" });
  readonly element = make("div", {}, this.items);
  readonly #more = makeButton("", "slim", () => this.#wantMore());
  readonly #rows: KeyedList<T, KeyedRow<T>>;
  readonly #config: PagedListConfig<T>;
  #wanted = PAGE_ROWS;
  /** Where reading goes on once more are there. */
  #goOnAt: number | null = null;

  constructor(config: PagedListConfig<T>) {
    this.#config = config;
    this.#rows = new KeyedList(this.items, config.keyOf, config.makeRow);
    this.element.append(this.#more);
  }

  /** How many it would show. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Shows `values`, and that there are so many more. */
  show(values: readonly T[], left: number): void {
    this.#rows.show(values);
    this.#more.hidden = left <= 0;
    setText(this.#more, t(this.#config.more, { count: Math.min(PAGE_ROWS, left) }));
    if (this.#goOnAt === null || values.length <= this.#goOnAt) return;
    // The button may have gone; the first new row is where reading goes on.
    this.items.children.item(this.#goOnAt)?.querySelector<HTMLElement>("a, button")?.focus();
    this.#goOnAt = null;
  }

  #wantMore(): void {
    this.#goOnAt = this.items.children.length;
    this.#wanted = this.#goOnAt + PAGE_ROWS;
    this.#config.load();
  }
}
