// Keys for programs: one's own, and for admins all. A new one is shown once.

import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { formatDay, formatNumber } from "../format";
import { joined, t } from "../i18n";
import { acts, freshId, optionOf, submits } from "../parts";
import { visibleName } from "../visible";
import { whenWords } from "../when";
import { type Key, parseKeys, parseNewKey } from "./key-wire";
import { labelled } from "./login";
import { Piece, showOnce, submitButton, textField } from "./pieces";
import type { Me } from "./wire";

const SCOPES = [
  ["links:read", "keys_links_read"],
  ["links:write", "keys_links_write"],
  ["files:read", "keys_files_read"],
  ["files:delete", "keys_files_delete"],
  ["admin", "keys_admin"],
] as const;
const LOOKING: readonly string[] = ["links:read", "files:read"];
const DAYS = [30, 90, 365, 0];
const USUAL_DAYS = 365;

export class ProgramKeys {
  readonly #piece = new Piece(t("keys_title"));
  readonly #api: Pick<OwnerApi, "raw">;
  readonly #me: Me;
  readonly #list = make("ul", { className: "lines" });
  readonly #made = make("div", { className: "notice invited" });
  #boxes: readonly HTMLInputElement[] = [];

  constructor(api: Pick<OwnerApi, "raw">, me: Me) {
    this.#api = api;
    this.#me = me;
    this.#made.hidden = true;
    const making = make("details", {}, make("summary", { className: "more-title", text: t("keys_new") }));
    making.append(this.#form());
    this.element.append(make("p", { text: t("keys_about") }), this.#list, this.#made, making);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => this.#show(parseKeys(await this.#api.raw("GET", "/keys"))));
  }

  #form(): HTMLFormElement {
    const name = textField(t("keys_name"), { hint: t("keys_name_hint"), most: 80 });
    name.input.required = true;
    name.input.autocapitalize = "none";
    const days = make("select");
    for (const each of DAYS) {
      const option = optionOf(String(each));
      option.textContent = each === 0 ? t("keys_ever") : formatNumber(each);
      days.append(option);
    }
    days.value = String(USUAL_DAYS);
    const form = make("form", {}, name.label, this.#scopes(), labelled(t("keys_days"), days));
    form.append(submitButton(t("keys_new")));
    submits(form, async () => {
      const scopes = this.#boxes.filter((each) => each.checked).map(({ value }) => value);
      let key = "";
      const task = async () => {
        const body = { name: named(name.input.value), scopes, expires_days: Number(days.value) };
        key = parseNewKey(await this.#api.raw("POST", "/keys", body));
      };
      if (!(await this.#piece.tries(task))) return;
      form.reset();
      this.#judge();
      days.value = String(USUAL_DAYS);
      showOnce(this.#made, t("keys_made"), t("keys_new_key"), key);
      await this.load();
    });
    return form;
  }

  #scopes(): HTMLFieldSetElement {
    const { mayChange, mayAdminister } = this.#me;
    const legend = make("legend", { className: "label", text: t("keys_for") });
    const chosen = SCOPES.filter(([scope]) =>
      scope === "admin" ? mayAdminister : mayChange || LOOKING.includes(scope),
    );
    this.#boxes = chosen.map(([scope]) => {
      const box = make("input");
      Object.assign(box, { type: "checkbox", value: scope, id: freshId("scope") });
      return box;
    });
    for (const each of this.#boxes) each.addEventListener("change", () => this.#judge());
    this.#judge();
    const lines = chosen.map(([, words], at) => {
      const line = make("label", { className: "check" });
      line.append(this.#boxes[at] ?? "", make("span", { text: t(words) }));
      return line;
    });
    return make("fieldset", {}, legend, ...lines);
  }

  /** A key that is for nothing is not made. */
  #judge(): void {
    const isNothing = this.#boxes.every(({ checked }) => !checked);
    this.#boxes[0]?.setCustomValidity(isNothing ? t("keys_choose") : "");
  }

  #show(keys: readonly Key[]): void {
    const now = Date.now();
    this.#list.hidden = keys.length === 0;
    this.#list.replaceChildren(...keys.map((each) => this.#line(each, now)));
  }

  #line(key: Key, now: number): HTMLLIElement {
    const { id, account, name, hint, scopes, usedAt } = key;
    const whose = account === "" ? t("keys_of_token") : t("keys_of", { name: visibleName(account) });
    const facts = joined(
      account === this.#me.name ? "" : whose,
      scopes.map(visibleName).join(", "),
      t("keys_begins", { hint: visibleName(hint) }),
      usedAt === null ? t("keys_unused") : t("keys_used", { when: whenWords(usedAt, now) }),
      goodWords(key),
    );
    const back = makeButton(t("keys_revoke"), "slim", () => {});
    back.setAttribute("aria-label", t("keys_revoke_named", { name }));
    acts(back, async () => {
      const task = async () => {
        await this.#api.raw("DELETE", `/keys/${encodeURIComponent(id)}`);
      };
      if (await this.#piece.tries(task, t("keys_revoked", { name }))) await this.load();
    });
    const words = make("span", { className: "line-name", text: visibleName(name) });
    return make("li", {}, words, make("span", { className: "quiet", text: facts }), back);
  }
}

function goodWords({ expiresAt, isOver }: Key): string {
  if (expiresAt === null) return t("keys_ever");
  const date = formatDay(expiresAt);
  return isOver ? t("keys_over", { date }) : t("keys_until", { date });
}

/** As names of keys are formed: what people type in words becomes one. */
function named(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, "-");
}
