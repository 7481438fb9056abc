// The form by which one logs in: with the admin token, with a name and a password, or with a passkey. It begins with what was used here
// last.

import { UploadError } from "../../core/errors";
import { make, makeButton, need } from "../../page/dom";
import type { Login, OwnerApi } from "../api";
import { t } from "../i18n";
import { acts, freshId } from "../parts";

const KEPT = "droppr.login";

export class LoginForm {
  readonly #token = need("token", HTMLInputElement);
  readonly #byToken = need("by-token");
  readonly #byName = need("by-name");
  readonly #otherWay = need("other-way", HTMLButtonElement);
  readonly #name = entry("text", "username");
  readonly #password = entry("password", "current-password");
  readonly #code = entry("text", "one-time-code");
  readonly #codeField = labelled(t("login_code"), this.#code);
  readonly #passkey = makeButton("", "", () => {});
  /** A name and its password were right, and a passkey of it is asked for. */
  #isBeside = false;
  #usesName = remembered() === "name";

  /** `logIn` is what a click on the button for passkeys does. */
  constructor(logIn: () => Promise<void>) {
    this.#name.autocapitalize = "none";
    this.#name.spellcheck = false;
    this.#byName.append(labelled(t("login_name"), this.#name), labelled(t("password"), this.#password));
    this.#code.inputMode = "text";
    this.#code.autocapitalize = "none";
    this.#code.spellcheck = false;
    this.#codeField.hidden = true;
    this.#byName.append(this.#codeField);
    this.#otherWay.before(this.#passkey);
    this.#passkey.id = "by-passkey";
    acts(this.#passkey, logIn);
    this.#name.addEventListener("input", () => this.#asksBeside(false));
    this.#otherWay.addEventListener("click", () => {
      this.#usesName = !this.#usesName;
      this.#show();
      this.focus();
    });
    this.#show();
  }

  get login(): Login {
    if (!this.#usesName) return { token: this.#token.value.trim() };
    const login = { name: this.#name.value.trim(), password: this.#password.value };
    const code = this.#code.value.trim();
    return this.#codeField.hidden || code === "" ? login : { ...login, code };
  }

  /** What a passkey answers, alone or beside name and password. */
  async loginByPasskey(api: Pick<OwnerApi, "raw">): Promise<Login> {
    const { usePasskey } = await import("./passkey");
    const passkey = await usePasskey(api);
    if (!this.#isBeside) return { passkey };
    return { name: this.#name.value.trim(), password: this.#password.value, passkey };
  }

  /** Forgets what opens anything. */
  clear(): void {
    this.#token.value = "";
    this.#password.value = "";
    this.#code.value = "";
    this.#codeField.hidden = true;
    this.#asksBeside(false);
  }

  /** Whether a code or a passkey is missing or wrong, which is asked for from then on. */
  asksForMore(error: unknown): boolean {
    if (!(error instanceof UploadError)) return false;
    if (error.code === "passkey_not_used") {
      this.#passkey.focus();
      return true;
    }
    if (!["second_factor_needed", "wrong_code"].includes(error.code)) return false;
    const { ways } = error.details;
    const takes = (way: string) => Array.isArray(ways) && ways.includes(way);
    if (takes("passkey")) this.#asksBeside(true);
    if (takes("passkey") && !takes("code") && !this.#passkey.hidden) {
      this.#passkey.focus();
      return true;
    }
    this.#codeField.hidden = false;
    this.#code.focus();
    this.#code.select();
    return true;
  }

  /** Asks for nothing but the admin token. */
  onlyToken(): void {
    this.#usesName = false;
    this.#show();
    this.#otherWay.hidden = true;
  }

  focus(): void {
    if (!this.#usesName) this.#token.focus();
    else if (this.#name.value === "") this.#name.focus();
    else this.#password.focus();
  }

  selectSecret(): void {
    (this.#usesName ? this.#password : this.#token).select();
  }

  #show(): void {
    const { activeElement } = document;
    this.#byToken.hidden = this.#usesName;
    this.#byName.hidden = !this.#usesName;
    // What is not shown must not keep the form from being sent.
    this.#token.required = !this.#usesName;
    this.#name.required = this.#usesName;
    this.#password.required = this.#usesName;
    this.#otherWay.textContent = t(this.#usesName ? "by_token" : "by_name");
    this.#asksBeside(false);
    if (activeElement instanceof HTMLElement) activeElement.focus();
  }

  #asksBeside(isBeside: boolean): void {
    this.#isBeside = isBeside;
    this.#passkey.hidden = !canUsePasskeys();
    // What comes next stands out.
    this.#passkey.classList.toggle("primary", isBeside);
    need("log-in").classList.toggle("primary", !isBeside || this.#passkey.hidden);
    this.#passkey.textContent = t(isBeside ? "passkey_beside" : "passkey_login");
  }
}

/** Whether this browser has passkeys for this address: of a name, and by https or on this machine. */
export function canUsePasskeys(): boolean {
  return isSecureContext && "PublicKeyCredential" in window && !/^[\d.]+$|:/.test(location.hostname);
}

/** Next time the form begins so. */
export function rememberLogin(name: string): void {
  try {
    localStorage.setItem(KEPT, name === "" ? "token" : "name");
  } catch {
    // Where nothing may be kept, the form begins with the token.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function entry(type: string, autocomplete: AutoFill): HTMLInputElement {
  const input = make("input");
  input.type = type;
  input.autocomplete = autocomplete;
  input.maxLength = 1024;
  return input;
}

export function labelled(text: string, input: HTMLElement, hint = ""): HTMLLabelElement {
  const label = make("label", { className: "field" }, make("span", { className: "label", text }), input);
  if (hint !== "") {
    const said = make("span", { className: "hint", text: hint });
    said.id = freshId("hint");
    // Named by its label alone, and described by the hint.
    input.setAttribute("aria-label", text);
    input.setAttribute("aria-describedby", said.id);
    label.append(said);
  }
  return label;
}
