// What is noticed of an upload without looking at the page: spoken quarters, the tab's title and icon, a notice at the end.

import type { UploadTotals } from "../utils/upload-manager";
import type { Announcer } from "./announcer";
import { formatPercent } from "./format";
import { t } from "./i18n";
import { TabSign } from "./tab-sign";
import { endWords } from "./total-panel";

export class TabIndicators {
  readonly #tab = new TabSign();
  readonly #announcer: Announcer;
  readonly #notify: (title: string, words: string) => void;

  constructor(announcer: Announcer, notify: (title: string, words: string) => void) {
    this.#announcer = announcer;
    this.#notify = notify;
  }

  set title(title: string) {
    this.#tab.title = title;
  }

  paint({ safe, size }: UploadTotals, busy: boolean): void {
    const share = size === 0 ? 1 : safe / size;
    this.#tab.show(formatPercent(share, 1), busy ? share : null);
    if (busy) this.#announcer.progress(safe, size);
  }

  /** Nothing is left to send. */
  ended(totals: UploadTotals): void {
    const words = endWords(totals);
    this.#announcer.say(words);
    this.#notify(t(totals.failed > 0 ? "notice_failed" : "notice"), words);
  }
}
