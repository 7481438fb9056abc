// The checklist and the questions of a link, as an owner writes them: rows that are added, taken away and moved.

import { type Item, known, QUESTION_KINDS, type Question } from "../core/asked";
import { setText } from "../page/dom";
import { formatList } from "./format";
import { t } from "./i18n";
import { clonedElement, part, say } from "./parts";
import { splitExtensions, type TypedItem, type TypedQuestion } from "./terms";

/** A server refuses more. */
const MAX_ITEMS = 100;
const MAX_QUESTIONS = 20;

interface Typed {
  readonly items: readonly TypedItem[];
  readonly questions: readonly TypedQuestion[];
}

export class AskedFields {
  readonly #root: HTMLDetailsElement;
  readonly #items: Rows<TypedItem>;
  readonly #questions: Rows<TypedQuestion>;

  constructor(root: HTMLDetailsElement) {
    this.#root = root;
    const changed = (): void => this.#count();
    this.#items = new Rows(part(root, "items", HTMLElement), "item", MAX_ITEMS, ItemRow, changed);
    this.#questions = new Rows(
      part(root, "questions", HTMLElement),
      "question",
      MAX_QUESTIONS,
      QuestionRow,
      changed,
    );
  }

  fill(items: readonly (Item | TypedItem)[], questions: readonly (Question | TypedQuestion)[]): void {
    this.#items.fill(items);
    this.#questions.fill(questions);
    this.#root.open = items.length + questions.length > 0;
    this.#count();
  }

  read(): Typed {
    return { items: this.#items.read(), questions: this.#questions.read() };
  }

  #count(): void {
    const words = [
      this.#items.length > 0 ? t("items", { count: this.#items.length }) : "",
      this.#questions.length > 0 ? t("questions", { count: this.#questions.length }) : "",
    ].filter((each) => each !== "");
    const facts = words.length > 0 ? t("asked_count", { facts: formatList(words) }) : "";
    setText(part(this.#root, "asked-count", HTMLElement), facts);
  }
}

interface Row<T> {
  readonly element: HTMLElement;
  fill(value: T): void;
  read(): T;
}

/** A list of rows of one kind. */
class Rows<T> {
  readonly #list: HTMLElement;
  readonly #add: HTMLButtonElement;
  readonly #noun: "item" | "question";
  readonly #most: number;
  readonly #kind: new () => Row<T>;
  readonly #changed: () => void;
  #rows: Row<T>[] = [];

  constructor(
    root: HTMLElement,
    noun: "item" | "question",
    most: number,
    kind: new () => Row<T>,
    changed: () => void,
  ) {
    this.#list = part(root, "rows", HTMLElement);
    this.#add = part(root, "add", HTMLButtonElement);
    this.#noun = noun;
    this.#most = most;
    this.#kind = kind;
    this.#changed = changed;
    this.#add.addEventListener("click", () => this.#insert(this.length));
  }

  get length(): number {
    return this.#rows.length;
  }

  fill(values: readonly T[]): void {
    this.#rows = values.map((value) => {
      const row = this.#make();
      row.fill(value);
      return row;
    });
    this.#paint();
  }

  read(): readonly T[] {
    return this.#rows.map((row) => row.read());
  }

  #insert(at: number): void {
    if (this.length >= this.#most) return;
    const row = this.#make();
    this.#rows.splice(at, 0, row);
    this.#paint();
    titleOf(row).focus();
  }

  #make(): Row<T> {
    const row = new this.#kind();
    const act = (name: string, task: () => void): void =>
      part(row.element, name, HTMLButtonElement).addEventListener("click", task);
    act("up", () => this.#move(row, -1, "up"));
    act("down", () => this.#move(row, 1, "down"));
    act("remove", () => this.#remove(row));
    row.element.addEventListener("keydown", (event) => this.#onKey(event, row));
    return row;
  }

  /** Alt with an arrow moves it; Enter in the first field goes on to the next one and does not send the form. */
  #onKey(event: KeyboardEvent, row: Row<T>): void {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by !== undefined && event.altKey) {
      event.preventDefault();
      this.#move(row, by, null);
    } else if (event.key === "Enter" && event.target === titleOf(row) && !event.isComposing) {
      event.preventDefault();
      const at = this.#rows.indexOf(row) + 1;
      const next = this.#rows[at];
      if (next !== undefined) titleOf(next).focus();
      else if (titleOf(row).value.trim() !== "") this.#insert(at);
    }
  }

  #move(row: Row<T>, by: number, button: "up" | "down" | null): void {
    const from = this.#rows.indexOf(row);
    const to = from + by;
    if (to < 0 || to >= this.length) return;
    const focused = document.activeElement;
    this.#rows.splice(from, 1);
    this.#rows.splice(to, 0, row);
    this.#paint();
    // Moving it took the focus; a button that leads nowhere any more cannot have it.
    const wanted = button === null ? focused : part(row.element, button, HTMLButtonElement);
    if (wanted instanceof HTMLButtonElement && wanted.disabled) titleOf(row).focus();
    else if (wanted instanceof HTMLElement) wanted.focus();
    say(t("moved_to", { number: to + 1, count: this.length }));
  }

  #remove(row: Row<T>): void {
    const at = this.#rows.indexOf(row);
    this.#rows.splice(at, 1);
    this.#paint();
    const next = this.#rows[at] ?? this.#rows[at - 1];
    if (next === undefined) this.#add.focus();
    else part(next.element, "remove", HTMLButtonElement).focus();
    say(t(`removed_${this.#noun}s`, { count: this.length }));
  }

  #paint(): void {
    this.#list.replaceChildren(...this.#rows.map(({ element }) => element));
    for (const [at, row] of this.#rows.entries()) {
      const name = t(`${this.#noun}_name`, { number: at + 1 });
      titleOf(row).setAttribute("aria-label", t(`${this.#noun}_title`, { number: at + 1 }));
      for (const [act, words] of [
        ["up", "move_up"],
        ["down", "move_down"],
        ["remove", "remove"],
      ] as const) {
        const button = part(row.element, act, HTMLButtonElement);
        button.setAttribute("aria-label", t(`${words}_item`, { name }));
        button.title = t(words);
        button.disabled = (act === "up" && at === 0) || (act === "down" && at === this.length - 1);
      }
    }
    this.#add.hidden = this.length >= this.#most;
    this.#changed();
  }
}

function titleOf({ element }: { readonly element: HTMLElement }): HTMLInputElement {
  return part(element, "title", HTMLInputElement);
}

class ItemRow implements Row<TypedItem> {
  readonly element = clonedElement("item-fields");
  #id: string | undefined;

  constructor() {
    titleOf(this).placeholder = t("item_sample");
  }

  fill(item: TypedItem): void {
    this.#id = item.id;
    this.#input("title").value = item.title;
    this.#input("required").checked = item.required;
    this.#input("count").value = String(item.count);
    this.#input("most").value = item.most > 0 ? String(item.most) : "";
    this.#input("extensions").value = item.extensions.join(", ");
    this.#input("example").value = item.example;
    part(this.element, "description", HTMLTextAreaElement).value = item.description;
    const { description, count, most, extensions, example } = item;
    const more = part(this.element, "title", HTMLInputElement).closest("li")?.querySelector("details");
    if (more)
      more.open = description !== "" || count > 1 || most > 0 || extensions.length > 0 || example !== "";
  }

  read(): TypedItem {
    return {
      ...(this.#id === undefined ? {} : { id: this.#id }),
      title: this.#input("title").value.trim(),
      description: part(this.element, "description", HTMLTextAreaElement).value.trim(),
      required: this.#input("required").checked,
      count: Math.max(1, Math.floor(Number(this.#input("count").value)) || 1),
      most: Math.max(0, Math.floor(Number(this.#input("most").value)) || 0),
      extensions: splitExtensions(this.#input("extensions").value),
      example: this.#input("example").value.trim(),
    };
  }

  #input(name: string): HTMLInputElement {
    return part(this.element, name, HTMLInputElement);
  }
}

class QuestionRow implements Row<TypedQuestion> {
  readonly element = clonedElement("question-fields");
  readonly #kind = part(this.element, "kind", HTMLSelectElement);
  readonly #required = part(this.element, "required", HTMLInputElement);
  readonly #choices = part(this.element, "choices", HTMLTextAreaElement);
  #id: string | undefined;

  constructor() {
    titleOf(this).placeholder = t("question_sample");
    this.#kind.setAttribute("aria-label", t("answer_kind"));
    this.#kind.addEventListener("change", () => this.#follow());
    this.#follow();
  }

  fill(question: TypedQuestion): void {
    this.#id = question.id;
    titleOf(this).value = question.label;
    this.#kind.value = question.kind;
    this.#required.checked = question.required;
    this.#choices.value = question.choices.join("\n");
    this.#follow();
  }

  read(): TypedQuestion {
    const kind = known(QUESTION_KINDS, this.#kind.value);
    const lines = this.#choices.value.split("\n").map((each) => each.trim());
    return {
      ...(this.#id === undefined ? {} : { id: this.#id }),
      label: titleOf(this).value.trim(),
      kind,
      required: this.#required.checked,
      choices: kind === "choice" ? [...new Set(lines.filter((each) => each !== ""))] : [],
    };
  }

  #follow(): void {
    const isChoice = this.#kind.value === "choice";
    part(this.element, "choices-field", HTMLElement).hidden = !isChoice;
    this.#choices.required = isChoice;
  }
}
