// By what one logs in here beside what the form asks for. What is shown of it is loaded where there is any.

import { type Declared, doubted } from "../../core/reply";
import type { OwnerApi } from "../api";
import { loadWords } from "../i18n";
import type { LoginForm } from "./login";

const LEFT = "droppr.left";

export interface Ways {
  readonly password: boolean;
  /** What a provider is called; null where there is none. */
  readonly provider: string | null;
  /** Whom a proxy in front names; null where it names nobody. */
  readonly proxy: string | null;
}

export class WaysIn {
  readonly #api: OwnerApi;
  readonly #form: LoginForm;
  readonly #entered: () => Promise<void>;
  #offered = false;

  constructor(api: OwnerApi, form: LoginForm, entered: () => Promise<void>) {
    this.#api = api;
    this.#form = form;
    this.#entered = entered;
  }

  /** Shows them; who is named by a proxy, and has not just logged out, is logged in. */
  async offer(): Promise<void> {
    if (this.#offered) return;
    this.#offered = true;
    try {
      const ways = await this.#api.ask("GET", "/session/ways", parseWays);
      if (!ways.password) this.#form.onlyToken();
      if (ways.provider === null && ways.proxy === null) return;
      const [{ Elsewhere }] = await Promise.all([import("./elsewhere"), loadWords("elsewhere")]);
      await new Elsewhere(this.#api, ways, this.#entered).show(hasLeft());
    } catch {
      this.#offered = false; // The form is there all the same; asked again when it is shown next.
    }
  }
}

/** From now on, in this tab, nobody is logged in without being asked. */
export function noteLeaving(): void {
  try {
    sessionStorage.setItem(LEFT, "1");
  } catch {
    // Then the proxy logs them in again.
  }
}

function hasLeft(): boolean {
  try {
    return sessionStorage.getItem(LEFT) !== null;
  } catch {
    return false;
  }
}

export function parseWays(value: unknown): Ways {
  const { password, provider, proxy } = doubted<Declared<"WaysIn">>(value);
  const label = doubted<Declared<"ProviderWay">>(provider ?? {}).label;
  const name = doubted<Declared<"ProxyWay">>(proxy ?? {}).name;
  return {
    password: password !== false,
    provider: typeof label === "string" ? label : null,
    proxy: typeof name === "string" ? name : null,
  };
}

export function parseBegun(value: unknown): string {
  const { address } = doubted<Declared<"BegunLogIn">>(value);
  if (typeof address !== "string" || !/^https?:\/\//.test(address)) throw new TypeError("No address");
  return address;
}
