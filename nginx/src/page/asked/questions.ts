// The owner's questions, in the form that is sent before files go. An answer is kept as soon as it is given.

import type { Answers, Question } from "../../core/asked";
import { UploadError } from "../../core/errors";
import { make, need, setHidden, setText } from "../dom";
import { t } from "../i18n";
import { reasonFor } from "../reasons";
import { say } from "./words";

/** Answers by their questions; null takes one back. */
export type Changed = Readonly<Record<string, string | boolean | null>>;

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const MAX_ANSWER = 2_000;

export class Questions {
  readonly #form = need("gate", HTMLFormElement);
  readonly #box = make("fieldset", { className: "questions" });
  readonly #legend = make("legend");
  readonly #said = make("p", { className: "asked-said quiet small" });
  readonly #fields: readonly Field[];
  readonly #save: (changed: Changed) => Promise<void>;
  /** Says of a refusal for want of the password, where it is typed; false for every other one. */
  #onRefused: (error: unknown) => boolean = () => false;
  /** What the server has. */
  #kept: Answers = {};
  #passes = false;
  #saving: Promise<boolean> | null = null;
  #words: () => string = () => "";

  /** `save` keeps answers beside those that there are, or throws. */
  constructor(questions: readonly Question[], save: (changed: Changed) => Promise<void>) {
    this.#save = save;
    this.#fields = questions.map((question) => new Field(question));
    this.#box.append(this.#legend, ...this.#fields.map(({ element }) => element), this.#said);
    this.#said.setAttribute("role", "status");
    this.#form.append(this.#box);
    // Whoever is asked something says when to send.
    this.#form.hidden = false;
    this.#box.addEventListener("change", () => void this.#keep(false));
    // In front of all others: nothing goes before the answers are kept.
    this.#form.addEventListener("submit", (event) => this.#beforeSending(event), { capture: true });
  }

  begin(onRefused: (error: unknown) => boolean): void {
    this.#onRefused = onRefused;
  }

  describe(): void {
    setText(this.#legend, say("questions"));
    for (const field of this.#fields) field.describe();
    setText(this.#said, this.#words());
  }

  /** Puts what the server has where nothing was typed here. */
  fill(answers: Answers): void {
    for (const field of this.#fields) field.fill(answers[field.question.id]);
    this.#kept = answers;
  }

  /** Nothing of what stands here is kept by the server. */
  lose(): void {
    this.#kept = {};
  }

  /** Who comes next answers for themselves. */
  clear(): void {
    this.lose();
    for (const field of this.#fields) field.clear();
    this.#tell(() => "");
  }

  /** What differs from what the server has. */
  get #changes(): Changed {
    const pairs = this.#fields.map(({ question, answer }) => [question.id, answer || null] as const);
    return Object.fromEntries(pairs.filter(([id, answer]) => answer !== (this.#kept[id] ?? null)));
  }

  get #isChanged(): boolean {
    return Object.keys(this.#changes).length > 0;
  }

  #beforeSending(event: SubmitEvent): void {
    // A form that is being sent cannot be sent: what has nothing to wait for goes on as it is.
    if (this.#passes || (this.#saving === null && !this.#isChanged)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void this.#keep(true).then((kept) => {
      if (!kept) return;
      this.#passes = true;
      this.#form.requestSubmit();
      this.#passes = false;
    });
  }

  /** Keeps what was answered; whether it is kept. What fails while nothing is sent yet is tried again then. */
  async #keep(aloud: boolean): Promise<boolean> {
    // One after the other: the last one is the one that counts.
    while (this.#saving !== null) await this.#saving;
    if (!this.#isChanged) return true;
    this.#saving = this.#try(this.#changes, aloud);
    try {
      return await this.#saving;
    } finally {
      this.#saving = null;
    }
  }

  async #try(changes: Changed, aloud: boolean): Promise<boolean> {
    try {
      await this.#save(changes);
      for (const field of this.#fields) field.complain("");
      this.#tell(() => say("answers_saved"));
      return true;
    } catch (error) {
      if (aloud) this.#complain(error);
      return false;
    }
  }

  #complain(error: unknown): void {
    if (this.#onRefused(error)) return;
    const problems = problemsOf(error);
    const wrong = this.#fields.filter(({ question }) => problems.has(question.id));
    for (const field of this.#fields) field.complain(problems.get(field.question.id) ?? "");
    wrong[0]?.focus();
    this.#tell(() => (wrong.length > 0 ? "" : say("answers_unsaved", { reason: reasonFor(error) })));
  }

  #tell(words: () => string): void {
    this.#words = words;
    setText(this.#said, words());
  }
}

class Field {
  readonly element = make("div", { className: "field" });
  readonly question: Question;
  readonly #control: Control;
  readonly #optional = make("span", { className: "quiet" });
  readonly #problem = make("span", { className: "hint" });
  readonly #none: HTMLOptionElement | null;
  #touched = false;

  constructor(question: Question) {
    this.question = question;
    const { id, label, kind, required } = question;
    this.#none = kind === "choice" ? make("option") : null;
    this.#control = controlOf(question, this.#none);
    this.#control.id = `question-${id}`;
    this.#control.required = required;
    this.#control.addEventListener("input", () => {
      this.#touched = true;
    });
    this.#problem.id = `${this.#control.id}-problem`;
    this.#problem.hidden = true;
    this.#control.setAttribute("aria-describedby", this.#problem.id);
    const words = make("bdi", { text: label });
    const name = make("label", { className: kind === "agree" ? "asked-agree" : "label" });
    name.htmlFor = this.#control.id;
    const text = make("span");
    text.append(words, " ", this.#optional);
    if (kind === "agree") name.append(this.#control, text);
    else name.append(text);
    this.element.append(name, ...(kind === "agree" ? [] : [this.#control]), this.#problem);
  }

  get answer(): string | boolean {
    if (this.#control instanceof HTMLInputElement && this.#control.type === "checkbox")
      return this.#control.checked;
    return this.#control.value.trim();
  }

  focus(): void {
    this.#control.focus();
  }

  describe(): void {
    setText(this.#optional, this.question.required ? "" : t("optional"));
    if (this.#none !== null) setText(this.#none, say("choice_none"));
  }

  fill(answer: string | boolean | undefined): void {
    if (this.#touched || answer === undefined) return;
    if (typeof answer === "string") this.#control.value = answer;
    else if (this.#control instanceof HTMLInputElement) this.#control.checked = answer;
  }

  clear(): void {
    this.#touched = false;
    if (typeof this.answer === "string") this.#control.value = "";
    else if (this.#control instanceof HTMLInputElement) this.#control.checked = false;
    this.complain("");
  }

  complain(words: string): void {
    this.#control.ariaInvalid = words === "" ? null : "true";
    setText(this.#problem, words);
    setHidden(this.#problem, words === "");
  }
}

function controlOf({ kind, choices }: Question, none: HTMLOptionElement | null): Control {
  if (kind === "choice" && none !== null) {
    const select = make("select");
    none.value = "";
    select.append(none, ...choices.map((each) => new Option(each, each)));
    return select;
  }
  if (kind === "text") {
    const area = make("textarea");
    area.rows = 2;
    area.maxLength = MAX_ANSWER;
    area.dir = "auto";
    return area;
  }
  const input = make("input");
  input.type = kind === "date" ? "date" : "checkbox";
  return input;
}

/** The server's sentence for each question whose answer it does not take. */
function problemsOf(error: unknown): ReadonlyMap<string, string> {
  if (!(error instanceof UploadError)) return new Map();
  const { fields } = error.details;
  if (typeof fields !== "object" || fields === null) return new Map();
  return new Map(Object.entries(fields).map(([id, words]) => [id, String(words)]));
}
