// A notice of the system when everything has been sent. It is asked for by a click and by nothing else.

import type { Key } from "../messages/types";
import { need, setHidden, setText } from "./dom";
import { onLanguage, t } from "./i18n";

export class Notice {
  readonly #button = need("notify", HTMLButtonElement);
  readonly #state = need("notify-state");
  #words: Key | null = null;

  constructor() {
    // Plain http offers none.
    this.#button.hidden = !("Notification" in globalThis) || !isSecureContext;
    this.#button.addEventListener("click", () => void this.#ask());
    onLanguage(() => this.#paint());
  }

  /** Shown only to who asked for it, and only when the page is not looked at. */
  tell(title: string, body: string): void {
    if (this.#words !== "notify_on" || document.visibilityState === "visible") return;
    try {
      new Notification(title, { body, tag: "droppr" });
    } catch {
      // Chromium on Android throws: it wants a service worker for this, which this page does not need otherwise.
      return;
    }
  }

  async #ask(): Promise<void> {
    const answer = await Notification.requestPermission();
    this.#words = answer === "granted" ? "notify_on" : "notify_off";
    setHidden(this.#button, true);
    this.#paint();
  }

  #paint(): void {
    setHidden(this.#state, this.#words === null);
    if (this.#words !== null) setText(this.#state, t(this.#words));
  }
}
