// At the lower edge, while files are chosen: how many, and what is done with them.

import { setText } from "../../page/dom";
import { formatBytes } from "../format";
import { joined, t } from "../i18n";
import { acts, clonedElement, part } from "../parts";
import type { Extent } from "./selection";

export interface BarPorts {
  readonly download: () => Promise<void>;
  readonly share: () => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly clear: () => void;
}

export class SelectionBar {
  readonly element = clonedElement("selection-bar");
  readonly #words = part(this.element, "chosen", HTMLElement);
  readonly #download = part(this.element, "download", HTMLButtonElement);

  constructor({ download, share, remove, clear }: BarPorts) {
    this.element.hidden = true;
    acts(this.#download, download);
    acts(part(this.element, "share", HTMLButtonElement), share);
    acts(part(this.element, "remove", HTMLButtonElement), remove);
    part(this.element, "none", HTMLButtonElement).addEventListener("click", clear);
  }

  show({ files, bytes }: Extent): void {
    this.element.hidden = files === 0;
    setText(this.#words, joined(t("chosen", { count: files }), formatBytes(bytes)));
    setText(this.#download, t("download_count", { count: files }));
  }
}
