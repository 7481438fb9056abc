// As whom one's account is known elsewhere: listed, taken away, and added by logging in there.

import { make } from "../../page/dom";
import type { OwnerApi } from "../api";
import { t } from "../i18n";
import { submits } from "../parts";
import { AccountCalls } from "./calls";
import { KnownAs } from "./known-as";
import { Piece, submitButton, textField } from "./pieces";
import { parseBegun, type Ways } from "./ways-in";
import type { Me } from "./wire";

const PATH = "/account/identities";

export class Identities {
  readonly #piece = new Piece(t("identities"));
  readonly #api: Pick<OwnerApi, "raw">;
  readonly #me: Me;
  readonly #known: KnownAs;

  constructor(api: Pick<OwnerApi, "raw">, me: Me, { provider }: Ways) {
    this.#api = api;
    this.#me = me;
    this.#known = new KnownAs({
      calls: new AccountCalls(api),
      account: null,
      piece: this.#piece,
      question: null,
      // Where there is nothing to be known by, nothing is said of it.
      onShown: (count) => {
        this.element.hidden = count === 0 && provider === null;
      },
    });
    this.element.append(make("p", { text: t("identities_about") }), this.#known.element);
    if (provider !== null) this.element.append(this.#form(provider));
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#known.load();
  }

  #form(label: string): HTMLElement {
    const password = textField(t("password_now"), { type: "password", autocomplete: "current-password" });
    const name = make("input", { className: "visually-hidden" });
    // Password managers want to know whose it is.
    Object.assign(name, { autocomplete: "username", value: this.#me.name, readOnly: true, tabIndex: -1 });
    name.setAttribute("aria-hidden", "true");
    const asked = this.#me.hasPassword ? [name, password.label] : [];
    password.input.required = this.#me.hasPassword;
    const form = make("form", {}, ...asked, submitButton(t("identity_go", { label })));
    submits(form, async () => {
      await this.#piece.tries(async () => {
        const body = this.#me.hasPassword ? { password: password.input.value } : {};
        location.assign(parseBegun(await this.#api.raw("POST", PATH, body)));
      });
    });
    return make(
      "details",
      {},
      make("summary", { className: "more-title", text: t("identity_add", { label }) }),
      form,
    );
  }
}
