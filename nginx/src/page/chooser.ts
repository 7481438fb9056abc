// The drop zone, the two pickers behind it, and the list of what was not taken.

import { make, need, setText } from "./dom";
import { fromDrop, fromInput } from "./drop";
import { countOf } from "./format";
import type { Picked, Refused } from "./limits";

type OnChosen = (picked: readonly Picked[], unreadable: readonly string[]) => void;

/** A refused folder of thousands needs no thousand lines to be understood. */
const MOST_REFUSALS_SHOWN = 50;

export class Chooser {
  readonly #zone = need("drop", HTMLElement);
  readonly #files = need("files-input", HTMLInputElement);
  readonly #folder = need("folder-input", HTMLInputElement);
  readonly #refused = need("refused", HTMLElement);
  readonly #onChosen: OnChosen;

  constructor(onChosen: OnChosen) {
    this.#onChosen = onChosen;
    need("refused-close", HTMLButtonElement).addEventListener("click", () => this.#dismiss());
    this.#pick("choose", this.#files);
    this.#pick("choose-folder", this.#folder);
    need("choose-folder", HTMLElement).hidden = !("webkitdirectory" in this.#folder);
    this.#takeDrops();
  }

  /** Lets the file picker show only what the link takes. */
  accept(extensions: readonly string[]): void {
    this.#files.accept = extensions.map((each) => `.${each}`).join(",");
  }

  complain(refused: readonly Refused[]): void {
    this.#refused.hidden = refused.length === 0;
    setText(need("refused-text", HTMLElement), `${countOf(refused.length, "file")} will not be sent:`);
    const shown = refused.slice(0, MOST_REFUSALS_SHOWN).map(({ path, reason }) => `${path}: ${reason}`);
    if (refused.length > shown.length) shown.push(`and ${refused.length - shown.length} more`);
    need("refused-list", HTMLElement).replaceChildren(...shown.map((text) => make("li", { text })));
    if (refused.length > 0) this.#refused.setAttribute("role", "alert");
  }

  #dismiss(): void {
    this.#refused.hidden = true;
    need("choose", HTMLElement).focus();
  }

  #pick(buttonId: string, input: HTMLInputElement): void {
    need(buttonId, HTMLButtonElement).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const { picked, unreadable } = fromInput(input);
      // Emptied, so that choosing the same file again is a change too.
      input.value = "";
      this.#onChosen(picked, unreadable);
    });
  }

  /** Files may be dropped anywhere: missing the zone would make the browser open the file and leave the page. */
  #takeDrops(): void {
    addEventListener("dragover", (event) => {
      event.preventDefault();
      this.#zone.classList.add("over");
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.#zone.classList.remove("over");
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      this.#zone.classList.remove("over");
      if (event.dataTransfer !== null) void this.#takeDrop(event.dataTransfer);
    });
  }

  async #takeDrop(transfer: DataTransfer): Promise<void> {
    const { picked, unreadable } = await fromDrop(transfer);
    this.#onChosen(picked, unreadable);
  }
}
