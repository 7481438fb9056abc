// The file dialogs of all items: one of each kind, which asks for whichever item wants it.

import { make } from "../dom";
import { type Collected, fromInput } from "../drop";

export type Picker = "files" | "folder" | "camera";
type OnChosen = (found: Collected) => void;

const KINDS: Readonly<Record<Picker, Readonly<Record<string, string>>>> = {
  files: { multiple: "" },
  folder: { webkitdirectory: "" },
  camera: { accept: "image/*,video/*", capture: "environment" },
};

export class Pickers {
  readonly element = make("div");
  readonly #inputs = new Map<Picker, HTMLInputElement>();
  readonly #usual: readonly string[];
  #onChosen: OnChosen = () => undefined;

  /** `usual` extensions are taken where an item names none. */
  constructor(usual: readonly string[]) {
    this.#usual = usual;
    this.element.hidden = true;
    for (const [kind, attributes] of Object.entries(KINDS)) {
      const input = make("input");
      input.type = "file";
      for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
      input.addEventListener("change", () => {
        const found = fromInput(input);
        // Emptied, so that choosing the same file again is a change too.
        input.value = "";
        this.#onChosen(found);
      });
      this.#inputs.set(kind as Picker, input);
      this.element.append(input);
    }
  }

  has(kind: Picker): boolean {
    const input = this.#inputs.get(kind);
    if (kind === "files") return true;
    const phone = matchMedia("(pointer: coarse)").matches;
    // A phone has a camera and hardly a folder; whoever has one finds it with the other files.
    return kind === "camera" ? phone : !phone && input !== undefined && "webkitdirectory" in input;
  }

  /** Opens a dialog; what is chosen in it goes to `onChosen`. */
  open(kind: Picker, extensions: readonly string[], onChosen: OnChosen): void {
    const input = this.#inputs.get(kind);
    if (input === undefined) return;
    this.#onChosen = onChosen;
    const wanted = extensions.length > 0 ? extensions : this.#usual;
    if (kind === "files") input.accept = wanted.map((each) => `.${each}`).join(",");
    input.click();
  }
}
