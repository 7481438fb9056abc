// The fields for whom a link is, when files are due, and when people are reminded.

import { type DueTerms, dayWords, type TypedDue, typedDue, zoneName } from "./due";
import { t } from "./i18n";
import { mailLanguageOf, offerMailLanguages } from "./mail-language";
import { field, part } from "./parts";

export class DueFields {
  readonly #root: HTMLElement;
  readonly #at: HTMLInputElement;
  /** Days that the form does not offer, and keeps. */
  #others: readonly number[] = [];

  constructor(root: HTMLElement, due?: DueTerms) {
    this.#root = root;
    this.#at = this.#input("due_at");
    part(root, "zone", HTMLElement).textContent = t("due_zone", { zone: zoneName() });
    for (const box of this.#days) {
      const words = box.nextElementSibling;
      if (words !== null) words.textContent = dayWords(Number(box.value));
    }
    offerMailLanguages(this.#language, t("language_as_link"));
    this.#at.addEventListener("input", () => this.#follow());
    if (due !== undefined) this.#fill(due);
    this.#follow();
  }

  /** What a link like this one has, but for whom it is. */
  copy(due: DueTerms): void {
    this.#fill(due);
    for (const name of ["recipient_name", "recipient_email"]) this.#input(name).value = "";
    this.#language.value = "auto";
    this.#follow();
  }

  read(): TypedDue {
    return {
      at: this.#at.value,
      allowLate: this.#input("allow_late").checked,
      reminders: [
        ...this.#others,
        ...this.#days.filter(({ checked }) => checked).map(({ value }) => Number(value)),
      ],
      forName: this.#input("recipient_name").value,
      forEmail: this.#input("recipient_email").value,
      forLanguage: mailLanguageOf(this.#language.value),
    };
  }

  #fill(terms: DueTerms): void {
    const due = typedDue(terms);
    const offered = this.#days.map(({ value }) => Number(value));
    this.#others = due.reminders.filter((day) => !offered.includes(day));
    this.#at.value = due.at;
    this.#input("allow_late").checked = due.allowLate;
    for (const box of this.#days) box.checked = due.reminders.includes(Number(box.value));
    this.#input("recipient_name").value = due.forName;
    this.#input("recipient_email").value = due.forEmail;
    this.#language.value = due.forLanguage;
  }

  /** Without a date nothing is late. */
  #follow(): void {
    part(this.#root, "when-due", HTMLElement).hidden = this.#at.value === "";
  }

  get #days(): HTMLInputElement[] {
    return [...this.#root.querySelectorAll<HTMLInputElement>('[name="reminders"]')];
  }

  get #language(): HTMLSelectElement {
    return field(this.#root, "recipient_language", HTMLSelectElement);
  }

  #input(name: string): HTMLInputElement {
    return field(this.#root, name, HTMLInputElement);
  }
}
