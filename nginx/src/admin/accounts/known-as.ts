// As whom an account is known elsewhere: lines, from which each can be taken away.

import { make, makeButton } from "../../page/dom";
import { filled, t } from "../i18n";
import { acts } from "../parts";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import type { AccountCalls } from "./calls";
import type { Piece } from "./pieces";
import type { Identity } from "./wire";

interface Needs {
  readonly calls: Pick<AccountCalls, "identities" | "takeIdentity">;
  /** Whose; null for one's own. */
  readonly account: string | null;
  readonly piece: Pick<Piece, "tries">;
  /** What is asked before one is taken away; null to ask nothing. */
  readonly question: ((identity: Identity) => string) | null;
  /** Told how many there are, whenever that is known anew. */
  readonly onShown: (count: number) => void;
}

export class KnownAs {
  readonly element = make("ul", { className: "lines" });
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async load(): Promise<void> {
    const { calls, account, piece, onShown } = this.#needs;
    await piece.tries(async () => {
      const found = await calls.identities(account);
      this.element.replaceChildren(...found.map((each) => this.#line(each)));
      onShown(found.length);
    });
  }

  #line(identity: Identity): HTMLLIElement {
    const { shown, issuer, isProxy, usedAt } = identity;
    const where = isProxy ? t("identity_proxy") : hostOf(issuer);
    const time = make("time");
    showWhen(time, usedAt);
    const beside = make("span", { className: "quiet" }, make("bdi", { text: where }));
    beside.append(" · ", ...filled("identity_used", { when: time }));
    const name = visibleName(shown);
    const line = make("li", {}, make("bdi", { className: "line-name", text: name }), beside);
    const { question } = this.#needs;
    const take = makeButton(t("identity_take"), "slim", () => {
      if (question !== null) this.#asks(line, question(identity), identity);
    });
    take.setAttribute("aria-label", t("identity_take_item", { name }));
    if (question === null) acts(take, () => this.#take(identity));
    line.append(take);
    return line;
  }

  /** In place of the line, until one of both is clicked. */
  #asks(line: HTMLLIElement, question: string, identity: Identity): void {
    const yes = makeButton(t("identity_take"), "danger", () => {});
    acts(yes, () => this.#take(identity));
    const no = makeButton(t("account_keep"), "", () => {
      const again = this.#line(identity);
      asked.replaceWith(again);
      again.querySelector("button")?.focus();
    });
    const asked = make("li", {}, make("p", { text: question }), yes, no);
    line.replaceWith(asked);
    no.focus();
  }

  async #take({ id, shown, isProxy }: Identity): Promise<void> {
    const { calls, account, piece } = this.#needs;
    const done = t(doneKey(account, isProxy), {
      name: visibleName(shown),
      account: account ?? "",
    });
    if (await piece.tries(() => calls.takeIdentity(account, id), done)) await this.load();
  }
}

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}

function doneKey(account: string | null, isProxy: boolean) {
  if (isProxy) return "identity_proxy_taken";
  return account === null ? "identity_taken" : "identity_taken_from";
}
