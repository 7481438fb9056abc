// The panel about accounts: oneself with one's password and sessions; for admins who has an account, and who is invited.

import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { loadWords, t } from "../i18n";
import { freshId } from "../parts";
import { AccountCalls } from "./calls";
import { Inviting } from "./inviting";
import { Oneself } from "./oneself";
import { PeopleList } from "./people-list";
import { TeamsList } from "./teams-list";
import { parseWays } from "./ways-in";
import type { Me } from "./wire";
import "./accounts.css";

export class AccountsPanel {
  readonly #calls: AccountCalls;
  readonly #api: OwnerApi;
  readonly #dialog = make("dialog", { className: "panel accounts" });
  readonly #body = make("section");
  #before: Element | null = null;

  constructor(api: OwnerApi) {
    this.#api = api;
    this.#calls = new AccountCalls(api);
    const title = make("h1", { text: t("accounts") });
    title.id = freshId("accounts");
    const close = makeButton(t("close"), "slim", () => this.#dialog.close());
    this.#dialog.setAttribute("aria-labelledby", title.id);
    this.#body.setAttribute("aria-labelledby", title.id);
    this.#dialog.append(make("div", { className: "panel-head" }, title, close), this.#body);
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  async open(me: Me): Promise<void> {
    const [{ ProgramKeys }, { SecondFactor }, { Passkeys }, { Identities }, ways] = await Promise.all([
      import("./program-keys"),
      import("./second-factor"),
      import("./passkeys"),
      import("./identities"),
      this.#api.ask("GET", "/session/ways", parseWays),
      loadWords("keys", "factor", "elsewhere"),
    ]);
    // A code is asked for beside a password.
    const factor = me.name === "" || !me.hasPassword ? null : new SecondFactor(this.#api, me);
    const passkeys = me.name === "" ? null : new Passkeys(this.#api, me);
    const known = me.name === "" || me.lacksFactor ? null : new Identities(this.#api, me, ways);
    // Nothing else is answered before it is set up.
    const own = me.lacksFactor ? [] : [new Oneself(this.#calls, me), new ProgramKeys(this.#api, me)];
    const mayAdminister = me.mayAdminister && !me.lacksFactor;
    const people = mayAdminister
      ? new PeopleList(this.#calls, me.name, (accounts, quotas) => teams?.show(accounts, quotas))
      : null;
    const teams = people === null ? null : new TeamsList(this.#calls, () => people.load());
    const inviting = mayAdminister ? new Inviting(this.#calls) : null;
    const all = [own[0] ?? null, known, factor, passkeys, own[1] ?? null, people, teams, inviting];
    this.#body.replaceChildren(...all.flatMap((each) => (each === null ? [] : [each.element])));
    this.#before = document.activeElement;
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    await Promise.all([...own, known, factor, passkeys, people, inviting].map((each) => each?.load()));
  }

  #closed(): void {
    // An address that was shown once is not left behind.
    this.#body.replaceChildren();
    this.#dialog.remove();
    if (this.#before instanceof HTMLElement && this.#before.isConnected) this.#before.focus();
  }
}
