// One sender: what they answered, and each item with its files.

import type { Item, Question } from "../../core/asked";
import { make, setAttribute, setHidden, setText } from "../../page/dom";
import { joined, t } from "../i18n";
import { KeyedList, type KeyedRow } from "../keyed";
import type { Party } from "../party-wire";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import { AcceptAll } from "./accept-all";
import { Cell, type CellPorts } from "./cell";
import { partyFacts, partyName } from "./states";

export interface Asks {
  readonly items: readonly Item[];
  readonly questions: readonly Question[];
}

export class PartyView implements KeyedRow<Party> {
  readonly element: HTMLElement;
  readonly #ports: CellPorts;
  readonly #name = make("bdi");
  readonly #late = make("span", { className: "badge", text: t("late") });
  readonly #facts = make("span");
  readonly #last = make("time");
  readonly #mail = make("bdi");
  readonly #answers = make("dl", { className: "allows party-answers" });
  readonly #list = make("ul", { className: "cells" });
  readonly #cells: KeyedList<Item, ItemRow>;
  readonly #acceptAll: AcceptAll;
  #party: Party;
  #asks: Asks;
  #told = "";

  /** `heading` is the element that the name stands in; null where the name stands elsewhere. */
  constructor(party: Party, asks: Asks, heading: "h3" | null, ports: CellPorts) {
    this.#party = party;
    this.#asks = asks;
    this.#ports = ports;
    this.element = make(heading === null ? "div" : "li", { className: "party" });
    this.#acceptAll = new AcceptAll(ports, async () => [{ party: this.#party, asks: this.#asks }]);
    this.#cells = new KeyedList(
      this.#list,
      keyOfItem,
      (item) => new ItemRow(new Cell(item, this.#party, ports), () => this.#party),
    );
    this.#list.setAttribute("role", "list");
    const facts = make("p", { className: "facts party-facts" }, this.#facts, this.#last, this.#mail);
    if (heading !== null) {
      const head = make("div", { className: "party-head" }, make(heading, {}, this.#name), this.#late);
      this.element.append(head);
    }
    this.element.append(facts, this.#acceptAll.element, this.#answers, this.#list);
    this.show(party);
  }

  show(party: Party): void {
    this.#party = party;
    const { items } = this.#asks;
    setText(this.#name, partyName(party));
    setHidden(this.#late, !party.late);
    const state = party.state === "not_begun" || items.length === 0 ? t(party.state) : "";
    setText(this.#facts, joined(state, partyFacts(party, items)));
    setHidden(this.#last, party.lastAt === null);
    if (party.lastAt !== null) showWhen(this.#last, party.lastAt);
    setText(this.#mail, party.name === "" ? "" : visibleName(party.email));
    this.#paintAnswers(party);
    this.#cells.show(items);
    this.#acceptAll.show([{ party, asks: this.#asks }]);
  }

  /** What the link asks for was changed. */
  ask(asks: Asks): void {
    this.#asks = asks;
  }

  /** Unfolds an item and goes there. */
  open(item: string): void {
    const shown = this.#asks.items.find(({ id }) => id === item);
    if (shown !== undefined) this.#cells.get(keyOfItem(shown))?.cell.open();
  }

  get hash(): string {
    return this.#ports.hash;
  }

  #paintAnswers({ answers }: Party): void {
    const pairs = this.#asks.questions
      .map(({ id, label, required }) => ({ label, required, words: answerWords(answers[id]) }))
      .filter(({ required, words }) => required || words !== "");
    const told = JSON.stringify(pairs);
    setHidden(this.#answers, pairs.length === 0);
    if (told === this.#told) return;
    this.#told = told;
    this.#answers.replaceChildren(
      ...pairs.map(({ label, words }) => {
        const said = make("dd", {}, make("bdi", { text: words || t("not_answered") }));
        setAttribute(said, "class", words === "" ? "quiet" : "");
        return make("div", {}, make("dt", {}, make("bdi", { text: visibleName(label) })), said);
      }),
    );
  }
}

/** A cell follows its sender, of whom the list of items knows nothing. */
class ItemRow implements KeyedRow<Item> {
  readonly element: HTMLElement;
  readonly cell: Cell;
  readonly #party: () => Party;

  constructor(cell: Cell, party: () => Party) {
    this.cell = cell;
    this.element = cell.element;
    this.#party = party;
  }

  show(): void {
    this.cell.show(this.#party());
  }
}

/** An item that was changed gets a row of its own. */
function keyOfItem(item: Item): string {
  return JSON.stringify([item.id, item.title, item.required, item.count]);
}

function answerWords(answer: string | boolean | undefined): string {
  if (answer === true) return t("yes");
  return answer === undefined || answer === false ? "" : visibleName(answer);
}
