// Which other links have received a file with the same content: asked for when somebody wants to know more of the file.

import { type Declared, doubted } from "../../core/reply";
import { make, setHidden } from "../../page/dom";
import { t } from "../i18n";
import { placeAddress } from "../places";
import { visibleName } from "../visible";
import type { ReceivedFile } from "../wire";

export interface FileCopy {
  /** The other link's. */
  readonly hash: string;
  /** What people call that. */
  readonly name: string;
  readonly path: string;
}

export interface FileCopies {
  readonly copies: readonly FileCopy[];
  readonly more: boolean;
}

export type LoadCopies = (uploadId: string) => Promise<FileCopies>;

export function copiesPath(hash: string, uploadId: string): string {
  return `/droppr/requests/${encodeURIComponent(hash)}/copies/${encodeURIComponent(uploadId)}`;
}

export function parseCopies(value: unknown): FileCopies {
  const { copies, more } = doubted<Declared<"CopyList">>(value);
  if (!Array.isArray(copies)) return { copies: [], more: false };
  return {
    copies: copies.flatMap((each) => {
      const { hash, title, folder, path } = doubted<Declared<"FileCopy">>(each);
      if (typeof hash !== "string" || typeof path !== "string") return [];
      return [{ hash, name: String(title ?? "") || String(folder ?? ""), path }];
    }),
    more: more === true,
  };
}

/** A line that is there once somebody is known to have it, too. */
export class CopiesLine {
  readonly element = make("span", { className: "facts copies" });
  readonly #load: LoadCopies;
  /** The file that was asked about last. */
  #asked = "";

  constructor(load: LoadCopies) {
    this.#load = load;
    this.element.hidden = true;
  }

  show({ uploadId, sha256, path }: ReceivedFile): void {
    // Before it is hashed nobody knows.
    const asked = sha256 === null ? "" : uploadId;
    if (asked === this.#asked) return;
    this.#asked = asked;
    setHidden(this.element, true);
    if (asked !== "") void this.#tell(asked, path);
  }

  async #tell(uploadId: string, path: string): Promise<void> {
    const found = await this.#load(uploadId).catch(() => null);
    if (this.#asked !== uploadId) return;
    // What could not be had is asked for again when the file is looked at again.
    if (found === null) this.#asked = "";
    if (found === null || found.copies.length === 0) return;
    const items = found.copies.map((each) => {
      const link = make("a", { text: visibleName(each.name) });
      link.href = placeAddress(each.hash);
      const other =
        each.path === path
          ? []
          : [document.createTextNode(" "), make("bdi", { text: visibleName(each.path) })];
      return make("li", {}, link, ...other);
    });
    if (found.more) items.push(make("li", { text: t("copies_more") }));
    const list = make("ul", {}, ...items);
    this.element.replaceChildren(t("copies_in"), list);
    setHidden(this.element, false);
  }
}
