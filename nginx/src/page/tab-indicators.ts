// What is noticed of an upload without looking at the page: spoken quarters, the tab's title and icon, a notice at the end.

import type { UploadTotals } from "../utils/upload-manager";
import type { Announcer } from "./announcer";
import { formatPercent } from "./format";
import { t } from "./i18n";
import type { Notice } from "./notice";
import { TabSign } from "./tab-sign";
import { endWords } from "./total-panel";

export class TabIndicators {
  readonly #tab = new TabSign();
  #notice: Notice | null = null;
  #asked = false;
  readonly #announcer: Announcer;

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  set title(title: string) {
    this.#tab.title = title;
  }

  paint({ safe, size }: UploadTotals, busy: boolean): void {
    const share = size === 0 ? 1 : safe / size;
    this.#tab.show(formatPercent(share, 1), busy ? share : null);
    if (!busy) return;
    this.#announcer.progress(safe, size);
    void this.#offerNotice();
  }

  /** Nothing is left to send. */
  ended(totals: UploadTotals): void {
    const words = endWords(totals);
    this.#announcer.say(words);
    this.#notice?.tell(t(totals.failed > 0 ? "notice_failed" : "notice"), words);
  }

  /** Once, when something is sent for the first time; without it, nothing is missing but the offer. */
  async #offerNotice(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    const loaded = await import("./notice").catch(() => null);
    this.#notice = loaded && new loaded.Notice();
  }
}
