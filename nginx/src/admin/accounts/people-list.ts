// Who has an account, for admins: role, teams, on and off, removing.

import { make, makeButton } from "../../page/dom";
import { acts, submits } from "../parts";
import { visibleName } from "../visible";
import type { AccountCalls } from "./calls";
import { Piece, roleField, submitButton, teamsOf, textField } from "./pieces";
import type { Account } from "./wire";
import { WORDS } from "./words";

export class PeopleList {
  readonly #piece = new Piece(WORDS.people);
  readonly #calls: AccountCalls;
  readonly #me: string;
  readonly #list = make("ul", { className: "lines" });
  readonly #nobody = make("p", { className: "quiet", text: WORDS.nobody });
  #accounts: readonly Account[] = [];
  /** Whose form is open. */
  #edited: string | null = null;

  constructor(calls: AccountCalls, me: string) {
    this.#calls = calls;
    this.#me = me;
    this.#nobody.hidden = true;
    this.element.append(this.#list, this.#nobody);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => {
      this.#accounts = await this.#calls.accounts();
    });
    this.#show();
  }

  #show(): void {
    this.#nobody.hidden = this.#accounts.length > 0;
    this.#list.replaceChildren(...this.#accounts.map((each) => this.#line(each)));
  }

  #line(account: Account): HTMLLIElement {
    const { name, displayName, email, role, teams, isOff } = account;
    const said = make(
      "span",
      { className: "line-name" },
      make("bdi", { text: visibleName(displayName || name) }),
    );
    const facts = [
      displayName === "" ? "" : name,
      name === this.#me ? WORDS.yourself : "",
      WORDS.role(role),
      teams.join(", "),
      visibleName(email),
      isOff ? WORDS.off : "",
    ];
    const beside = make("span", {
      className: "quiet",
      text: facts.filter((each) => each !== "").join(" · "),
    });
    const edit = makeButton(WORDS.edit, "slim", () => {
      this.#edited = this.#edited === name ? null : name;
      this.#show();
      this.#list.querySelector<HTMLElement>(`[aria-expanded][data-name="${CSS.escape(name)}"]`)?.focus();
    });
    edit.dataset.name = name;
    edit.setAttribute("aria-label", WORDS.editLabel(name));
    edit.setAttribute("aria-expanded", String(this.#edited === name));
    const line = make("li", {}, said, beside, edit);
    if (this.#edited === name) line.append(this.#form(account));
    return line;
  }

  #form(account: Account): HTMLElement {
    const { name } = account;
    const shown = textField(WORDS.displayNameLabel, { value: account.displayName, most: 100 });
    const email = textField(WORDS.emailLabel, { type: "email", value: account.email, most: 254 });
    const role = roleField(account.role);
    const teams = textField(WORDS.teamsLabel, { value: account.teams.join(", "), hint: WORDS.teamsHint });
    const form = make("form", { className: "editing" });
    form.append(
      make("div", { className: "pair" }, shown.label, email.label, role.label, teams.label),
      make("div", { className: "row" }, submitButton(WORDS.save), ...this.#acts(account)),
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
      return this.#change(() => this.#calls.change(name, changes), WORDS.saved(name));
    });
    return form;
  }

  #acts({ name, isOff }: Account): HTMLElement[] {
    if (name === this.#me) return [];
    const turn = makeButton(isOff ? WORDS.switchOn : WORDS.switchOff, "slim", () => {});
    const out = makeButton(WORDS.logOutOf, "slim", () => {});
    const remove = makeButton(WORDS.remove, "slim danger", () => this.#asks(name, remove));
    acts(turn, () =>
      this.#change(() => this.#calls.change(name, { disabled: !isOff }), WORDS.switched(name, !isOff)),
    );
    acts(out, async () => {
      let ended = 0;
      const task = async () => {
        ended = await this.#calls.endAll(name);
      };
      if (await this.#piece.tries(task)) await this.#piece.tries(() => this.load(), WORDS.endedOthers(ended));
    });
    return [turn, out, remove];
  }

  /** It cannot be undone, so it asks. */
  #asks(name: string, button: HTMLButtonElement): void {
    const row = button.closest(".row");
    if (row === null) return;
    const yes = makeButton(WORDS.removeYes, "danger", () => {});
    const no = makeButton(WORDS.removeNo, "", () => this.#show());
    acts(yes, async () => {
      let links = 0;
      const task = async () => {
        links = await this.#calls.remove(name);
      };
      if (!(await this.#piece.tries(task))) return;
      this.#edited = null;
      await this.#piece.tries(() => this.load(), WORDS.removed(name, links));
    });
    const asking = make("p", { text: WORDS.removeAsks(name) });
    row.replaceChildren(asking, yes, no);
    no.focus();
  }

  async #change(task: () => Promise<unknown>, words: string): Promise<void> {
    const worked = await this.#piece.tries(async () => void (await task()), words);
    if (!worked) return;
    this.#edited = null;
    await this.load();
  }
}
