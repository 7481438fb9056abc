// As whom one's account is known elsewhere: listed, taken away, and added by logging in there.

import { type Declared, doubted } from "../../core/reply";
import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { filled, t } from "../i18n";
import { acts, submits } from "../parts";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import { Piece, submitButton, textField } from "./pieces";
import { parseBegun, type Ways } from "./ways-in";
import type { Me } from "./wire";

const PATH = "/account/identities";

interface Identity {
  readonly id: string;
  readonly shown: string;
  readonly issuer: string;
  readonly isProxy: boolean;
  readonly usedAt: number;
}

export class Identities {
  readonly #piece = new Piece(t("identities"));
  readonly #api: Pick<OwnerApi, "raw">;
  readonly #me: Me;
  readonly #ways: Ways;
  readonly #list = make("ul", { className: "lines" });

  constructor(api: Pick<OwnerApi, "raw">, me: Me, ways: Ways) {
    this.#api = api;
    this.#me = me;
    this.#ways = ways;
    this.element.append(make("p", { text: t("identities_about") }), this.#list);
    if (ways.provider !== null) this.element.append(this.#form(ways.provider));
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => {
      const found = parseIdentities(await this.#api.raw("GET", PATH));
      this.#list.replaceChildren(...found.map((each) => this.#line(each)));
      // Where there is nothing to be known by, nothing is said of it.
      this.element.hidden = found.length === 0 && this.#ways.provider === null;
    });
  }

  #line({ id, shown, issuer, isProxy, usedAt }: Identity): HTMLLIElement {
    const where = isProxy ? t("identity_proxy") : hostOf(issuer);
    const time = make("time");
    showWhen(time, usedAt);
    const beside = make("span", { className: "quiet" }, make("bdi", { text: where }));
    beside.append(" · ", ...filled("identity_used", { when: time }));
    const name = visibleName(shown);
    const take = makeButton(t("identity_take"), "slim", () => {});
    take.setAttribute("aria-label", t("identity_take_item", { name }));
    acts(take, async () => {
      const task = async () => {
        await this.#api.raw("DELETE", `${PATH}/${encodeURIComponent(id)}`);
      };
      if (await this.#piece.tries(task, t("identity_taken", { name }))) await this.load();
    });
    return make("li", {}, make("bdi", { className: "line-name", text: name }), beside, take);
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

function parseIdentities(value: unknown): readonly Identity[] {
  const { identities } = doubted<Declared<"IdentityList">>(value);
  if (!Array.isArray(identities)) throw new TypeError("Not a list");
  return identities.map((each: unknown) => {
    const fields = doubted<Declared<"IdentityView">>(each);
    return {
      id: String(fields.id),
      shown: String(fields.shown),
      issuer: String(fields.issuer),
      isProxy: fields.way === "header",
      usedAt: Number(fields.used_at) * 1_000,
    };
  });
}

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}
