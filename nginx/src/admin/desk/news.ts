// When the list of links is worth asking for again: at once when something has happened, which a call of a few bytes tells; else now and
// then, for what makes no event. A list that takes long is asked for less often, however much happens.

/** What makes no event shows after so long, or after so many times as long as the list took, within a minute. */
const STALE_MS = 15_000;
const STALE_TIMES = 30;
const MOST_STALE_MS = 60_000;
/** A link's own page follows what is under way. */
const PAGE_MS = 5_000;
/** Of the time, a list may be asked for this part. */
const SHARE = 1 / 5;
const MOST_PAUSE_MS = 10_000;

export function parseNews(value: unknown): number {
  const { news } = value as { news?: unknown };
  if (typeof news !== "number") throw new TypeError("No number");
  return news;
}

export type Due = "list" | "page" | "nothing";

export class News {
  readonly #ask: (signal: AbortSignal) => Promise<number>;
  readonly #now: () => number;
  /** Of what the list was asked for last. */
  #known: number | null = null;
  #listed = Number.NEGATIVE_INFINITY;
  #shown = Number.NEGATIVE_INFINITY;
  #pause = 0;
  #staleAfter = STALE_MS;
  #isStale = false;

  /** `ask` answers with a number that is another one once anything has happened. */
  constructor(ask: (signal: AbortSignal) => Promise<number>, now: () => number = () => performance.now()) {
    this.#ask = ask;
    this.#now = now;
  }

  /** Something was seen otherwise that the list does not show yet. */
  stale(): void {
    this.#isStale = true;
  }

  /** What is due; with `isFirst` the list is, whatever there is. Throws what `ask` throws. */
  async due(signal: AbortSignal, isFirst: boolean): Promise<Due> {
    // Before the list, or what happens between the two would be missed.
    const news = await this.#ask(signal);
    const since = this.#now() - this.#listed;
    const changed = news !== this.#known || this.#isStale;
    if (isFirst || since >= this.#staleAfter || (changed && since >= this.#pause)) {
      this.#known = news;
      this.#isStale = false;
      return "list";
    }
    return this.#now() - this.#shown >= PAGE_MS ? "page" : "nothing";
  }

  /** Notes that what was due is shown; it was begun with at `began`. */
  done(due: Due, began: number): void {
    const now = this.#now();
    if (due !== "nothing") this.#shown = now;
    if (due !== "list") return;
    this.#listed = now;
    this.#pause = Math.min(MOST_PAUSE_MS, (now - began) / SHARE);
    this.#staleAfter = Math.min(MOST_STALE_MS, Math.max(STALE_MS, (now - began) * STALE_TIMES));
  }

  /** It could not be shown: it is due with the next look. */
  failed(): void {
    this.#known = null;
  }
}
