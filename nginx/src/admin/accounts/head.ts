// Who is logged in, in the head of the page; at a click the panel about accounts, which is loaded then.

import { need, setLabel, setText } from "../../page/dom";
import type { OwnerApi } from "../api";
import { loadWords, t } from "../i18n";
import { acts, part, show } from "../parts";
import { errorWords } from "../words";
import { rememberLogin } from "./login";
import type { AccountsPanel } from "./panel";
import { type Me, parseMe } from "./wire";

export class Head {
  readonly #api: OwnerApi;
  readonly #who = need("who", HTMLButtonElement);
  #me: Me | null = null;
  #panel: Promise<AccountsPanel> | null = null;

  constructor(api: OwnerApi) {
    this.#api = api;
    acts(this.#who, () => this.#open());
  }

  /** Asks who is logged in, and shows it, and what only admins have. */
  async show(): Promise<void> {
    if (this.#me !== null) return;
    try {
      this.#me = await this.#api.ask("GET", "/session", parseMe);
    } catch {
      return; // Asked again with the next look at the list.
    }
    const { name, displayName, mayAdminister } = this.#me;
    rememberLogin(name);
    const who = displayName || name || t("holder");
    setText(part(this.#who, "name", HTMLElement), who);
    setLabel(this.#who, t("accounts_of", { who }));
    this.#who.hidden = false;
    need("to-log").hidden = !mayAdminister;
    need("to-settings").hidden = !mayAdminister;
    if (this.#me.lacksFactor || cameForAccounts()) await this.#open();
  }

  /** Nobody is logged in any more, or somebody else may be next. */
  hide(): void {
    this.#me = null;
    this.#who.hidden = true;
    need("to-log").hidden = true;
    need("to-settings").hidden = true;
  }

  async #open(): Promise<void> {
    const me = this.#me;
    if (me === null) return;
    try {
      this.#panel ??= Promise.all([import("./panel"), loadWords("accounts")]).then(
        ([{ AccountsPanel }]) => new AccountsPanel(this.#api),
      );
      await (await this.#panel).open(me);
    } catch (error) {
      // Offline perhaps: the next click asks again.
      this.#panel = null;
      show(need("trouble"), errorWords(error));
    }
  }
}

/** Whether somebody was led back here who has added a way to log in; true once. */
function cameForAccounts(): boolean {
  if (!new URLSearchParams(location.search).has("accounts")) return false;
  history.replaceState(history.state, "", location.pathname);
  return true;
}
