// One setting: its name, what it is, who has set it.

import { make, makeButton, setText } from "../../page/dom";
import { formatAmount } from "../format";
import { filled, isKey, t } from "../i18n";
import { freshId, optionOf, show } from "../parts";
import type { Setting } from "./wire";

/** What a group saves: one setting, or several that are one. */
export interface Part {
  readonly element: HTMLElement;
  readonly name: string;
  /** What it is to become; undefined where nothing was changed. */
  readonly change: unknown;
  tell(problem: string): void;
  focus(): void;
}

/** "7 days", or the text alone. */
export function valueWords(value: string, unit: string): string {
  return unit === "" || value === "" ? value : formatAmount(Number(value), unit);
}

/** What the page calls what the server has a name for; else what the server says of it, which is English. */
export function wordsOf(name: string, otherwise: string): string {
  return isKey(name) ? t(name) : otherwise;
}

/** Says that the environment has set something, by the name that it has there. */
export function fixedNote(variable: string): HTMLElement {
  const note = make("span", { className: "set-by" });
  note.append(...filled("set_by", { variable: make("code", { text: variable }) }));
  return note;
}

export class Field implements Part {
  readonly element = make("div", { className: "field setting" });
  readonly name: string;
  readonly #setting: Setting;
  readonly #input: HTMLInputElement | HTMLSelectElement;
  readonly #problem = make("span", { className: "problem" });
  #takenAway = false;

  constructor(setting: Setting, onInput: () => void) {
    this.name = setting.name;
    this.#setting = setting;
    const key = `set_${setting.name}`;
    const label = wordsOf(key, setting.name);
    const hint = wordsOf(`${key}_hint`, isKey(key) ? "" : setting.about);
    const isFixed = setting.source === "environment";
    const input = setting.kind === "choice" ? choosing(setting, isFixed) : typing(setting, isFixed);
    this.#input = input;
    const heading = make("label", { className: "label", text: label });
    const about = make("span", { className: "hint", text: hint });
    input.id = freshId(setting.name);
    input.name = setting.name;
    heading.htmlFor = input.id;
    about.id = freshId("hint");
    this.#problem.id = freshId("problem");
    this.#problem.hidden = true;
    input.setAttribute("aria-describedby", `${about.id} ${this.#problem.id}`);
    input.addEventListener("input", () => {
      this.#takenAway = false;
      this.tell("");
      onInput();
    });
    this.element.append(heading, this.#withUnit(), about, this.#problem);
    about.hidden = hint === "";
    if (isFixed) this.element.append(fixedNote(setting.variable));
    else if (setting.source === "page") this.element.append(this.#back(onInput));
  }

  get change(): string | null | undefined {
    const typed = this.#input.value.trim();
    if (this.#setting.source === "environment") return undefined;
    if (this.#takenAway) return null;
    if (typed === this.#setting.value) return undefined;
    return typed === "" ? null : typed;
  }

  get value(): string {
    return this.#input.value.trim();
  }

  tell(problem: string): void {
    show(this.#problem, problem);
    this.#input.toggleAttribute("aria-invalid", problem !== "");
    if (problem !== "") this.#input.setAttribute("aria-invalid", "true");
  }

  focus(): void {
    this.#input.focus();
  }

  #withUnit(): HTMLElement {
    const { kind, unit, least, most, isWhole } = this.#setting;
    const input = this.#input;
    const row = make("span", { className: "with-unit" }, input);
    if (kind === "number" && input instanceof HTMLInputElement) {
      input.type = "number";
      input.step = isWhole ? "1" : "any";
      input.inputMode = isWhole ? "numeric" : "decimal";
      if (least !== null) input.min = String(least);
      if (most !== null) input.max = String(most);
      row.append(make("span", { className: "quiet", text: wordsOf(`unit_${unit}`, unit) }));
    }
    if (kind === "colour") row.append(this.#swatch());
    return row;
  }

  /** Picks a colour by eye; the text beside it is what counts. */
  #swatch(): HTMLElement {
    const swatch = make("input");
    const follow = (): void => {
      swatch.value = /^#[\da-f]{6}$/i.test(this.value) ? this.value.toLowerCase() : "#0b6f66";
    };
    swatch.type = "color";
    swatch.className = "swatch";
    swatch.disabled = this.#setting.source === "environment";
    swatch.setAttribute("aria-label", t("pick_colour"));
    follow();
    this.#input.addEventListener("input", follow);
    swatch.addEventListener("input", () => {
      this.#input.value = swatch.value;
      this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return swatch;
  }

  #back(onInput: () => void): HTMLElement {
    const { name, choices, unit } = this.#setting;
    const usual =
      choices.length > 0 ? choiceWords(name, this.#setting.default) : valueWords(this.#setting.default, unit);
    const words = usual === "" ? t("set_away") : t("set_back", { value: usual });
    const button = makeButton(words, "slim", () => {
      this.#input.value = this.#setting.default;
      this.#input.dispatchEvent(new Event("input", { bubbles: true }));
      this.#takenAway = true;
      onInput();
      this.#input.focus();
    });
    setText(button, words);
    return button;
  }
}

function typing({ value }: Setting, isFixed: boolean): HTMLInputElement {
  const input = make("input");
  input.value = value;
  input.autocomplete = "off";
  // What is typed here has an order of its own, such as hours and addresses, also where one reads from the right.
  input.dir = "auto";
  input.readOnly = isFixed;
  input.spellcheck = false;
  return input;
}

function choosing({ name, choices, value }: Setting, isFixed: boolean): HTMLSelectElement {
  const select = make("select");
  for (const each of choices) {
    const option = optionOf(each);
    option.textContent = choiceWords(name, each);
    select.append(option);
  }
  select.value = value;
  select.disabled = isFixed;
  return select;
}

function choiceWords(name: string, choice: string): string {
  return wordsOf(`set_${name}_${choice}`, choice);
}
