// The mail server: where it is, who logs in there, and a password that is never shown again.

import { make, makeButton } from "../../page/dom";
import { freshId, show } from "../parts";
import { fixedNote, type Part } from "./field";
import type { Setting, TypedServer } from "./wire";
import { WORDS } from "./words";

const SERVER = WORDS.server;
const KINDS = [
  ["smtps", SERVER.smtps],
  ["smtp", SERVER.smtp],
  ["smtp+plain", SERVER.plain],
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
    for (const [value, words] of KINDS) {
      const option = make("option", { text: words });
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
      input.autocapitalize = "off";
      input.spellcheck = false;
    }
    this.#host.placeholder = "mail.example.org";
    this.#host.setAttribute("aria-describedby", this.#problem.id);
    this.element.append(
      make("legend", { text: SERVER.legend }),
      make(
        "div",
        { className: "pair" },
        labelled(SERVER.host, this.#host),
        labelled(SERVER.secure, this.#secure),
        labelled(SERVER.port, this.#port, SERVER.portHint),
        labelled(SERVER.user, this.#user, SERVER.userHint),
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
    const words = this.#setting.server?.hasPassword === true ? SERVER.isSet : SERVER.none;
    this.#passwordRow.append(make("p", { className: "quiet", text: words }));
    this.element.append(fixedNote(this.#setting.variable));
  }

  /** Either what is said of the one that is kept, or a field for another. */
  #drawPassword(focus = false): void {
    const has = this.#setting.server?.hasPassword === true;
    if (this.#keeps) {
      const replace = makeButton(SERVER.replace, "slim", () => this.#type());
      const remove = makeButton(SERVER.remove, "slim", () => this.#type(true));
      const label = make("span", { className: "label", text: SERVER.password });
      const row = make(
        "div",
        { className: "row" },
        make("span", { className: "quiet", text: SERVER.isSet }),
        replace,
        remove,
      );
      this.#passwordRow.replaceChildren(make("div", { className: "field" }, label, row));
      if (focus) replace.focus();
      return;
    }
    const field = labelled(SERVER.password, this.#password);
    this.#passwordRow.replaceChildren(field);
    if (has) {
      const keep = makeButton(SERVER.keep, "slim", () => {
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
    if (isRemoved) this.#passwordRow.append(make("span", { className: "quiet", text: SERVER.removed }));
    this.#password.focus();
    this.#onInput();
  }

  #forget(): HTMLElement {
    const words = make("span", { className: "quiet", text: SERVER.forgotten });
    words.hidden = true;
    const button = makeButton(SERVER.forget, "slim", () => {
      this.#isForgotten = !this.#isForgotten;
      words.hidden = !this.#isForgotten;
      button.textContent = this.#isForgotten ? SERVER.useAgain : SERVER.forget;
      this.#onInput();
    });
    this.element.addEventListener("input", () => {
      words.hidden = true;
      button.textContent = SERVER.forget;
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
