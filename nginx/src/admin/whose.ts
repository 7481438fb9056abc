// Who is logged in, what they may do, and whose links are. What somebody may not do is not on the page; that it cannot be
// done the server sees to.

import { doubted } from "../core/reply";
import { make } from "../page/dom";
import { t } from "./i18n";

/** Of a reply to who is logged in; one that says nothing is that of the admin token, by which everything may be done. */
export interface Who {
  /** As links name their owner. */
  readonly actor: string;
  readonly teams: readonly string[];
  readonly mayChange: boolean;
  readonly mayAdminister: boolean;
}

export const NOBODY_ELSE: Who = { actor: "owner", teams: [], mayChange: true, mayAdminister: true };

interface WhoReply {
  readonly actor: string;
  readonly teams: readonly string[];
  readonly may_change: boolean;
  readonly may_administer: boolean;
}

export function parseWho(value: unknown): Who {
  if (value == null) return NOBODY_ELSE;
  const { actor, teams, may_change, may_administer } = doubted<WhoReply>(value);
  return {
    actor: typeof actor === "string" ? actor : NOBODY_ELSE.actor,
    teams: Array.isArray(teams) ? teams.map(String) : [],
    mayChange: may_change !== false,
    mayAdminister: may_administer !== false,
  };
}

/** Has the styles leave out what this person may not do. */
export function showFor({ mayChange, mayAdminister }: Who): void {
  document.documentElement.toggleAttribute("data-only-looks", !mayChange);
  document.documentElement.toggleAttribute("data-no-admin", !mayAdminister);
}

export function mayChange(): boolean {
  return !document.documentElement.hasAttribute("data-only-looks");
}

export function mayAdminister(): boolean {
  return !document.documentElement.hasAttribute("data-no-admin");
}

/** An owner as people call them. */
export function ownerWords(owner: string, who: Who, own: string = t("whose_me")): string {
  if (owner === who.actor) return own;
  const [kind, name = ""] = owner.split(/:(.*)/s);
  if (kind === "team") return t("whose_team", { name: name });
  return name === "" ? t("whose_admin") : name;
}

/** To whom somebody may give a link, themselves first: to their teams; an admin, who may give it to anybody, is offered those who have one. */
export function ownersFor(who: Who, owners: Iterable<string>): string[] {
  const others = who.mayAdminister ? [...owners].sort() : [];
  return [...new Set([who.actor, ...who.teams.map((team) => `team:${team}`), ...others])];
}

/** A field in which the owner of a link is chosen; null where there is nothing to choose. */
export class OwnerField {
  readonly element: HTMLElement;
  readonly #select = make("select");
  readonly #before: string;

  private constructor(owners: readonly string[], who: Who, owner: string) {
    this.#before = owner;
    this.#select.name = "owner";
    this.#select.append(...owners.map((each) => optionFor(each, ownerWords(each, who))));
    this.#select.value = owner;
    const label = make("span", { className: "label", text: t("whose") });
    const hint = make("span", { className: "hint", text: t("whose_hint") });
    this.element = make("label", { className: "field" }, label, this.#select, hint);
  }

  static of(who: Who, known: Iterable<string>, owner = who.actor): OwnerField | null {
    const owners = [...new Set([owner, ...ownersFor(who, known)])];
    return owners.length > 1 ? new OwnerField(owners, who, owner) : null;
  }

  /** What to send where it was chosen anew. */
  get changed(): { owner?: string } {
    return this.#select.value === this.#before ? {} : { owner: this.#select.value };
  }
}

/** Which links are listed by whose they are: a choice that is there where there is more than one owner. */
export class WhoseFilter {
  readonly #select: HTMLSelectElement;
  #told = "";

  constructor(select: HTMLSelectElement, chosen: () => void) {
    this.#select = select;
    select.setAttribute("aria-label", t("whose_filter"));
    select.addEventListener("change", chosen);
  }

  show(who: Who, owners: ReadonlySet<string>): void {
    const listed = [...owners].sort((one, other) => Number(other === who.actor) - Number(one === who.actor));
    const told = JSON.stringify([who.actor, ...listed.toSorted()]);
    if (told === this.#told) return;
    this.#told = told;
    const chosen = this.#select.value;
    this.#select.replaceChildren(
      optionFor("", t("whose_all")),
      ...listed.map((each) => optionFor(each, ownerWords(each, who, t("whose_mine")))),
    );
    this.#select.value = owners.has(chosen) ? chosen : "";
    this.#select.hidden = owners.size < 2;
  }

  get isChosen(): boolean {
    return this.#select.value !== "";
  }

  fits(owner: string): boolean {
    return !this.isChosen || this.#select.value === owner;
  }

  /** Shows everybody's again. */
  clear(): void {
    this.#select.value = "";
  }
}

function optionFor(value: string, words: string): HTMLOptionElement {
  const option = make("option", { text: words });
  option.value = value;
  return option;
}
