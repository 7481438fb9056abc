// What the link asks of the sender before files go: a name, an e-mail, a password.

import type { Asked, LinkInfo } from "../core/wire";
import { need, setText } from "./dom";
import { onLanguage, t } from "./i18n";

export class SenderForm {
  readonly #form = need("gate", HTMLFormElement);
  readonly #name = need("name", HTMLInputElement);
  readonly #email = need("email", HTMLInputElement);
  readonly #password = need("password", HTMLInputElement);
  readonly #hint = need("password-hint");
  #complaint: () => string = () => "";
  /** The password, once it need not stand in its field any more. */
  #kept = "";

  constructor(info: LinkInfo, onSubmit: () => void) {
    this.#ask("name", this.#name, info.askName);
    this.#ask("email", this.#email, info.askEmail);
    if (info.requiresPassword) this.#showPassword();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#complain(() => "");
      onSubmit();
    });
    this.#paint();
    onLanguage(() => this.#paint());
  }

  /** What was filled in here before. */
  fill(name: string, email: string): void {
    this.#name.value ||= name;
    this.#email.value ||= email;
  }

  /** Whether there is anything to fill in: then the person says when to send. */
  get asks(): boolean {
    return !this.#form.hidden;
  }

  get senderName(): string {
    return this.#name.value.trim();
  }

  get senderEmail(): string {
    return this.#email.value.trim();
  }

  get password(): string {
    return this.#password.value || this.#kept;
  }

  /** Everything has arrived. What was typed goes on counting for files that are added. */
  settle(): void {
    this.#kept = this.password;
    this.#password.value = "";
    this.#password.required = false;
    need("password-field").hidden = true;
  }

  /** The server wants a password, or another one; `complaint` says so in the language of the moment. */
  askPassword(complaint: () => string): void {
    this.#kept = "";
    this.#showPassword();
    this.#complain(complaint);
    this.#password.focus();
    this.#password.select();
  }

  #showPassword(): void {
    this.#ask("password", this.#password, "required");
  }

  #complain(complaint: () => string): void {
    this.#complaint = complaint;
    this.#paint();
  }

  #paint(): void {
    const words = this.#complaint();
    this.#password.ariaInvalid = words === "" ? null : "true";
    setText(this.#hint, words || t("password_hint"));
  }

  #ask(id: string, input: HTMLInputElement, asked: Asked): void {
    if (asked === "no") return;
    this.#form.hidden = false;
    need(`${id}-field`).hidden = false;
    input.required = asked === "required";
    if (id !== "password") need(`${id}-optional`).hidden = input.required;
  }
}
