// The headings of the list: what it is sorted by, and a box for all of it.

import { make, makeButton, setAttribute, setText } from "../../page/dom";
import { SORTS, type Sort, type View } from "./view";

const HEADS: Readonly<Record<Sort, { readonly label: string; readonly up: string; readonly down: string }>> =
  {
    received: { label: "Arrived", up: "the oldest first", down: "the newest first" },
    name: { label: "Name", up: "A to Z", down: "Z to A" },
    size: { label: "Size", up: "the smallest first", down: "the largest first" },
    sender: { label: "Sender", up: "A to Z", down: "Z to A" },
  };
const IN_ORDER = ["name", "sender", "received", "size"] as const satisfies readonly Sort[];

export class Heads {
  readonly element = make("div", { className: "file-heads" });
  readonly #box = make("input");
  readonly #buttons = new Map<Sort, HTMLButtonElement>();

  constructor(sort: (by: Sort) => void, chooseAll: (all: boolean) => void) {
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Order");
    this.#box.type = "checkbox";
    this.#box.setAttribute("aria-label", "Choose all");
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
      const { label, up, down } = HEADS[by];
      const sorted = view.sort === by;
      const arrow = view.descending ? " ↓" : " ↑";
      setText(button, sorted ? label + arrow : label);
      const order = view.descending ? down : up;
      setAttribute(button, "aria-label", sorted ? `${label}, sorted: ${order}` : `Sort by ${label}`);
      setAttribute(button, "aria-pressed", String(sorted));
    }
  }
}
