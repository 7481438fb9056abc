import { need } from "./dom";
import { formatPercent } from "./format";
import { t } from "./i18n";

/** Speaks to screen readers, politely and seldom: start, quarters, end, troubles. */
export class Announcer {
  readonly #live = need("live");
  #quarter = 0;

  readonly say = (words: string): void => {
    this.#live.textContent = words;
  };

  started(files: number): void {
    this.#quarter = 0;
    this.say(t("said_started", { count: files }));
  }

  /** `safe` of `size` bytes are on the server. */
  progress(safe: number, size: number): void {
    const quarter = size === 0 ? 0 : Math.floor((safe / size) * 4);
    if (quarter > this.#quarter && quarter < 4) {
      this.say(t("said_quarter", { percent: formatPercent(quarter, 4) }));
    }
    this.#quarter = Math.max(this.#quarter, quarter);
  }
}
