// The headings of the list: what it is sorted by, and a box for all of it.

import { make, makeButton, setAttribute, setText } from "../../page/dom";
import { type DeskKey, t } from "../i18n";
import { SORTS, type Sort, type View } from "./view";

/** How it is said which way a column goes. */
const ORDERS: Readonly<Record<Sort, { readonly up: DeskKey; readonly down: DeskKey }>> = {
  received: { up: "oldest_first", down: "newest_first" },
  name: { up: "a_to_z", down: "z_to_a" },
  size: { up: "smallest_first", down: "largest_first" },
  sender: { up: "a_to_z", down: "z_to_a" },
};
const IN_ORDER = ["name", "sender", "received", "size"] as const satisfies readonly Sort[];

export class Heads {
  readonly element = make("div", { className: "file-heads" });
  readonly #box = make("input");
  readonly #buttons = new Map<Sort, HTMLButtonElement>();

  constructor(sort: (by: Sort) => void, chooseAll: (all: boolean) => void) {
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", t("order"));
    this.#box.type = "checkbox";
    this.#box.setAttribute("aria-label", t("choose_all"));
    this.#box.addEventListener("change", () => chooseAll(this.#box.checked));
    this.element.append(make("label", { className: "file-box" }, this.#box));
    for (const by of IN_ORDER) {
      const button = makeButton("", "file-head", () => sort(by));
      button.dataset.sort = by;
      this.#buttons.set(by, button);
      this.element.append(button);
    }
  }

  show(view: View, chosen: "none" | "some" | "all"): void {
    this.#box.checked = chosen === "all";
    this.#box.indeterminate = chosen === "some";
    for (const by of SORTS) {
      const button = this.#buttons.get(by);
      if (button === undefined) continue;
      const column = t(`head_${by}`);
      const sorted = view.sort === by;
      const arrow = view.descending ? " ↓" : " ↑";
      setText(button, sorted ? column + arrow : column);
      const order = t(ORDERS[by][view.descending ? "down" : "up"]);
      setAttribute(button, "aria-label", sorted ? t("sorted", { column, order }) : t("sort_by", { column }));
      setAttribute(button, "aria-pressed", String(sorted));
    }
  }
}
