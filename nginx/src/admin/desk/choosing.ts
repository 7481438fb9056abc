// Which links are listed, and in which order.

import { need } from "../../page/dom";
import type { LinkState, ListedLink } from "../wire";

/** By what the server sorts links. */
export const SORTS = ["created", "last_received", "title", "expires", "due"] as const;
export type Sort = (typeof SORTS)[number];

export type Choice = "all" | "not_begun" | "due" | "late" | "new" | LinkState;

const KEY = "droppr.links.sort";

/** Whether a link is among those that are chosen, as the server chooses them. */
export function fits(link: ListedLink, choice: Choice): boolean {
  switch (choice) {
    case "all":
      return true;
    case "new":
      return link.filesNew > 0;
    case "due":
      return link.standing === "soon";
    case "late":
      return link.standing === "late";
    case "not_begun":
      return link.active && link.lastReceivedAt === null && link.uploadsOpen === 0;
    default:
      return link.state === choice;
  }
}

export class Choosing {
  readonly #root = need("choosing");
  readonly #choice = need("choice", HTMLSelectElement);
  readonly #sort = need("sort", HTMLSelectElement);

  /** `chosen` is called for another choice, `sorted` for another order, in which the server has to tell links. */
  constructor(chosen: () => void, sorted: () => void) {
    this.#sort.value = remembered();
    this.#choice.addEventListener("change", chosen);
    this.#sort.addEventListener("change", () => {
      remember(this.#sort.value);
      sorted();
    });
  }

  get choice(): Choice {
    return this.#choice.value as Choice;
  }

  set choice(choice: Choice) {
    this.#choice.value = choice;
    this.#choice.dispatchEvent(new Event("change"));
  }

  get sort(): Sort {
    return SORTS.find((each) => each === this.#sort.value) ?? SORTS[0];
  }

  /** One link needs no order. */
  show(links: number): void {
    this.#root.hidden = links < 2 && this.choice === "all";
  }

  focus(): void {
    this.#choice.focus();
  }
}

function remembered(): Sort {
  try {
    const kept = localStorage.getItem(KEY);
    return SORTS.find((each) => each === kept) ?? SORTS[0];
  } catch {
    return SORTS[0];
  }
}

function remember(sort: string): void {
  try {
    localStorage.setItem(KEY, sort);
  } catch {
    // A browser that keeps nothing begins with the newest.
  }
}
