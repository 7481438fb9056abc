// What is wanted next, at the lower edge: Send, and what is still missing for it. On phones, how far all of it is as well.

import type { UploadItem, UploadTotals } from "../utils/upload-manager";
import { need, setHidden, setText } from "./dom";
import { formatBytes, formatPercent } from "./format";
import { currentLanguage, isolate, t } from "./i18n";
import { endWords } from "./total-panel";

export interface Ready {
  readonly items: readonly UploadItem[];
  /** Empty folders that wait. */
  readonly folders: number;
}

export class SendBar {
  readonly #row = need("send-row");
  readonly #percent = need("send-percent");
  readonly #text = need("send-text");
  readonly #send = need("send", HTMLButtonElement);
  readonly #form = need("gate", HTMLFormElement);
  #sentAt = Number.NEGATIVE_INFINITY;
  /** Whether the words on how all of it ended can be seen where they stand. */
  #endSeen = false;

  constructor(paint: () => void) {
    new IntersectionObserver((all) => {
      this.#endSeen = all.at(-1)?.isIntersecting === true;
      paint();
    }).observe(need("finished"));
    // The list's own buttons, which may be far away.
    for (const [mine, other] of BUTTONS) {
      need(mine).addEventListener("click", ({ timeStamp }) => {
        // The second of two clicks on Send is not meant for what has come to its place.
        if (timeStamp - this.#sentAt > SECOND_CLICK_MS) need(other).click();
      });
    }
    this.#form.addEventListener("submit", ({ timeStamp }) => {
      this.#sentAt = timeStamp;
    });
    this.#form.addEventListener("input", () => paint());
  }

  /** `ready` is what waits to be sent until the person says so; null once they did. */
  paint(totals: UploadTotals, ready: Ready | null): void {
    const words = ready && sendWords(ready);
    const { waiting, going, paused, done, failed, files, safe, size } = totals;
    const moves = ready === null && waiting + going + paused > 0;
    const over = ready === null && !moves && done + failed > 0 && !this.#endSeen;
    setHidden(this.#row, words === null && !moves && !over);
    // Where there is room, the panel above the list tells it.
    this.#row.classList.toggle("told", words === null);
    setHidden(this.#send, words === null);
    if (words !== null) setText(this.#send, words);
    setHidden(this.#percent, !moves);
    setText(this.#percent, formatPercent(size === 0 ? Number(done === files) : safe / size, 1));
    setText(this.#text, this.#words(totals, words, moves));
    setHidden(this.#text, this.#text.textContent === "");
    for (const [mine, other] of BUTTONS) setHidden(need(mine), !moves || need(other).hidden !== false);
  }

  #words(totals: UploadTotals, send: string | null, moves: boolean): string {
    const { done, files: count } = totals;
    if (moves) return t("total", { done, count });
    if (send === null) return done + totals.failed > 0 ? endWords(totals) : "";
    const missing = this.#missing();
    if (missing.length === 0) return "";
    return t("missing", { fields: new Intl.ListFormat(currentLanguage()).format(missing) });
  }

  /** By what the fields are called that have to be filled in yet. */
  #missing(): string[] {
    // A group of fields is one of its elements as well, and always valid.
    const all = [...this.#form.elements] as HTMLInputElement[];
    const fields = all.filter(({ validity }) => validity?.valid === false);
    return fields.flatMap(({ labels }) => {
      const label = labels?.[0];
      const name = label?.querySelector("[data-t], bdi")?.textContent?.trim();
      return name ? [isolate(name)] : [];
    });
  }
}

const SECOND_CLICK_MS = 1_000;
const BUTTONS = [
  ["send-pause", "pause-all"],
  ["send-resume", "resume-all"],
] as const;

/** "Send 3 files (4 MB)"; null where nothing waits. */
function sendWords({ items, folders }: Ready): string | null {
  let [count, bytes] = [0, 0];
  for (const { state, file } of items) {
    if (state !== "waiting") continue;
    count += 1;
    bytes += file.size;
  }
  if (count > 0) return t("send", { count, size: formatBytes(bytes) });
  return folders > 0 ? t("send_folders", { count: folders }) : null;
}
