// Who has an account, for admins: role, teams, on and off, removing.

import { make, makeButton } from "../../page/dom";
import { formatList } from "../format";
import { joined, sentences, t } from "../i18n";
import { acts, submits } from "../parts";
import { type Quota, quotaWords } from "../quotas";
import { visibleName } from "../visible";
import type { AccountCalls } from "./calls";
import { KnownAs } from "./known-as";
import { Piece, roleField, roleWords, submitButton, teamsOf, textField } from "./pieces";
import { quotaField } from "./quota-field";
import type { Account } from "./wire";

export class PeopleList {
  readonly #piece = new Piece(t("account_holders"));
  readonly #calls: AccountCalls;
  readonly #me: string;
  readonly #onLoad: (accounts: readonly Account[], quotas: readonly Quota[]) => void;
  readonly #list = make("ul", { className: "lines" });
  readonly #nobody = make("p", { className: "quiet", text: t("account_nobody") });
  #accounts: readonly Account[] = [];
  /** By owner. */
  #quotas: ReadonlyMap<string, Quota> = new Map();
  /** Whose form is open. */
  #edited: string | null = null;

  /** `onLoad` is told who there is, whenever that is known anew. */
  constructor(
    calls: AccountCalls,
    me: string,
    onLoad: (accounts: readonly Account[], quotas: readonly Quota[]) => void,
  ) {
    this.#calls = calls;
    this.#me = me;
    this.#onLoad = onLoad;
    this.#nobody.hidden = true;
    this.element.append(this.#list, this.#nobody);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => {
      const [accounts, quotas] = await Promise.all([this.#calls.accounts(), this.#calls.quotas()]);
      this.#accounts = accounts;
      this.#quotas = new Map(quotas.map((each) => [each.owner, each]));
      this.#onLoad(accounts, quotas);
    });
    this.#show();
  }

  #show(): void {
    this.#nobody.hidden = this.#accounts.length > 0;
    this.#list.replaceChildren(...this.#accounts.map((each) => this.#line(each)));
  }

  #line(account: Account): HTMLLIElement {
    const { name, displayName, email, role, teams, isOff, hasFactor } = account;
    const said = make(
      "span",
      { className: "line-name" },
      make("bdi", { text: visibleName(displayName || name) }),
    );
    const quota = this.#quotas.get(`account:${name}`);
    const facts = [
      displayName === "" ? "" : name,
      name === this.#me ? t("account_you") : "",
      roleWords(role),
      formatList(teams),
      visibleName(email),
      isOff ? t("account_off") : "",
      hasFactor ? t("factor_title") : "",
      quota === undefined ? "" : quotaWords(quota),
    ];
    const beside = make("span", { className: "quiet", text: joined(...facts) });
    const edit = makeButton(t("edit"), "slim", () => {
      this.#edited = this.#edited === name ? null : name;
      this.#show();
      this.#list.querySelector<HTMLElement>(`[aria-expanded][data-name="${CSS.escape(name)}"]`)?.focus();
    });
    edit.dataset.name = name;
    edit.setAttribute("aria-label", t("account_edit", { name }));
    edit.setAttribute("aria-expanded", String(this.#edited === name));
    const line = make("li", {}, said, beside, edit);
    if (this.#edited === name) line.append(this.#form(account));
    if (this.#edited === name && name !== this.#me) line.append(this.#knownAs(name));
    return line;
  }

  #form(account: Account): HTMLElement {
    const { name } = account;
    const shown = textField(t("display_name"), { value: account.displayName, most: 100 });
    const email = textField(t("account_email"), { type: "email", value: account.email, most: 254 });
    const role = roleField(account.role);
    const teams = textField(t("teams"), { value: account.teams.join(", "), hint: t("teams_hint") });
    const most = this.#quotas.get(`account:${name}`)?.most ?? 0;
    const quota = quotaField(most);
    const form = make("form", { className: "editing" });
    form.append(
      make("div", { className: "pair" }, shown.label, email.label, role.label, teams.label, quota.label),
      make("div", { className: "row" }, submitButton(t("save")), ...this.#acts(account)),
    );
    // Nobody takes their own rights away by mistake.
    role.select.disabled = name === this.#me;
    submits(form, () => {
      const changes = {
        display_name: shown.input.value,
        email: email.input.value,
        teams: teamsOf(teams.input.value),
        ...(role.select.disabled ? {} : { role: role.select.value }),
      };
      const wanted = quota.bytes();
      return this.#change(
        async () => {
          await this.#calls.change(name, changes);
          if (wanted !== most) await this.#calls.setQuota(name, wanted);
        },
        t("account_saved", { name }),
      );
    });
    return form;
  }

  /** By what else they log in, which an admin takes away where somebody lost it to another, or has left there. */
  #knownAs(name: string): HTMLElement {
    const known = new KnownAs({
      calls: this.#calls,
      account: name,
      piece: this.#piece,
      question: ({ shown, isProxy }) =>
        t(isProxy ? "identity_proxy_taking" : "identity_taking", { name: visibleName(shown), account: name }),
      onShown: (count) => {
        box.hidden = count === 0;
      },
    });
    const box = make("div", { className: "editing" }, make("h3", { text: t("identities") }), known.element);
    box.hidden = true;
    void known.load();
    return box;
  }

  #acts({ name, isOff, hasFactor }: Account): HTMLElement[] {
    if (name === this.#me) return [];
    const turn = makeButton(t(isOff ? "switch_on" : "switch_off"), "slim", () => {});
    const out = makeButton(t("log_out_all"), "slim", () => {});
    const reset = makeButton(t("factor_reset"), "slim", () => {});
    const remove = makeButton(t("remove"), "slim danger", () => this.#asksRemoval(name, remove));
    acts(reset, async () => this.#asksReset(name, reset));
    acts(turn, () =>
      this.#change(
        () => this.#calls.change(name, { disabled: !isOff }),
        t(isOff ? "switched_on" : "switched_off", { name }),
      ),
    );
    acts(out, async () => {
      let ended = 0;
      const task = async () => {
        ended = await this.#calls.endAll(name);
      };
      if (await this.#piece.tries(task))
        await this.#piece.tries(() => this.load(), t("sessions_ended", { count: ended }));
    });
    return hasFactor ? [turn, out, reset, remove] : [turn, out, remove];
  }

  /** They log in by the password alone then, so it asks. */
  #asksReset(name: string, button: HTMLButtonElement): void {
    const yes = makeButton(t("factor_reset"), "danger", () => {});
    acts(yes, () => this.#change(() => this.#calls.resetFactor(name), t("factor_was_reset", { name })));
    this.#asks(button, t("factor_resetting", { name }), yes);
  }

  /** In place of the buttons beside `button`, until one of both is clicked. */
  #asks(button: HTMLButtonElement, question: string, yes: HTMLButtonElement): void {
    const no = makeButton(t("account_keep"), "", () => this.#show());
    button.closest(".row")?.replaceChildren(make("p", { text: question }), yes, no);
    no.focus();
  }

  /** It cannot be undone, so it asks. */
  #asksRemoval(name: string, button: HTMLButtonElement): void {
    const yes = makeButton(t("account_remove"), "danger", () => {});
    acts(yes, async () => {
      let links = 0;
      const task = async () => {
        links = await this.#calls.remove(name);
      };
      if (!(await this.#piece.tries(task))) return;
      this.#edited = null;
      await this.#piece.tries(() => this.load(), removedWords(name, links));
    });
    this.#asks(button, t("account_removing", { name }), yes);
  }

  async #change(task: () => Promise<unknown>, words: string): Promise<void> {
    const worked = await this.#piece.tries(async () => void (await task()), words);
    if (!worked) return;
    this.#edited = null;
    await this.load();
  }
}

function removedWords(name: string, links: number): string {
  const passed = links === 0 ? "" : t("links_passed", { count: links });
  return sentences(t("account_removed", { name }), passed);
}
