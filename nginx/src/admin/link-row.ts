// One link in the list: a line of facts that leads to the link's own page, and its address to copy.

import { addressOf } from "../page/address";
import { setAttribute, setText } from "../page/dom";
import { anotherWeek, dueWords } from "./due";
import { formatDay } from "./format";
import { t } from "./i18n";
import type { KeyedRow } from "./keyed";
import type { RowPorts } from "./link-body";
import { acts, clonedElement, copies, part, say, show } from "./parts";
import { placeAddress } from "./places";
import { progressWords, shareOf } from "./progress";
import { visibleName } from "./visible";
import { showWhen } from "./when";
import type { ListedLink } from "./wire";
import {
  endsSoon,
  errorWords,
  expiryWords,
  filesWords,
  nameOf,
  receivedWords,
  shortSender,
  sizeWords,
  stateWords,
  whomWords,
} from "./words";

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
    setText(this.#open, name);
    const whom = part(this.element, "whom", HTMLElement);
    setText(whom, visibleName(whomWords(link)));
    whom.hidden = whom.textContent === "";
    setText(badge, stateWords(state));
    badge.dataset.state = state;
    // On nearly all of them it would say nothing.
    badge.hidden = state === "open";
    part(this.element, "lock", HTMLElement).hidden = !link.requiresPassword;
    this.#showNews(link);
    this.#showLast(link);
    this.#showProgress(link);
    this.#showDates(link);
    const size = part(this.element, "size", HTMLElement);
    setText(size, sizeWords(link));
    setAttribute(part(this.element, "line", HTMLElement), "title", wholeWords(link));
    setAttribute(part(this.element, "copy", HTMLElement), "aria-label", t("copy_link", { name }));
    part(this.element, "extend-line", HTMLElement).hidden = state !== "expired" && link.standing !== "late";
    part(this.element, "extend", HTMLButtonElement).setAttribute("aria-label", t("extend_item", { name }));
  }

  #showNews({ filesNew }: ListedLink): void {
    const news = part(this.element, "news", HTMLElement);
    this.element.classList.toggle("new", filesNew > 0);
    setText(news, filesNew > 0 ? t("new_files", { count: filesNew }) : "");
    news.hidden = filesNew === 0;
  }

  /** What is on its way is newer than what came last. */
  #showLast({ lastReceivedAt, lastSender, uploadsOpen }: ListedLink): void {
    const moving = part(this.element, "moving", HTMLElement);
    const words = uploadsOpen > 0 ? t("under_way", { count: uploadsOpen }) : "";
    setText(moving, words);
    moving.hidden = uploadsOpen === 0;
    part(this.element, "nobody", HTMLElement).hidden = uploadsOpen > 0 || lastReceivedAt !== null;
    part(this.element, "last-line", HTMLElement).hidden = uploadsOpen > 0 || lastReceivedAt === null;
    if (lastReceivedAt === null) return;
    const sender = part(this.element, "sender", HTMLElement);
    const who = lastSender === null ? t("last_file") : visibleName(shortSender(lastSender));
    setText(sender, who);
    showWhen(part(this.element, "last", HTMLTimeElement), lastReceivedAt);
  }

  #showProgress(link: ListedLink): void {
    const { filesReceived, maxFiles, state, standing, progress } = link;
    const files = part(this.element, "files", HTMLElement);
    setText(files, progress === null ? filesWords(link) : progressWords(progress));
    const { done, of } = progress === null ? { done: filesReceived, of: maxFiles } : shareOf(progress);
    const isDone = state === "full" || standing === "done" || (progress !== null && done >= of);
    files.parentElement?.classList.toggle("done", isDone);
    part(this.element, "line", HTMLElement).classList.toggle("steps", progress !== null && "of" in progress);
    part(this.element, "bar", HTMLElement).hidden = isDone || of === 0;
    const share = of === 0 ? 0 : Math.min(1, done / of);
    part(this.element, "done", HTMLElement).style.inlineSize = `${Math.round(100 * share)}%`;
  }

  #showDates(link: ListedLink): void {
    const now = Date.now();
    const due = part(this.element, "due", HTMLElement);
    const words = dueWords(link, now);
    setText(due, words);
    due.hidden = words === "";
    due.classList.toggle("soon", link.standing === "soon");
    due.classList.toggle("late", link.standing === "late");
    const expiry = part(this.element, "expiry", HTMLElement);
    const ends = expiryWords(link, now, formatDay);
    const isSoon = link.state === "open" && endsSoon(link, now);
    setText(expiry, ends);
    expiry.classList.toggle("soon", isSoon);
    expiry.classList.toggle("later", !isSoon);
    // There is room for one of them. That a link stays is no news to eyes.
    const showsExpiry = words === "" ? link.expiresAt !== null : isSoon && link.standing === "later";
    expiry.classList.toggle("visually-hidden", !showsExpiry);
    due.classList.toggle("visually-hidden", showsExpiry);
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

/** All that a line has to cut, a fact a line. */
function wholeWords(link: ListedLink): string {
  const now = Date.now();
  const named = [nameOf(link), whomWords(link), link.folder, link.lastSender ?? ""].map(visibleName);
  const facts = [...named, receivedWords(link), dueWords(link, now), expiryWords(link, now)];
  return [...new Set(facts)].filter((each) => each !== "").join("\n");
}
