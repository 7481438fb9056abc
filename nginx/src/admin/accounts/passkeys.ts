// One's own passkeys: which there are, adding one, and removing one.

import { type Declared, doubted } from "../../core/reply";
import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { formatDay } from "../format";
import { errorSentence, joined, sentences, t } from "../i18n";
import { submits } from "../parts";
import { visibleName } from "../visible";
import { whenWords } from "../when";
import { canUsePasskeys } from "./login";
import { Piece, submitButton, textField } from "./pieces";
import type { Me } from "./wire";

const PATH = "/account/passkeys";

interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly madeAt: number;
  readonly usedAt: number | null;
}

export class Passkeys {
  readonly #piece = new Piece(t("passkeys"));
  readonly #api: Pick<OwnerApi, "raw">;
  readonly #me: Me;
  readonly #list = make("ul", { className: "lines" });
  readonly #adding = make("div");
  #asksPassword = true;
  /** Which one is about to be removed. */
  #removed: string | null = null;
  #passkeys: readonly Passkey[] = [];

  constructor(api: Pick<OwnerApi, "raw">, me: Me) {
    this.#api = api;
    this.#me = me;
    this.element.append(make("p", { text: t("passkeys_about") }), this.#list, this.#adding);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => {
      const told = doubted<Declared<"PasskeyList">>(await this.#api.raw("GET", PATH));
      this.#passkeys = parsePasskeys(told.passkeys);
      this.#asksPassword = told.password !== false;
      const said = typeof told.unavailable === "string" ? told.unavailable : "";
      const why = said && (errorSentence("passkeys_unavailable") ?? said);
      this.#adding.replaceChildren(this.#form(why));
    });
    this.#show();
  }

  #show(): void {
    const now = Date.now();
    this.#list.hidden = this.#passkeys.length === 0;
    this.#list.replaceChildren(...this.#passkeys.map((each) => this.#line(each, now)));
  }

  #line({ id, name, madeAt, usedAt }: Passkey, now: number): HTMLLIElement {
    const used = usedAt === null ? t("passkey_unused") : t("passkey_used", { when: whenWords(usedAt, now) });
    const facts = joined(t("passkey_made", { date: formatDay(madeAt) }), used);
    const remove = makeButton(t("remove"), "slim", () => {
      this.#removed = this.#removed === id ? null : id;
      this.#show();
      const field = this.#list.querySelector<HTMLElement>("form input:not(.visually-hidden), form button");
      field?.focus();
    });
    remove.setAttribute("aria-label", t("passkey_remove", { name: visibleName(name) }));
    remove.setAttribute("aria-expanded", String(this.#removed === id));
    const line = make(
      "li",
      {},
      make("span", { className: "line-name", text: visibleName(name) }),
      make("span", { className: "quiet", text: facts }),
      remove,
    );
    if (this.#removed === id) line.append(this.#removing(id, name));
    return line;
  }

  #removing(id: string, name: string): HTMLFormElement {
    const [who, password] = this.#ownPassword();
    const yes = make("button", { className: "button danger", text: t("passkey_remove_yes") });
    const no = makeButton(t("cancel"), "", () => {
      this.#removed = null;
      this.#show();
    });
    const form = make("form", { className: "editing" });
    form.append(make("p", { text: t("passkey_removing") }), ...who);
    form.append(make("div", { className: "row" }, yes, no));
    submits(form, async () => {
      const task = async () => {
        await this.#api.raw("POST", `${PATH}/${encodeURIComponent(id)}/removal`, { password: password() });
      };
      if (!(await this.#piece.tries(task, t("passkey_removed", { name: visibleName(name) })))) return;
      this.#removed = null;
      await this.load();
    });
    return form;
  }

  #form(why: string): HTMLElement {
    if (why !== "") return make("p", { className: "notice", text: sentences(t("passkeys_nowhere"), why) });
    if (!canUsePasskeys()) return make("p", { className: "notice", text: t("passkeys_not_here") });
    const name = textField(t("passkey_name"), { hint: t("passkey_name_hint"), most: 60 });
    name.input.required = true;
    const [who, password] = this.#ownPassword();
    const form = make("form", {}, name.label, ...who, submitButton(t("passkey_add")));
    submits(form, async () => {
      const task = async () => {
        const wished = await this.#api.raw("POST", PATH, { password: password() });
        const { makePasskey } = await import("./passkey");
        const passkey = await makePasskey(wished);
        await this.#api.raw("POST", `${PATH}/confirmation`, { name: name.input.value, passkey });
      };
      const done = t("passkey_added", { name: visibleName(name.input.value) });
      if (!(await this.#piece.tries(task, done))) return;
      // What was refused without it is asked for again.
      if (this.#me.lacksFactor) location.reload();
      else await this.load();
    });
    if (this.#me.lacksFactor) return form;
    return make("details", {}, make("summary", { className: "more-title", text: t("passkey_add") }), form);
  }

  /** The field for one's password, where there is one, and what was typed into it. */
  #ownPassword(): [HTMLElement[], () => string] {
    if (!this.#asksPassword) return [[], () => ""];
    const { label, input } = textField(t("factor_password"), {
      type: "password",
      autocomplete: "current-password",
    });
    input.required = true;
    const name = make("input", { className: "visually-hidden" });
    // Password managers want to know whose it is.
    Object.assign(name, { autocomplete: "username", value: this.#me.name, readOnly: true, tabIndex: -1 });
    name.setAttribute("aria-hidden", "true");
    return [[name, label], () => input.value];
  }
}

function parsePasskeys(value: unknown): readonly Passkey[] {
  if (!Array.isArray(value)) throw new TypeError("No passkeys");
  return value.map((each) => {
    const { id, name, made_at, used_at } = doubted<Declared<"PasskeyView">>(each);
    if (typeof id !== "string" || typeof name !== "string") throw new TypeError("No passkey");
    return { id, name, madeAt: Number(made_at) * 1_000, usedAt: used_at ? Number(used_at) * 1_000 : null };
  });
}
