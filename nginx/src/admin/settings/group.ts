// What is set together: some fields, one button, and what came of it.

import { make } from "../../page/dom";
import { sentences, t } from "../i18n";
import { freshId, say, show, submits } from "../parts";
import { errorWords, fieldProblems } from "../words";
import { type Part, wordsOf } from "./field";
import type { Changes } from "./wire";

export class Group {
  readonly element = make("section", { className: "card group" });
  readonly parts: Part[] = [];
  readonly #form = make("form");
  readonly #says = make("span", { className: "quiet", text: "" });
  readonly #problem = make("div", { className: "notice bad" });

  /** `save` is told what has changed, and throws what the server says to it. */
  constructor(name: string, save: (changes: Changes) => Promise<void>) {
    const title = wordsOf(`group_${name}`, name);
    const about = wordsOf(`group_${name}_hint`, "");
    const heading = make("h2", { text: title });
    const button = make("button", { className: "button primary", text: t("save") });
    heading.id = freshId("group");
    heading.tabIndex = -1;
    this.element.id = `set-${name}`;
    this.element.setAttribute("aria-labelledby", heading.id);
    button.type = "submit";
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    this.#form.noValidate = true;
    this.#form.append(this.#problem, make("div", { className: "row saving" }, button, this.#says));
    this.element.append(heading, make("p", { className: "quiet", text: about }), this.#form);
    submits(this.#form, () => this.#save(save));
  }

  add(part: Part): void {
    this.parts.push(part);
    this.append(part.element);
  }

  /** Something that is not saved with the rest. */
  append(element: HTMLElement): void {
    this.#problem.before(element);
  }

  /** What follows the button. */
  after(element: HTMLElement): void {
    this.element.append(element);
  }

  get changes(): Changes {
    const changed = this.parts.filter(({ change }) => change !== undefined);
    return Object.fromEntries(changed.map(({ name, change }) => [name, change])) as Changes;
  }

  get isChanged(): boolean {
    return this.parts.some(({ change }) => change !== undefined);
  }

  /** Says whether there is something to be saved. */
  note = (): void => {
    show(this.#problem, "");
    this.says(this.isChanged ? t("settings_unsaved") : "");
  };

  says(words: string): void {
    this.#says.textContent = words;
  }

  async #save(save: (changes: Changes) => Promise<void>): Promise<void> {
    for (const each of this.parts) each.tell("");
    show(this.#problem, "");
    if (!this.isChanged) {
      this.says(t("settings_nothing"));
      say(t("settings_nothing"));
      return;
    }
    try {
      await save(this.changes);
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    const problems = fieldProblems(error);
    const wrong = this.parts.filter(({ name }) => problems.has(name));
    for (const each of wrong) each.tell(problems.get(each.name) ?? "");
    const others = [...problems].filter(([name]) => !wrong.some((each) => each.name === name));
    const rest = sentences(...others.map(([, problem]) => problem));
    show(this.#problem, wrong.length === 0 ? rest || errorWords(error) : sentences(t("settings_bad"), rest));
    wrong[0]?.focus();
  }
}
