// How far all of it is. The percentage and the bar are what is safe on the server; what was merely sent runs ahead, paler.

import type { UploadTotals } from "../utils/upload-manager";
import { makeIcon, need, setHidden, setText, showIcon } from "./dom";
import { formatBytes, formatPercent } from "./format";
import { joined, t } from "./i18n";
import { speedWords } from "./speed-words";

export interface PanelActions {
  readonly pauseAll: () => void;
  readonly resumeAll: () => void;
  readonly retryAll: () => void;
  readonly cancelAll: () => void;
}

/** How long the second click that cancels everything is waited for. */
const SURE_MS = 5_000;

export class TotalPanel {
  readonly #box = need("total");
  readonly #percent = need("percent");
  readonly #text = need("total-text");
  readonly #bar = need("total-bar", HTMLProgressElement);
  readonly #sent = need("total-sent");
  readonly #hint = need("total-hint");
  readonly #finished = need("finished");
  readonly #finishedText = need("finished-text");
  readonly #sign = makeIcon("check");
  readonly #receipt = need("receipt-show");
  readonly #pauseAll = need("pause-all", HTMLButtonElement);
  readonly #resumeAll = need("resume-all", HTMLButtonElement);
  readonly #retryAll = need("retry-all", HTMLButtonElement);
  readonly #cancelAll = need("cancel-all", HTMLButtonElement);
  #sure = 0;

  constructor(actions: PanelActions) {
    this.#finished.prepend(this.#sign);
    this.#pauseAll.addEventListener("click", actions.pauseAll);
    this.#resumeAll.addEventListener("click", actions.resumeAll);
    this.#retryAll.addEventListener("click", actions.retryAll);
    this.#cancelAll.addEventListener("click", () => this.#askTwice(actions.cancelAll));
  }

  /** `going`: files are let go at all, rather than waiting for a password or for another tab. */
  paint(totals: UploadTotals, going: boolean): void {
    const { files, done, failed, paused, waiting, safe, size } = totals;
    const under = waiting + totals.going;
    const over = under === 0 && paused === 0 && done + failed > 0;
    setHidden(this.#finished, !over);
    this.#finished.classList.toggle("bad", failed > 0);
    showIcon(this.#sign, failed > 0 ? "alert" : "check");
    setHidden(this.#receipt, done === 0);
    setHidden(need("more"), over && done > 0 && failed === 0);
    // Before anything may go there is nothing to tell yet.
    setHidden(this.#box, over || under + paused === 0 || (!going && totals.loaded === 0 && paused === 0));
    if (over) setText(this.#finishedText, endWords(totals));
    const share = size === 0 ? Number(files > 0 && done === files) : safe / size;
    setText(this.#percent, formatPercent(share, 1));
    if (this.#bar.value !== share) this.#bar.value = share;
    this.#sent.style.inlineSize = `${size === 0 ? 0 : (totals.loaded / size) * 100}%`;
    setText(this.#text, totalWords(totals, going));
    setHidden(this.#hint, !going || under === 0);
    setHidden(this.#pauseAll, !going || under === 0);
    setHidden(this.#resumeAll, paused === 0);
    setHidden(this.#retryAll, failed < 2 || under > 0);
    setHidden(this.#cancelAll, under + paused < 2);
  }

  /** One click too many must not throw hours away, and a question in the middle of the page is more than it takes. */
  #askTwice(cancel: () => void): void {
    const sure = this.#sure !== 0;
    clearTimeout(this.#sure);
    this.#paintSure(sure ? 0 : Number(setTimeout(() => this.#paintSure(0), SURE_MS)));
    if (sure) cancel();
  }

  #paintSure(timer: number): void {
    this.#sure = timer;
    setText(this.#cancelAll, t(timer === 0 ? "cancel_all" : "sure_cancel"));
    this.#cancelAll.classList.toggle("danger", timer !== 0);
  }
}

function totalWords(totals: UploadTotals, going: boolean): string {
  const { files, done, failed, waiting, safe, size, offline } = totals;
  const words = [t("total", { done, count: files })];
  if (failed > 0) words.push(t("total_failed", { count: failed }));
  if (!going || waiting + totals.going === 0) return joined(words);
  words.push(t("total_safe", { safe: formatBytes(safe), size: formatBytes(size) }));
  return joined([...words, ...speedWords({ ...totals, stuck: totals.stuck || offline })]);
}

export function endWords({ done, failed }: UploadTotals): string {
  const words = done === 0 ? [] : [t("done", { count: done })];
  words.push(failed === 0 ? t("done_more") : t("failed", { count: failed }));
  return words.join(" ");
}
