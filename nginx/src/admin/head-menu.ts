// What the head has behind a button where it is narrow. Where there is room all of it is in sight, and the button is not.

import { need } from "../page/dom";

export class HeadMenu {
  readonly #button = need("menu", HTMLButtonElement);
  readonly #items = need("head-menu");

  constructor() {
    this.#button.addEventListener("click", () => this.#show(!this.#isOpen));
    // Before what was chosen acts: what it opens gives the focus back to something that is still in sight.
    this.#items.addEventListener("click", () => this.#leave(), { capture: true });
    addEventListener("pointerdown", ({ target }) => this.#left(target));
    addEventListener("focusin", ({ target }) => this.#left(target));
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#isOpen) return;
      event.preventDefault();
      this.#leave();
    });
  }

  show(loggedIn: boolean): void {
    this.#button.hidden = !loggedIn;
    if (!loggedIn) this.#show(false);
  }

  get #isOpen(): boolean {
    return this.#button.getAttribute("aria-expanded") === "true";
  }

  #show(isOpen: boolean): void {
    this.#button.setAttribute("aria-expanded", String(isOpen));
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#show(false);
    this.#button.focus();
  }

  #left(target: EventTarget | null): void {
    if (!(target instanceof Node) || this.#items.contains(target) || this.#button.contains(target)) return;
    this.#show(false);
  }
}
