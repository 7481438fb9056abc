// Which teams there are, who is in them, and how much their links hold together, for admins. A team is there as long as an account is in
// it; of one that nobody is in any more only its quota is left, which can be taken away.

import { make, makeButton } from "../../page/dom";
import { formatList } from "../format";
import { t } from "../i18n";
import { submits } from "../parts";
import { isUsedUp, type Quota, quotaWords } from "../quotas";
import { visibleName } from "../visible";
import type { AccountCalls } from "./calls";
import { Piece, submitButton } from "./pieces";
import { quotaField } from "./quota-field";
import type { Account } from "./wire";

const OWNER = "team:";

interface Team {
  readonly name: string;
  readonly members: readonly string[];
  readonly quota: Quota | undefined;
}

export class TeamsList {
  readonly #piece = new Piece(t("teams"));
  readonly #calls: AccountCalls;
  readonly #again: () => Promise<void>;
  readonly #list = make("ul", { className: "lines" });
  #teams: readonly Team[] = [];
  /** Whose form is open. */
  #edited: string | null = null;

  /** `again` asks for accounts and quotas anew, and tells them to `show`. */
  constructor(calls: AccountCalls, again: () => Promise<void>) {
    this.#calls = calls;
    this.#again = again;
    this.#piece.element.hidden = true;
    this.#piece.element.append(this.#list);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  show(accounts: readonly Account[], quotas: readonly Quota[]): void {
    this.#teams = teamsOf(accounts, quotas);
    this.#piece.element.hidden = this.#teams.length === 0;
    this.#render();
  }

  #render(): void {
    this.#list.replaceChildren(...this.#teams.map((each) => this.#line(each)));
  }

  #line(team: Team): HTMLLIElement {
    const { name, members, quota } = team;
    const said = make("span", { className: "line-name" }, make("bdi", { text: visibleName(name) }));
    const who = members.length === 0 ? t("team_empty") : formatList(members.map(visibleName));
    const beside = make("span", { className: "quiet", text: who });
    const held = make("span", { className: "held", text: quota === undefined ? "" : quotaWords(quota) });
    held.classList.toggle("problem", quota !== undefined && isUsedUp(quota));
    const edit = makeButton(t("edit"), "slim", () => {
      this.#edited = this.#edited === name ? null : name;
      this.#render();
      this.#list.querySelector<HTMLElement>(`[data-name="${CSS.escape(name)}"]`)?.focus();
    });
    edit.dataset.name = name;
    edit.setAttribute("aria-label", t("team_edit", { name }));
    edit.setAttribute("aria-expanded", String(this.#edited === name));
    const line = make("li", {}, said, beside, held, edit);
    if (this.#edited === name) line.append(this.#form(team));
    return line;
  }

  #form({ name, quota }: Team): HTMLElement {
    const most = quota?.most ?? 0;
    const field = quotaField(most);
    const form = make("form", { className: "editing" });
    form.append(field.label, make("div", { className: "row" }, submitButton(t("save"))));
    submits(form, async () => {
      const wanted = field.bytes();
      const task = async () => {
        if (wanted !== most) await this.#calls.setQuota(OWNER + name, wanted);
      };
      if (!(await this.#piece.tries(task, t("account_saved", { name })))) return;
      this.#edited = null;
      await this.#again();
      this.#list.querySelector<HTMLElement>(`[data-name="${CSS.escape(name)}"]`)?.focus();
    });
    return form;
  }
}

function teamsOf(accounts: readonly Account[], quotas: readonly Quota[]): readonly Team[] {
  const limits = new Map(quotas.map((each) => [each.owner, each]));
  const left = quotas.flatMap(({ owner }) => (owner.startsWith(OWNER) ? [owner.slice(OWNER.length)] : []));
  const names = new Set([...accounts.flatMap(({ teams }) => teams), ...left]);
  return [...names].sort().map((name) => ({
    name,
    members: accounts.filter(({ teams }) => teams.includes(name)).map(({ name }) => name),
    quota: limits.get(OWNER + name),
  }));
}
