// The row of a link's tabs: links with addresses of their own, of which one is shown.

import { setAttribute } from "../page/dom";
import { part } from "./parts";
import { placeAddress, TABS, type Tab } from "./places";

export class Tabs {
  readonly #root: HTMLElement;

  constructor(root: HTMLElement, hash: string) {
    this.#root = root;
    for (const tab of TABS) {
      this.#link(tab).href = placeAddress(hash, tab);
      this.#link(tab).addEventListener("keydown", (event) => this.#arrow(event, tab));
    }
  }

  show(shown: Tab): void {
    for (const tab of TABS) {
      part(this.#root, `panel-${tab}`, HTMLElement).hidden = tab !== shown;
      if (tab === shown) setAttribute(this.#link(tab), "aria-current", "page");
      else this.#link(tab).removeAttribute("aria-current");
    }
  }

  #link(tab: Tab): HTMLAnchorElement {
    return part(this.#root, `tab-${tab}`, HTMLAnchorElement);
  }

  /** They are links, so Tab and Enter do; whoever takes them for tabs finds that the arrows do as well. */
  #arrow(event: KeyboardEvent, tab: Tab): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const onward = getComputedStyle(this.#root).direction === "rtl" ? -step : step;
    const shown = TABS.filter((each) => !this.#link(each).hidden);
    const next = shown[shown.indexOf(tab) + onward];
    if (next === undefined) return;
    event.preventDefault();
    this.#link(next).focus();
  }
}
