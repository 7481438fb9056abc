// Accepting at once what was sent, and having that back.

import { make, makeButton, setHidden, setText } from "../../page/dom";
import { t } from "../i18n";
import { acts, say, show } from "../parts";
import type { Judgement, Party } from "../party-wire";
import { errorWords } from "../words";
import type { CellPorts } from "./cell";
import type { Asks } from "./party-view";
import { unjudged } from "./states";

export interface Judged {
  readonly party: Party;
  readonly asks: Asks;
}

interface One {
  readonly party: string;
  readonly item: string;
}

export class AcceptAll {
  readonly element = make("div", { className: "accept-all" });
  readonly #button = makeButton("", "slim", () => undefined);
  readonly #line = make("p", { className: "notice small" });
  readonly #words = make("bdi");
  readonly #undo = makeButton(t("undo"), "slim", () => undefined);
  readonly #problem = make("div", { className: "notice bad" });
  readonly #ports: CellPorts;
  #accepted: readonly One[] = [];

  /** `all` tells everybody that it is about, also those who are not shown. */
  constructor(ports: CellPorts, all: () => Promise<readonly Judged[]>) {
    this.#ports = ports;
    this.#line.append(this.#words, this.#undo);
    this.#line.hidden = true;
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    this.element.append(this.#button, this.#line, this.#problem);
    acts(this.#button, async () => this.#accept(all));
    acts(this.#undo, async () => this.#takeBack());
  }

  /** Among those that are shown; `more` of whom nothing is known here. */
  show(shown: readonly Judged[], more = false): void {
    const count = shown.reduce((sum, { party, asks }) => sum + unjudged(party, asks.items).length, 0);
    const busy = this.#button.hasAttribute("aria-busy");
    setHidden(this.#button, count === 0 && !more && !busy);
    setText(this.#button, count > 0 && !more ? t("accept_all_count", { count }) : t("accept_all"));
    setHidden(
      this.element,
      [this.#button, this.#line, this.#problem].every((each) => each.hidden === true),
    );
  }

  async #accept(all: () => Promise<readonly Judged[]>): Promise<void> {
    show(this.#problem, "");
    try {
      const asked = (await all()).flatMap(({ party, asks }) =>
        unjudged(party, asks.items).map(({ id }) => ({ party: party.id, item: id })),
      );
      this.#accepted = await this.#each(asked, "accepted");
      this.#tell(t("accepted_count", { count: this.#accepted.length }), this.#accepted.length > 0);
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
    setHidden(this.element, false);
  }

  async #takeBack(): Promise<void> {
    show(this.#problem, "");
    const back = await this.#each(this.#accepted, "sent");
    this.#accepted = this.#accepted.slice(back.length);
    this.#tell(t("as_before", { count: back.length }), this.#accepted.length > 0);
    if (this.#undo.hidden && !this.#button.hidden) this.#button.focus();
  }

  /** One after the other; those that it was done with. The first that fails ends it, and says why. */
  async #each(all: readonly One[], state: Judgement["state"]): Promise<readonly One[]> {
    const { api, hash, changed } = this.#ports;
    const done: One[] = [];
    for (const one of all) {
      try {
        changed(await api.judge(hash, one.party, one.item, { state, note: "" }));
        done.push(one);
      } catch (error) {
        show(this.#problem, errorWords(error));
        break;
      }
      if (all.length > 20) this.#tell(t("accepting", { done: done.length, count: all.length }), false);
    }
    return done;
  }

  #tell(words: string, undo: boolean): void {
    setText(this.#words, words);
    setHidden(this.#line, false);
    setHidden(this.#undo, !undo);
    setHidden(this.element, false);
    say(words);
  }
}
