// What this browser sent to the link on earlier visits: what arrived when, its receipt, and the way to take it back.

import { UploadError } from "../core/errors";
import type { Clock } from "../ports";
import { FORGOTTEN } from "./asked/sender-key";
import { make, makeButton, need, setHidden } from "./dom";
import { formatBytes, formatDate, formatTime } from "./format";
import { joined, onLanguage, t } from "./i18n";
import type { LinkApi } from "./link-api";
import { reasonFor } from "./reasons";
import { guardSecondClick } from "./second-click";
import type { Batch, SentFile, SentStore } from "./sent-store";
import { TakingBack } from "./taking-back";
import "./plain.css";
import "./earlier.css";

interface Needs {
  readonly api: LinkApi;
  readonly store: SentStore;
  readonly clock: Clock;
  /** The batch of this visit is shown by the page itself. */
  readonly visit: number;
  readonly say: (words: string) => void;
  readonly onProblem: (words: () => string) => void;
  readonly onForgotten: () => void;
}

type Fields = Readonly<Record<string, unknown>>;
const NEVER = new AbortController().signal;
const NOBODY_WAITS = (): void => undefined;

export class Earlier {
  readonly #needs: Needs;
  readonly #leaving = new TakingBack<string>((id) => void this.#takeBack(id));
  readonly #open = new Set<number>();

  constructor(needs: Needs) {
    this.#needs = needs;
    const forget = makeButton(t("forget_here"), "slim", () => this.#forget());
    forget.dataset.t = "forget_here";
    const text = make("span", { className: "quiet small", text: t("forget_text") });
    text.dataset.t = "forget_text";
    need("earlier").append(make("div", { className: "row" }, forget, text));
    guardSecondClick(need("earlier-list"));
    onLanguage(() => this.#paint());
    this.#paint();
    void this.#settle();
  }

  get #batches(): readonly Batch[] {
    const { store, clock, visit } = this.#needs;
    return store.load(clock.now()).batches.filter(({ at }) => at !== visit);
  }

  /** Where nothing of a batch can be taken back any more, the receipt takes the place of what could do it. */
  async #settle(): Promise<void> {
    const { api } = this.#needs;
    for (const batch of this.#batches) {
      const ids = idsOf(batch);
      if (ids.length === 0 || batch.files.some((file) => this.#mayGo(file))) continue;
      try {
        const receipt = await api.receipt(ids, NEVER, NOBODY_WAITS);
        this.#keep({ ...bare(batch), receipt });
      } catch (error) {
        // The link is gone, and what was sent with it; where the server cannot be asked now, the next visit does.
        if (error instanceof UploadError && error.status === 404) this.#keep(bare(batch));
      }
    }
    this.#paint();
    this.#settleLater();
  }

  /** In place of what is kept of it, unless that was forgotten while the server was asked. */
  #keep(batch: Batch): void {
    const { clock, store } = this.#needs;
    const now = clock.now();
    if (store.load(now).batches.some(({ at }) => at === batch.at)) store.put(now, batch);
  }

  #settleLater(): void {
    const now = this.#needs.clock.now();
    const ends = this.#batches.flatMap(({ files }) => files.map(({ id, until }) => (id ? (until ?? 0) : 0)));
    const next = Math.min(...ends.filter((end) => end > now));
    if (Number.isFinite(next)) setTimeout(() => void this.#settle(), next - now + 1_000);
  }

  #mayGo({ id, until }: SentFile): boolean {
    return id !== "" && until !== null && this.#needs.clock.now() < until;
  }

  async #takeBack(id: string): Promise<void> {
    const { api, store, clock, onProblem, say } = this.#needs;
    const path = this.#batches.flatMap(({ files }) => files).find((file) => file.id === id)?.path ?? "";
    try {
      await api.takeBack(id);
      store.change(clock.now(), (sent) => ({
        ...sent,
        batches: sent.batches.map((batch) => ({
          ...batch,
          files: batch.files.filter((file) => file.id !== id),
        })),
      }));
      say(`${path}: ${t("taken_back")}`);
    } catch (error) {
      onProblem(() => `${t("undo_failed", { path })} ${reasonFor(error)}`);
    }
    this.#paint();
  }

  #forget(): void {
    this.#needs.store.forget();
    dispatchEvent(new Event(FORGOTTEN));
    this.#needs.onForgotten();
    this.#paint();
    need("choose").focus();
  }

  async #showReceipt(batch: Batch): Promise<void> {
    const { showReceipt } = await import("./receipt");
    const { receipt } = batch;
    await showReceipt((signal, onWait): Promise<Fields> => {
      return receipt === undefined
        ? this.#needs.api.receipt(idsOf(batch), signal, onWait)
        : Promise.resolve(receipt);
    });
  }

  #paint(): void {
    const batches = this.#batches.toReversed();
    setHidden(need("earlier"), batches.length === 0);
    need("earlier-list").replaceChildren(...batches.map((batch) => this.#item(batch)));
  }

  #item(batch: Batch): HTMLElement {
    const { at, files } = batch;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const summary = make("summary", {
      text: joined([formatDate(at), t("files", { count: files.length }), formatBytes(bytes)]),
    });
    const rows = files.map((file) => this.#row(file));
    const details = make("details", {}, summary, make("ul", { className: "plain" }, ...rows));
    details.open = this.#open.has(at);
    details.addEventListener("toggle", () => {
      if (details.open) this.#open.add(at);
      else this.#open.delete(at);
    });
    const item = make("li", {}, details);
    if (batch.receipt !== undefined || idsOf(batch).length > 0) {
      item.append(makeButton(t("receipt_show"), "slim", () => void this.#showReceipt(batch)));
    }
    return item;
  }

  #row(file: SentFile): HTMLElement {
    const { path, size, id, until } = file;
    const leaving = this.#leaving.has(id);
    const state = leaving ? [t("taking_back")] : [];
    if (!leaving && this.#mayGo(file)) state.push(t("take_back_until", { time: formatTime(until ?? 0) }));
    const name = make("bdi", { className: "strong", text: path });
    const about = make("span", { className: "quiet small", text: joined([formatBytes(size), ...state]) });
    const row = make("li", {}, make("span", {}, name, make("br"), about));
    if (leaving || this.#mayGo(file)) {
      const words = t(leaving ? "undo" : "take_back");
      const button = makeButton(words, "slim", () => {
        const at = [...need("earlier-list").querySelectorAll("button")].indexOf(button);
        this.#leaving.toggle(id);
        this.#paint();
        need("earlier-list").querySelectorAll("button")[at]?.focus({ preventScroll: true });
        this.#needs.say(`${path}: ${t(this.#leaving.has(id) ? "taking_back" : "arrived")}`);
      });
      button.setAttribute("aria-label", `${words}: ${path}`);
      button.dataset.id = id;
      row.append(button);
    }
    return row;
  }
}

function idsOf({ files }: Batch): string[] {
  return files.flatMap(({ id }) => (id === "" ? [] : [id]));
}

/** Without what can delete. */
function bare(batch: Batch): Batch {
  return { ...batch, files: batch.files.map((file) => ({ ...file, id: "", until: null })) };
}
