// What the parts of the panel are made of.

import { make, makeButton } from "../../page/dom";
import { isKey, t } from "../i18n";
import { copies, optionOf, say, show } from "../parts";
import { errorWords } from "../words";
import { labelled } from "./login";

const ROLES = ["admin", "member", "viewer"] as const;

/** What a role is called; one that is not known, as the server calls it. */
export function roleWords(role: string): string {
  const key = `role_${role}`;
  return isKey(key) ? t(key) : role;
}

/** A part of the panel: its heading, its content, and what went wrong in it. */
export class Piece {
  readonly element = make("section", { className: "piece" });
  readonly #problem = make("div", { className: "notice bad" });

  constructor(title: string) {
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    this.element.append(make("h2", { text: title }), this.#problem);
  }

  /** Runs what may be refused, and says so. Whether it worked. */
  async tries(task: () => Promise<void>, done = ""): Promise<boolean> {
    show(this.#problem, "");
    try {
      await task();
    } catch (error) {
      show(this.#problem, errorWords(error));
      this.#problem.scrollIntoView({ block: "nearest" });
      return false;
    }
    if (done !== "") say(done);
    return true;
  }
}

/** Shows in `box` what is shown this once, to be copied: `words` about it, and what it is called. */
export function showOnce(box: HTMLElement, words: string, label: string, value: string): void {
  const input = make("input", { className: "mono" });
  input.readOnly = true;
  input.value = value;
  input.setAttribute("aria-label", label);
  const copy = makeButton(t("copy"), "", () => {});
  copies(copy, () => value, input);
  box.replaceChildren(make("p", { text: words }), make("div", { className: "joined" }, input, copy));
  box.hidden = false;
  input.focus();
  input.select();
}

export interface TextOptions {
  readonly type?: string;
  readonly autocomplete?: AutoFill;
  readonly value?: string;
  readonly hint?: string;
  readonly most?: number;
}

export function textField(
  text: string,
  { type = "text", autocomplete = "off", value = "", hint = "", most = 1024 }: TextOptions = {},
): { readonly label: HTMLLabelElement; readonly input: HTMLInputElement } {
  const input = make("input");
  input.type = type;
  input.autocomplete = autocomplete;
  input.maxLength = most;
  input.spellcheck = false;
  input.value = value;
  return { label: labelled(text, input, hint), input };
}

export function roleField(role: string): {
  readonly label: HTMLLabelElement;
  readonly select: HTMLSelectElement;
} {
  const select = make("select");
  for (const each of ROLES) {
    const option = optionOf(each);
    option.textContent = roleWords(each);
    select.append(option);
  }
  select.value = role;
  return { label: labelled(t("role"), select), select };
}

/** Teams as they are typed: names with commas or blanks between them. */
export function teamsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((each) => each !== "");
}

export function submitButton(text: string): HTMLButtonElement {
  return make("button", { className: "button primary", text });
}
