// How items and their senders stand, by sign and word: neither says it alone.

import type { Item } from "../../core/asked";
import { make, setAttribute, setText } from "../../page/dom";
import { formatBytes, formatList } from "../format";
import { joined, t } from "../i18n";
import type { Party, PartyItem } from "../party-wire";
import { visibleName } from "../visible";

/** What is shown of an item: `some` of what it takes have come, `none` need to. */
export type Look = "missing" | "some" | "none" | "sent" | "accepted" | "returned";

const SIGNS: Readonly<Record<Look, string>> = {
  missing: "○",
  some: "◐",
  none: "–",
  sent: "●",
  accepted: "✓",
  returned: "↩",
};

export function lookOf({ required }: Item, standing: PartyItem | undefined): Look {
  if (standing !== undefined && standing.state !== "needed") return standing.state;
  if ((standing?.files ?? 0) > 0) return "some";
  return required ? "missing" : "none";
}

export function lookWords({ count }: Item, standing: PartyItem | undefined, look: Look): string {
  return look === "some" ? t("look_some", { done: standing?.files ?? 0, count }) : t(`look_${look}`);
}

/** Sign and word, in an element that is kept up. */
export class StateMark {
  readonly element = make("span", { className: "mark" });
  readonly #sign = make("span", { className: "mark-sign" });
  readonly #words = make("span");

  constructor() {
    this.#sign.setAttribute("aria-hidden", "true");
    this.element.append(this.#sign, this.#words);
  }

  show(item: Item, standing: PartyItem | undefined): void {
    const look = lookOf(item, standing);
    setAttribute(this.element, "data-look", look);
    setText(this.#sign, SIGNS[look]);
    setText(this.#words, lookWords(item, standing, look));
  }
}

/** Without an address or a name it is a browser, of which the server knows no more. */
export function partyName({ id, name, email }: Pick<Party, "id" | "name" | "email">): string {
  if (name !== "" || email !== "") return visibleName(name || email);
  return id === "unknown" ? t("unknown_senders") : t("somebody");
}

/** "2 of 5 · 3 files, 42 MB" */
export function partyFacts(party: Party, items: readonly Item[]): string {
  const wanted = items.filter(({ required }) => required);
  const there = wanted.filter(({ id }) => {
    const state = party.items.get(id)?.state;
    return state === "sent" || state === "accepted";
  });
  return joined(
    wanted.length > 0 ? t("look_some", { done: there.length, count: wanted.length }) : "",
    party.files > 0
      ? formatList([t("files", { count: party.files }), formatBytes(party.bytes)])
      : t("nothing_yet"),
  );
}

/** What somebody has sent that nobody has judged. */
export function unjudged(party: Party, items: readonly Item[]): readonly Item[] {
  return items.filter(({ id }) => party.items.get(id)?.state === "sent");
}
