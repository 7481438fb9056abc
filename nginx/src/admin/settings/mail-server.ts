// The mail server: where it is, who logs in there, and a password that is never shown again.

import { make, makeButton } from "../../page/dom";
import { t } from "../i18n";
import { freshId, show } from "../parts";
import { fixedNote, type Part } from "./field";
import type { Setting, TypedServer } from "./wire";

const KINDS = [
  ["smtps", "mail_smtps"],
  ["smtp", "mail_smtp"],
  ["smtp+plain", "mail_plain"],
] as const;

export class MailServerField implements Part {
  readonly element = make("fieldset", { className: "mail-server" });
  readonly name: string;
  readonly #setting: Setting;
  readonly #secure = make("select");
  readonly #host = make("input");
  readonly #port = make("input");
  readonly #user = make("input");
  readonly #password = make("input");
  readonly #passwordRow = make("div", { className: "password-row" });
  readonly #problem = make("span", { className: "problem" });
  /** Whether the password that is kept goes on, which then is not typed. */
  #keeps: boolean;
  #isForgotten = false;
  readonly #onInput: () => void;

  constructor(setting: Setting, onInput: () => void) {
    const { server } = setting;
    this.name = setting.name;
    this.#setting = setting;
    this.#onInput = onInput;
    this.#keeps = server?.hasPassword === true;
    for (const [value, key] of KINDS) {
      const option = make("option", { text: t(key) });
      option.value = value;
      this.#secure.append(option);
    }
    this.#secure.value = server?.secure ?? "smtps";
    this.#host.value = server?.host ?? "";
    this.#port.value = server === null ? "" : String(server.port);
    this.#port.type = "number";
    this.#port.min = "1";
    this.#port.max = "65535";
    this.#port.step = "1";
    this.#user.value = server?.user ?? "";
    this.#password.type = "password";
    this.#password.autocomplete = "new-password";
    this.#problem.id = freshId("problem");
    this.#problem.hidden = true;
    for (const input of [this.#host, this.#user]) {
      input.autocomplete = "off";
      input.dir = "auto";
      input.autocapitalize = "off";
      input.spellcheck = false;
    }
    this.#host.placeholder = "mail.example.org";
    this.#host.setAttribute("aria-describedby", this.#problem.id);
    this.element.append(
      make("legend", { text: t("mail_server") }),
      make(
        "div",
        { className: "pair" },
        labelled(t("mail_host"), this.#host),
        labelled(t("mail_secure"), this.#secure),
        labelled(t("mail_port"), this.#port, t("mail_port_hint")),
        labelled(t("mail_user"), this.#user, t("mail_user_hint")),
      ),
      this.#passwordRow,
      this.#problem,
    );
    this.element.addEventListener("input", () => {
      this.#isForgotten = false;
      this.tell("");
      onInput();
    });
    // The usual port goes with how it is secured.
    this.#secure.addEventListener("change", () => {
      this.#port.value = "";
    });
    if (setting.source === "environment") this.#fix();
    else this.#drawPassword();
    if (setting.source === "page") this.element.append(this.#forget());
  }

  get change(): TypedServer | null | undefined {
    if (this.#setting.source === "environment") return undefined;
    if (this.#isForgotten) return null;
    const typed = this.#typed();
    const { server } = this.#setting;
    if (server === null) return typed.host === "" ? undefined : typed;
    const isSame =
      this.#keeps === server.hasPassword &&
      typed.password === undefined &&
      typed.secure === server.secure &&
      typed.host === server.host &&
      (typed.port ?? 0) === server.port &&
      typed.user === server.user;
    return isSame ? undefined : typed;
  }

  tell(problem: string): void {
    show(this.#problem, problem);
    if (problem === "") this.#host.removeAttribute("aria-invalid");
    else this.#host.setAttribute("aria-invalid", "true");
  }

  focus(): void {
    this.#host.focus();
  }

  #typed(): TypedServer {
    const parts = {
      secure: this.#secure.value,
      host: this.#host.value.trim(),
      port: this.#port.value === "" ? null : Number(this.#port.value),
      user: this.#user.value.trim(),
    };
    return this.#keeps ? parts : { ...parts, password: this.#password.value };
  }

  #fix(): void {
    for (const input of [this.#host, this.#port, this.#user]) input.readOnly = true;
    this.#secure.disabled = true;
    const words = t(this.#setting.server?.hasPassword === true ? "mail_password_set" : "mail_password_none");
    this.#passwordRow.append(make("p", { className: "quiet", text: words }));
    this.element.append(fixedNote(this.#setting.variable));
  }

  /** Either what is said of the one that is kept, or a field for another. */
  #drawPassword(focus = false): void {
    const has = this.#setting.server?.hasPassword === true;
    if (this.#keeps) {
      const replace = makeButton(t("mail_password_replace"), "slim", () => this.#type());
      const remove = makeButton(t("mail_password_remove"), "slim", () => this.#type(true));
      const label = make("span", { className: "label", text: t("password") });
      const row = make(
        "div",
        { className: "row" },
        make("span", { className: "quiet", text: t("mail_password_set") }),
        replace,
        remove,
      );
      this.#passwordRow.replaceChildren(make("div", { className: "field" }, label, row));
      if (focus) replace.focus();
      return;
    }
    const field = labelled(t("password"), this.#password);
    this.#passwordRow.replaceChildren(field);
    if (has) {
      const keep = makeButton(t("mail_password_keep"), "slim", () => {
        this.#password.value = "";
        this.#keeps = true;
        this.#drawPassword(true);
        this.#onInput();
      });
      this.#passwordRow.append(keep);
    }
  }

  #type(isRemoved = false): void {
    this.#keeps = false;
    this.#password.value = "";
    this.#drawPassword();
    if (isRemoved)
      this.#passwordRow.append(make("span", { className: "quiet", text: t("mail_password_removed") }));
    this.#password.focus();
    this.#onInput();
  }

  #forget(): HTMLElement {
    const words = make("span", { className: "quiet", text: t("mail_forgotten") });
    words.hidden = true;
    const button = makeButton(t("mail_forget"), "slim", () => {
      this.#isForgotten = !this.#isForgotten;
      words.hidden = !this.#isForgotten;
      button.textContent = t(this.#isForgotten ? "mail_use_again" : "mail_forget");
      this.#onInput();
    });
    this.element.addEventListener("input", () => {
      words.hidden = true;
      button.textContent = t("mail_forget");
    });
    return make("div", { className: "row forget" }, button, words);
  }
}

export function labelled(words: string, input: HTMLElement, hint = ""): HTMLElement {
  const label = make("label", { className: "label", text: words });
  input.id = freshId("setting");
  label.htmlFor = input.id;
  const field = make("div", { className: "field" }, label, input);
  if (hint !== "") {
    const about = make("span", { className: "hint", text: hint });
    about.id = freshId("hint");
    input.setAttribute(
      "aria-describedby",
      [input.getAttribute("aria-describedby"), about.id].filter(Boolean).join(" "),
    );
    field.append(about);
  }
  return field;
}
