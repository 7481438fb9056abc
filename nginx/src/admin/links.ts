// All links in the order that was asked for, those that are chosen shown, kept up to date.

import { need, setText } from "../page/dom";
import { type Choice, Choosing, fits, type Sort } from "./desk/choosing";
import type { Together } from "./desk/together";
import { type DeskKey, t } from "./i18n";
import { KeyedList } from "./keyed";
import type { RowPorts } from "./link-body";
import { LinkRow } from "./link-row";
import { type Who, WhoseFilter } from "./whose";
import type { ListedLink } from "./wire";

/** From so many links on, looking for one takes longer than typing its name. */
const MANY_LINKS = 8;

const NONE_WORDS: Readonly<Partial<Record<Choice, DeskKey>>> = {
  not_begun: "none_not_begun",
  due: "none_due",
  late: "none_late",
  new: "none_new",
};

export class Links {
  readonly #rows: KeyedList<ListedLink, LinkRow>;
  readonly #find = need("find", HTMLInputElement);
  readonly #choosing: Choosing;
  readonly #whose = new WhoseFilter(need("whose", HTMLSelectElement), () => this.#filter());
  readonly #ports: RowPorts;
  #links: readonly ListedLink[] = [];
  #together: Together | null = null;
  /** Those that are shown of a list that was narrowed. */
  #narrowed: readonly ListedLink[] = [];

  constructor(ports: RowPorts) {
    this.#ports = ports;
    this.#rows = new KeyedList(
      need("links", HTMLUListElement),
      (link) => link.hash,
      (link) => new LinkRow(link, ports),
    );
    this.#choosing = new Choosing(
      () => this.#filter(),
      () => ports.refresh(),
    );
    this.#find.addEventListener("input", () => this.#filter());
    need("show-all").addEventListener("click", () => {
      this.#find.value = "";
      this.#whose.clear();
      this.#choosing.choice = "all";
      need("links-title").focus();
    });
  }

  /** The order in which the server is to tell links. */
  get sort(): Sort {
    return this.#choosing.sort;
  }

  show(links: readonly ListedLink[], who: Who, owners: ReadonlySet<string>): void {
    this.#whose.show(who, owners);
    this.#links = links;
    this.#rows.show(links);
    need("no-links").hidden = links.length > 0;
    need("find-field").hidden = links.length < MANY_LINKS && this.#find.value === "";
    this.#choosing.show(links.length);
    this.#filter();
  }

  /** Shows those alone that have new files. */
  chooseNew(): void {
    this.#find.value = "";
    this.#whose.clear();
    this.#choosing.choice = "new";
    this.#choosing.focus();
  }

  /** The keyboard goes on at the link that was looked at. */
  focus(hash: string): void {
    this.#rows.get(hash)?.focus();
  }

  #filter(): void {
    const { choice } = this.#choosing;
    const wanted = this.#find.value.trim().toLocaleLowerCase();
    const shown: ListedLink[] = [];
    for (const link of this.#links) {
      const { title, folder, due } = link;
      const names = [title, folder, due.forName, due.forEmail].join("\n");
      const isNamed = names.toLocaleLowerCase().includes(wanted);
      const isShown = isNamed && fits(link, choice) && this.#whose.fits(link.owner);
      const row = this.#rows.get(link.hash);
      if (row !== undefined) row.element.hidden = !isShown;
      if (isShown) shown.push(link);
    }
    const none = this.#whose.isChosen ? t("whose_none") : t(NONE_WORDS[choice] ?? "none_like_that");
    setText(need("none-found-words"), wanted === "" ? none : t("none_named"));
    need("none-found").hidden = shown.length > 0 || this.#links.length === 0;
    const isNarrowed = wanted !== "" || choice !== "all" || this.#whose.isChosen;
    void this.#offerTogether(isNarrowed && shown.length > 1 ? shown : []);
  }

  /** What can be done with all that are shown is there once a list is narrowed to those that are meant. */
  async #offerTogether(links: readonly ListedLink[]): Promise<void> {
    this.#narrowed = links;
    if (this.#together === null && links.length === 0) return;
    try {
      const { Together } = await import("./desk/together");
      if (this.#together === null) {
        this.#together = new Together(this.#ports.api, () => this.#ports.refresh());
        need("links").before(this.#together.element);
      }
      this.#together.show(this.#narrowed);
    } catch {
      // Each link can be seen to by itself.
    }
  }
}
