// One link in the list: a line of facts, and all that can be done with it once it is unfolded.

import { setText } from "../page/dom";
import type { KeyedRow } from "./keyed";
import { LinkBody, type RowPorts } from "./link-body";
import { acts, clonedElement, part, say, show } from "./parts";
import { visibleName } from "./visible";
import type { ListedLink } from "./wire";
import { errorWords, expiryWords, nameOf, receivedWords, STATE_WORDS, stateOf } from "./words";

const WEEK_HOURS = 168;

export class LinkRow implements KeyedRow<ListedLink> {
  readonly element = clonedElement("link");
  readonly #details = part(this.element, "details", HTMLDetailsElement);
  readonly #ports: RowPorts;
  #link: ListedLink;
  #body: LinkBody | null = null;

  constructor(link: ListedLink, ports: RowPorts) {
    this.#link = link;
    this.#ports = ports;
    this.#details.addEventListener("toggle", () => this.#follow());
    acts(part(this.element, "extend", HTMLButtonElement), () => this.#extend());
  }

  /** Whether its files are looked at. */
  get isOpen(): boolean {
    return this.#details.open;
  }

  show(link: ListedLink): void {
    this.#link = link;
    const state = stateOf(link);
    const badge = part(this.element, "state", HTMLElement);
    setText(part(this.element, "name", HTMLElement), visibleName(nameOf(link)));
    setText(badge, STATE_WORDS[state]);
    badge.dataset.state = state;
    part(this.element, "lock", HTMLElement).hidden = !link.requiresPassword;
    setText(part(this.element, "folder", HTMLElement), visibleName(link.folder));
    part(this.element, "folder-line", HTMLElement).hidden = link.title === "";
    setText(part(this.element, "received", HTMLElement), receivedWords(link));
    setText(part(this.element, "expiry", HTMLElement), expiryWords(link, Date.now()));
    part(this.element, "extend-line", HTMLElement).hidden = state !== "expired";
    part(this.element, "extend", HTMLButtonElement).setAttribute(
      "aria-label",
      `Extend by a week: ${visibleName(nameOf(link))}`,
    );
    this.#body?.show(link);
  }

  /** Brings uploads and files up to date if somebody looks and there is something new. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.isOpen) await this.#body?.refresh(signal);
  }

  /** Bytes that have come since, by upload id. */
  moved(received: ReadonlyMap<string, number>): void {
    if (this.isOpen) this.#body?.moved(received);
  }

  async #extend(): Promise<void> {
    const problem = part(this.element, "extend-problem", HTMLElement);
    show(problem, "");
    try {
      await this.#ports.api.edit(this.#link.hash, { expires_hours: WEEK_HOURS });
    } catch (error) {
      show(problem, errorWords(error));
      return;
    }
    part(this.element, "extend-line", HTMLElement).hidden = true;
    this.#details.querySelector("summary")?.focus();
    say("The link is open for another week.");
    this.#ports.refresh();
  }

  #follow(): void {
    if (!this.isOpen) return;
    if (this.#body === null) {
      const root = part(this.element, "body", HTMLElement);
      this.#body = new LinkBody(root, this.#link, this.#ports);
      this.#body.show(this.#link);
    }
    this.#ports.refresh();
  }
}
