// All links, newest first, kept up to date.

import { need } from "../page/dom";
import { KeyedList } from "./keyed";
import type { RowPorts } from "./link-body";
import { LinkRow } from "./link-row";
import type { ListedLink } from "./wire";

/** From so many links on, looking for one takes longer than typing its name. */
const MANY_LINKS = 8;

export class Links {
  readonly #rows: KeyedList<ListedLink, LinkRow>;
  readonly #find = need("find", HTMLInputElement);
  #links: readonly ListedLink[] = [];

  constructor(ports: RowPorts) {
    this.#rows = new KeyedList(
      need("links", HTMLUListElement),
      (link) => link.hash,
      (link) => new LinkRow(link, ports),
    );
    this.#find.addEventListener("input", () => this.#filter());
  }

  show(links: readonly ListedLink[]): void {
    this.#links = links;
    this.#rows.show(links);
    need("no-links").hidden = links.length > 0;
    need("find-field").hidden = links.length < MANY_LINKS && this.#find.value === "";
    this.#filter();
  }

  /** The keyboard goes on at the link that was looked at. */
  focus(hash: string): void {
    this.#rows.get(hash)?.focus();
  }

  #filter(): void {
    const wanted = this.#find.value.trim().toLocaleLowerCase();
    let found = 0;
    for (const { hash, title, folder } of this.#links) {
      const fits = `${title}\n${folder}`.toLocaleLowerCase().includes(wanted);
      const row = this.#rows.get(hash);
      if (row !== undefined) row.element.hidden = !fits;
      if (fits) found += 1;
    }
    need("none-found").hidden = found > 0 || this.#links.length === 0;
  }
}
