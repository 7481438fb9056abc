// Logging in without the form: at a provider, or as whom a proxy in front names.

import { make, makeButton, need } from "../../page/dom";
import type { OwnerApi } from "../api";
import { t } from "../i18n";
import { acts, show } from "../parts";
import { pageHere } from "../places";
import { visibleName } from "../visible";
import { errorWords } from "../words";
import { parseBegun, type Ways } from "./ways-in";

export class Elsewhere {
  readonly #api: OwnerApi;
  readonly #ways: Ways;
  readonly #entered: () => Promise<void>;

  constructor(api: OwnerApi, ways: Ways, entered: () => Promise<void>) {
    this.#api = api;
    this.#ways = ways;
    this.#entered = entered;
  }

  async show(hasLeft: boolean): Promise<void> {
    const { provider, proxy } = this.#ways;
    const buttons: HTMLButtonElement[] = [];
    if (proxy !== null)
      buttons.push(this.#button(t("log_in_as", { name: visibleName(proxy) }), () => this.#byProxy()));
    if (provider !== null)
      buttons.push(this.#button(t("log_in_with", { label: provider }), () => this.#away()));
    buttons[0]?.classList.add("primary");
    need("login-form").before(
      make("div", { className: "elsewhere" }, ...buttons),
      make("p", { className: "elsewhere-or quiet", text: t("or_here") }),
    );
    if (proxy !== null && !hasLeft) await this.#tries(() => this.#byProxy());
  }

  #button(text: string, act: () => Promise<void>): HTMLButtonElement {
    const button = makeButton(text, "", () => {});
    acts(button, () => this.#tries(act));
    return button;
  }

  async #tries(act: () => Promise<void>): Promise<void> {
    show(need("login-problem"), "");
    try {
      await act();
    } catch (error) {
      show(need("login-problem"), errorWords(error));
    }
  }

  async #byProxy(): Promise<void> {
    await this.#api.logInByProxy();
    await this.#entered();
  }

  async #away(): Promise<void> {
    const address = await this.#api.ask("POST", "/session/provider", parseBegun, {
      page: pageHere(location),
    });
    location.assign(address);
    // The button stays pressed until the other page is there.
    await new Promise(() => {});
  }
}
