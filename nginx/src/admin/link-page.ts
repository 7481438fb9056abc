// The page of one link, at an address of its own: what it is called and how it stands; the rest is LinkBody's.

import { make, need, setAttribute, setText } from "../page/dom";
import { dueWords } from "./due";
import { t } from "./i18n";
import { LinkBody, type RowPorts } from "./link-body";
import { part } from "./parts";
import { DESK_ADDRESS, TABS, type Tab } from "./places";
import { visibleName } from "./visible";
import type { ListedLink } from "./wire";
import { expiryWords, nameOf, receivedWords, stateWords, whomWords } from "./words";

export class LinkPage {
  readonly #root = need("link-page");
  readonly #head = part(this.#root, "head", HTMLElement);
  readonly #name = part(this.#root, "name", HTMLElement);
  readonly #title = part(this.#root, "title", HTMLElement);
  readonly #content = part(this.#root, "content", HTMLElement);
  readonly #missing = part(this.#root, "missing", HTMLElement);
  readonly #ports: RowPorts;
  #hash: string | null = null;
  #tab: Tab = TABS[0];
  #body: LinkBody | null = null;
  /** As the server told them last; null while it has told nothing. */
  #links: readonly ListedLink[] | null = null;

  constructor(ports: RowPorts) {
    this.#ports = ports;
    part(this.#root, "back", HTMLAnchorElement).href = DESK_ADDRESS;
    part(this.#root, "to-links", HTMLAnchorElement).href = DESK_ADDRESS;
  }

  /** Whether it is the page of any link. */
  get isOpen(): boolean {
    return this.#hash !== null;
  }

  /** What the window is called while it is there. */
  get name(): string {
    return this.#name.textContent || t("a_link");
  }

  /** What any link is called, as far as they were told. */
  titleOf(hash: string): string {
    const link = this.#links?.find((each) => each.hash === hash);
    return link === undefined ? hash : visibleName(nameOf(link));
  }

  open(hash: string, tab: Tab): void {
    if (this.#hash !== hash) {
      this.#body = null;
      this.#content.replaceChildren();
      setText(this.#name, "");
    }
    this.#hash = hash;
    this.#tab = tab;
    this.#draw();
  }

  close(): void {
    this.#hash = null;
    this.#body = null;
    this.#content.replaceChildren();
  }

  show(links: readonly ListedLink[]): void {
    this.#links = links;
    if (this.isOpen) this.#draw();
  }

  /** Brings what of it is looked at up to date. */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#body?.refresh(signal);
  }

  /** Bytes that have come since, by upload id. */
  moved(received: ReadonlyMap<string, number>): void {
    this.#body?.moved(received);
  }

  focus(): void {
    this.#title.focus();
  }

  #draw(): void {
    const link = this.#links?.find(({ hash }) => hash === this.#hash);
    // Until the server has told its links, nothing is known to be missing.
    this.#missing.hidden = this.#links === null || link !== undefined;
    this.#head.hidden = link === undefined;
    this.#content.hidden = link === undefined;
    if (link === undefined) return;
    this.#showHead(link);
    if (this.#body === null) {
      const root = make("div");
      this.#content.replaceChildren(root);
      this.#body = new LinkBody(root, link, this.#ports);
    }
    this.#body.show(link);
    this.#body.open(this.#tab);
  }

  #showHead(link: ListedLink): void {
    const state = link.state;
    const badge = part(this.#head, "state", HTMLElement);
    setText(this.#name, visibleName(nameOf(link)));
    setText(badge, stateWords(state));
    setAttribute(badge, "data-state", state);
    part(this.#head, "lock", HTMLElement).hidden = !link.requiresPassword;
    const whom = part(this.#head, "whom", HTMLElement);
    const name = whomWords(link);
    setText(whom, name === "" ? "" : t("for_whom", { name: visibleName(name) }));
    whom.hidden = name === "";
    setText(part(this.#head, "received", HTMLElement), receivedWords(link));
    const due = part(this.#head, "due", HTMLElement);
    setText(due, dueWords(link, Date.now()));
    due.classList.toggle("soon", link.standing === "soon" || link.standing === "late");
    setText(part(this.#head, "expiry", HTMLElement), expiryWords(link, Date.now()));
  }
}
