// One link in the list: a line of facts that leads to the link's own page, and its address to copy.

import { addressOf } from "../page/address";
import { setAttribute, setText } from "../page/dom";
import { anotherWeek, dueWords } from "./due";
import { t } from "./i18n";
import type { KeyedRow } from "./keyed";
import type { RowPorts } from "./link-body";
import { acts, clonedElement, copies, part, say, show } from "./parts";
import { placeAddress } from "./places";
import { visibleName } from "./visible";
import { showWhen } from "./when";
import type { ListedLink } from "./wire";
import { endsSoon, errorWords, expiryWords, nameOf, receivedWords, stateWords } from "./words";

export class LinkRow implements KeyedRow<ListedLink> {
  readonly element = clonedElement("link");
  readonly #open = part(this.element, "open", HTMLAnchorElement);
  readonly #ports: RowPorts;
  #link: ListedLink;

  constructor(link: ListedLink, ports: RowPorts) {
    this.#link = link;
    this.#ports = ports;
    this.#open.href = placeAddress(link.hash);
    copies(part(this.element, "copy", HTMLButtonElement), () => addressOf(this.#link.url));
    acts(part(this.element, "extend", HTMLButtonElement), () => this.#extend());
  }

  focus(): void {
    this.#open.focus({ preventScroll: true });
  }

  show(link: ListedLink): void {
    this.#link = link;
    const state = link.state;
    const badge = part(this.element, "state", HTMLElement);
    const name = visibleName(nameOf(link));
    setText(part(this.element, "name", HTMLElement), name);
    setText(badge, stateWords(state));
    badge.dataset.state = state;
    // On nearly all of them it would say nothing.
    badge.hidden = state === "open";
    part(this.element, "lock", HTMLElement).hidden = !link.requiresPassword;
    // A link's own page tells it, too; here it would be one thing more in each row.
    setAttribute(part(this.element, "open", HTMLElement), "title", visibleName(link.folder));
    setText(part(this.element, "received", HTMLElement), receivedWords(link));
    const expiry = part(this.element, "expiry", HTMLElement);
    setText(expiry, expiryWords(link, Date.now()));
    expiry.classList.toggle("soon", state === "open" && endsSoon(link, Date.now()));
    const due = part(this.element, "due", HTMLElement);
    setText(due, dueWords(link, Date.now()));
    due.hidden = due.textContent === "";
    due.classList.toggle("soon", link.standing === "soon" || link.standing === "late");
    this.#showNews(link);
    setAttribute(part(this.element, "copy", HTMLElement), "aria-label", t("copy_link", { name }));
    part(this.element, "extend-line", HTMLElement).hidden = state !== "expired" && link.standing !== "late";
    part(this.element, "extend", HTMLButtonElement).setAttribute("aria-label", t("extend_item", { name }));
  }

  #showNews({ filesNew, lastReceivedAt, lastSender }: ListedLink): void {
    const news = part(this.element, "news", HTMLElement);
    this.element.classList.toggle("new", filesNew > 0);
    setText(news, filesNew > 0 ? t("new_files", { count: filesNew }) : "");
    news.hidden = filesNew === 0;
    part(this.element, "last-line", HTMLElement).hidden = lastReceivedAt === null;
    if (lastReceivedAt === null) return;
    const sender = part(this.element, "sender", HTMLElement);
    const words = lastSender === null ? t("last_file") : visibleName(lastSender);
    setText(sender, words);
    setAttribute(sender, "title", words);
    showWhen(part(this.element, "last", HTMLTimeElement), lastReceivedAt);
  }

  async #extend(): Promise<void> {
    const problem = part(this.element, "extend-problem", HTMLElement);
    show(problem, "");
    try {
      await this.#ports.api.edit(this.#link.hash, anotherWeek(this.#link, Date.now()));
    } catch (error) {
      show(problem, errorWords(error));
      return;
    }
    part(this.element, "extend-line", HTMLElement).hidden = true;
    this.focus();
    say(t("extended"));
    this.#ports.refresh();
  }
}
