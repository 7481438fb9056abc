// The second factor of one's account: set up with an app, confirmed by a code, switched off by one.

import { type Declared, doubted } from "../../core/reply";
import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { formatNumber } from "../format";
import { t } from "../i18n";
import { copies, submits } from "../parts";
import { Piece, submitButton, textField } from "./pieces";
import type { Me } from "./wire";

const PATH = "/account/second-factor";

export class SecondFactor {
  readonly #piece = new Piece(t("factor_title"));
  readonly #api: Pick<OwnerApi, "raw">;
  readonly #me: Me;
  readonly #body = make("div");

  constructor(api: Pick<OwnerApi, "raw">, me: Me) {
    this.#api = api;
    this.#me = me;
    this.element.append(make("p", { text: t("factor_about") }));
    if (me.lacksFactor) this.element.append(make("p", { className: "notice", text: t("factor_required") }));
    this.element.append(this.#body);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => {
      const { on, recovery_codes: left } = doubted<Declared<"FactorView">>(await this.#api.raw("GET", PATH));
      this.#body.replaceChildren(on === true ? this.#onForm(Number(left)) : this.#beginForm());
    });
  }

  #beginForm(): HTMLElement {
    const password = textField(t("factor_password"), { type: "password", autocomplete: "current-password" });
    password.input.required = true;
    const name = make("input", { className: "visually-hidden" });
    // Password managers want to know whose it is.
    Object.assign(name, { autocomplete: "username", value: this.#me.name, readOnly: true, tabIndex: -1 });
    name.setAttribute("aria-hidden", "true");
    const form = make("form", {}, name, password.label, submitButton(t("factor_begin")));
    submits(form, async () => {
      await this.#piece.tries(async () => {
        const begun = doubted<Declared<"BegunFactor">>(
          await this.#api.raw("POST", PATH, { password: password.input.value }),
        );
        if (typeof begun.secret !== "string" || typeof begun.address !== "string") {
          throw new TypeError("No secret");
        }
        await this.#askForCode(begun.secret, begun.address);
      });
    });
    if (this.#me.lacksFactor) return form;
    return make("details", {}, make("summary", { className: "more-title", text: t("factor_begin") }), form);
  }

  async #askForCode(secret: string, address: string): Promise<void> {
    const { drawQr } = await import("../qr");
    const code = codeField(t("factor_code"));
    const text = shownOnce(t("factor_secret"), secret.replace(/(.{4})(?=.)/g, "$1 "));
    const form = make("form", {}, code.label, submitButton(t("factor_confirm")));
    submits(form, async () => {
      await this.#piece.tries(async () => {
        const told = doubted<Declared<"RecoveryCodes">>(
          await this.#api.raw("POST", `${PATH}/confirmation`, { code: code.input.value }),
        );
        const codes = told.recovery_codes;
        if (!Array.isArray(codes)) throw new TypeError("No codes");
        this.#showCodes(codes.map(String));
      });
    });
    const picture = make("div", { className: "factor-qr" });
    picture.append(drawQr(address, t("factor_qr")));
    this.#body.replaceChildren(make("p", { text: t("factor_scan") }), picture, text, form);
    code.input.focus();
  }

  #showCodes(codes: readonly string[]): void {
    const list = make("ul", { className: "factor-codes mono" });
    list.setAttribute("aria-label", t("factor_list"));
    list.append(...codes.map((each) => make("li", { text: each })));
    const copy = makeButton(t("factor_copy"), "", () => {});
    copies(copy, () => codes.join("\n"));
    const done = makeButton(t("factor_done"), "primary", () => {
      // What was refused without it is asked for again.
      if (this.#me.lacksFactor) location.reload();
      else void this.load();
    });
    const row = make("div", { className: "row" }, done, copy);
    this.#body.replaceChildren(
      make("div", { className: "notice" }, make("p", { text: t("factor_codes") }), list, row),
    );
    copy.focus();
  }

  #onForm(left: number): HTMLElement {
    const code = codeField(t("factor_off_code"));
    const form = make("form", {}, code.label, submitButton(t("factor_off")));
    submits(form, async () => {
      const task = async () => {
        await this.#api.raw("POST", `${PATH}/removal`, { code: code.input.value });
      };
      if (await this.#piece.tries(task, t("factor_is_off"))) await this.load();
    });
    const summary = make("summary", { className: "more-title", text: t("factor_off") });
    const words = make("p", { text: t("factor_on", { left: formatNumber(left) }) });
    return make("div", {}, words, make("details", {}, summary, form));
  }
}

function codeField(text: string): ReturnType<typeof textField> {
  const code = textField(text, { autocomplete: "one-time-code", most: 100 });
  code.input.required = true;
  code.input.autocapitalize = "none";
  return code;
}

function shownOnce(text: string, value: string): HTMLLabelElement {
  const { label, input } = textField(text, { value });
  input.readOnly = true;
  input.classList.add("mono");
  return label;
}
