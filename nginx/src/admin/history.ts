// What has happened to a link, as far as its files tell: who sent how much when, and when it was made.

import { make, setAttribute, setText } from "../page/dom";
import { type Batch, batchesOf, namesWords, sentWords } from "./batches";
import { formatDate } from "./format";
import { t } from "./i18n";
import { KeyedList, type KeyedRow } from "./keyed";
import { clonedElement, part } from "./parts";
import { visibleName } from "./visible";
import { showTime } from "./when";
import type { ReceivedFile } from "./wire";

/** So many files are asked for; what is older is not told. */
export const HISTORY_FILES = 1_000;

export class History {
  readonly element = make("div");
  readonly #older = make("p", { className: "quiet" });
  readonly #rows: KeyedList<Batch, BatchRow>;

  constructor(createdAt: number) {
    const list = make("ul", { className: "received-list" });
    this.#rows = new KeyedList(
      list,
      (batch) => batch.id,
      () => new BatchRow(),
    );
    const made = make("p", { className: "quiet", text: t("link_made_on", { date: formatDate(createdAt) }) });
    this.element.append(list, this.#older, made);
  }

  /** Shows what became of the newest files, newest first, of `total` that there are; `nothing` says why there is none. */
  show(files: readonly ReceivedFile[], total: number, nothing: string): void {
    this.#rows.show(batchesOf(files));
    const left = total - files.length;
    const words = left > 0 ? t("before_that", { count: left }) : nothing;
    setText(this.#older, words);
    this.#older.hidden = left <= 0 && files.length > 0;
  }
}

class BatchRow implements KeyedRow<Batch> {
  readonly element = clonedElement("batch");
  readonly #sender = part(this.element, "sender", HTMLElement);
  readonly #sent = part(this.element, "sent", HTMLElement);
  readonly #names = part(this.element, "names", HTMLElement);
  readonly #time = part(this.element, "time", HTMLTimeElement);

  show(batch: Batch): void {
    setText(this.#sender, batch.sender === "" ? t("somebody") : visibleName(batch.sender));
    setText(this.#sent, sentWords(batch));
    const names = namesWords(batch);
    setText(this.#names, names);
    // One line may not hold them.
    setAttribute(this.#names, "title", names);
    if (this.#time.dateTime !== new Date(batch.to).toISOString()) showTime(this.#time, batch.to, formatDate);
  }
}
