// Senders and items as a table, for screens that have room for one.

import type { Item } from "../../core/asked";
import { make, makeButton, setAttribute, setText } from "../../page/dom";
import { t } from "../i18n";
import { KeyedList, type KeyedRow } from "../keyed";
import type { Party } from "../party-wire";
import { visibleName } from "../visible";
import { lookOf, lookWords, partyFacts, partyName, StateMark } from "./states";

/** Opens a sender, at an item where one was meant. */
type Open = (party: string, item: string | null, from: HTMLElement) => void;

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export class Matrix {
  readonly element = make("div", { className: "matrix-frame" });
  readonly #head = make("tr");
  readonly #body = make("tbody");
  readonly #open: Open;
  #items: readonly Item[] = [];
  #rows: KeyedList<Party, MatrixRow>;

  constructor(open: Open) {
    this.#open = open;
    this.#rows = this.#newRows();
    const caption = make("caption", { className: "visually-hidden", text: t("senders_label") });
    this.element.append(
      make("table", { className: "matrix" }, caption, make("thead", {}, this.#head), this.#body),
    );
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", t("tab_checklist"));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => {
      // The keyboard scrolls what does not fit.
      if (this.element.scrollWidth > this.element.clientWidth) this.element.tabIndex = 0;
      else this.element.removeAttribute("tabindex");
    }).observe(this.element);
  }

  show(parties: readonly Party[], items: readonly Item[]): void {
    if (JSON.stringify(items) !== JSON.stringify(this.#items)) {
      this.#items = items;
      this.#body.replaceChildren();
      this.#rows = this.#newRows();
      this.#head.replaceChildren(
        headOf(t("sender")),
        ...items.map(({ title }) => headOf(visibleName(title))),
      );
    }
    this.#rows.show(parties);
  }

  /** Arrows go from cell to cell. */
  #onKey(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const cell = (event.target as Element).closest<HTMLTableCellElement>("th, td");
    const row = cell?.closest("tr");
    if (step === undefined || !cell || !row || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [down, on] = step;
    const onward = getComputedStyle(this.element).direction === "rtl" ? -on : on;
    const rows = [...this.#body.children];
    const at = [...row.children].indexOf(cell) + onward;
    const next = rows[rows.indexOf(row) + down]?.children[at];
    next?.querySelector("button")?.focus();
  }

  #newRows(): KeyedList<Party, MatrixRow> {
    return new KeyedList(
      this.#body,
      ({ id }) => id,
      (party) => new MatrixRow(party.id, this.#items, this.#open),
    );
  }
}

function headOf(text: string): HTMLElement {
  const head = make("th", {}, make("bdi", { text }));
  head.scope = "col";
  head.title = text;
  return head;
}

class MatrixRow implements KeyedRow<Party> {
  readonly element = make("tr");
  readonly #items: readonly Item[];
  readonly #name: HTMLButtonElement;
  readonly #facts = make("span", { className: "facts" });
  readonly #late = make("span", { className: "badge", text: t("late") });
  readonly #cells: readonly { readonly button: HTMLButtonElement; readonly mark: StateMark }[];

  constructor(id: string, items: readonly Item[], open: Open) {
    this.#items = items;
    this.#name = makeButton("", "link", () => open(id, null, this.#name));
    this.#name.dir = "auto";
    const name = make("th", {}, this.#name, this.#late, this.#facts);
    name.scope = "row";
    this.#cells = items.map((item) => {
      const mark = new StateMark();
      const button: HTMLButtonElement = makeButton("", "mark-button", () => open(id, item.id, button));
      button.append(mark.element);
      return { button, mark };
    });
    this.element.append(name, ...this.#cells.map(({ button }) => make("td", {}, button)));
  }

  show(party: Party): void {
    const name = partyName(party);
    setText(this.#name, name);
    setAttribute(this.#name, "title", party.email === "" ? name : visibleName(party.email));
    setText(this.#facts, partyFacts(party, this.#items));
    this.#late.hidden = !party.late;
    for (const [at, { button, mark }] of this.#cells.entries()) {
      const item = this.#items[at];
      if (item === undefined) continue;
      const standing = party.items.get(item.id);
      mark.show(item, standing);
      const state = lookWords(item, standing, lookOf(item, standing));
      // What is seen comes first, whoever speaks to the page says it.
      setAttribute(button, "aria-label", t("cell", { state, item: visibleName(item.title), sender: name }));
    }
  }
}
