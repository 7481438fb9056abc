// The drop zone, the pickers behind it, the clipboard, and the list of what was not taken.

import { make, need, setHidden, setText } from "./dom";
import { type Collected, fromDrop, fromInput } from "./drop";
import { onLanguage, t } from "./i18n";
import { type Refused, takesPictures } from "./limits";

/** A refused folder of thousands needs no thousand lines to be understood. */
const MAX_REFUSALS_SHOWN = 50;

export class Chooser {
  readonly #zone = need("drop");
  readonly #hint = need("drop-hint");
  readonly #files = need("files-input", HTMLInputElement);
  readonly #folder = need("folder-input", HTMLInputElement);
  readonly #refused = need("refused");
  readonly #onChosen: (collected: Collected) => void;
  #complaints: readonly Refused[] = [];

  constructor(onChosen: (collected: Collected) => void) {
    this.#onChosen = onChosen;
    need("refused-close", HTMLButtonElement).addEventListener("click", () => this.#dismiss());
    this.#pick("choose", this.#files);
    this.#pick("choose-folder", this.#folder);
    this.#pick("choose-camera", need("camera-input", HTMLInputElement));
    this.#pick("choose-gallery", need("gallery-input", HTMLInputElement));
    need("choose-folder").hidden = !("webkitdirectory" in this.#folder);
    this.#takeDrops();
    this.#takePastes();
    onLanguage(() => this.#paintComplaints());
  }

  /** Lets the file picker show only what the link takes, and offers a phone's camera where pictures are taken. */
  accept(extensions: readonly string[]): void {
    this.#files.accept = extensions.map((each) => `.${each}`).join(",");
    const phone = matchMedia("(pointer: coarse)").matches && takesPictures(extensions);
    for (const id of ["choose-camera", "choose-gallery"]) need(id).hidden = !phone;
  }

  /** Files are there: the zone steps back. */
  stepBack(): void {
    this.#zone.classList.add("small");
    const title = this.#zone.querySelector<HTMLElement>(".drop-title");
    if (title === null) return;
    title.dataset.t = "choose_more";
    setText(title, t("choose_more"));
  }

  complain(refused: readonly Refused[]): void {
    this.#complaints = refused;
    setHidden(this.#refused, refused.length === 0);
    this.#paintComplaints();
    if (refused.length > 0) this.#refused.setAttribute("role", "alert");
  }

  /** More of what was chosen together turned out not to go. */
  complainAlso(refused: readonly Refused[]): void {
    this.complain([...this.#complaints, ...refused]);
  }

  #paintComplaints(): void {
    const refused = this.#complaints;
    if (refused.length === 0) return;
    setText(need("refused-text"), t("refused", { count: refused.length }));
    const shown = refused.slice(0, MAX_REFUSALS_SHOWN).map(({ path, reason }) => `${path}: ${reason}`);
    const left = refused.length - shown.length;
    if (left > 0) shown.push(t("refused_more", { count: left }));
    need("refused-list").replaceChildren(...shown.map((text) => make("li", { text })));
  }

  #dismiss(): void {
    this.#refused.hidden = true;
    this.#complaints = [];
    need("choose").focus();
  }

  #pick(buttonId: string, input: HTMLInputElement): void {
    need(buttonId, HTMLButtonElement).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const collected = fromInput(input);
      // Emptied, so that choosing the same file again is a change too.
      input.value = "";
      this.#onChosen(collected);
    });
  }

  /** Files may be dropped anywhere: missing the zone would make the browser open the file and leave the page. */
  #takeDrops(): void {
    addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.#over(true);
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.#over(false);
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      this.#over(false);
      if (event.dataTransfer !== null) void this.#takeDrop(event.dataTransfer);
    });
  }

  #takePastes(): void {
    addEventListener("paste", ({ clipboardData }) => {
      // Text that is pasted into a field is none of ours.
      if (clipboardData !== null && clipboardData.files.length > 0) void this.#takeDrop(clipboardData);
    });
  }

  #over(over: boolean): void {
    this.#zone.classList.toggle("over", over);
    setText(this.#hint, t(over ? "let_go" : "choose_hint"));
  }

  async #takeDrop(transfer: DataTransfer): Promise<void> {
    const found = await fromDrop(transfer, (count) => setText(this.#hint, t("looking", { count })));
    setText(this.#hint, t("choose_hint"));
    this.#onChosen(found);
  }
}
