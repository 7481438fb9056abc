import type { Clock } from "../ports";

/** Asks again and again while somebody looks: never twice at once, never while the page is hidden. */
export class Poller {
  readonly #ask: (signal: AbortSignal, isFirst: boolean) => Promise<void>;
  readonly #clock: Pick<Clock, "sleep">;
  readonly #pauseMs: number;
  #running: AbortController | null = null;
  #wanted = false;
  #isDue = false;
  #wake: () => void = () => undefined;

  /**
   * `ask` deals with its own failures; one that it throws all the same ends the round, not the asking. It is told whether somebody has
   * just begun to look, or wants to see what they have changed.
   */
  constructor(
    ask: (signal: AbortSignal, isFirst: boolean) => Promise<void>,
    clock: Pick<Clock, "sleep">,
    pauseMs: number,
  ) {
    this.#ask = ask;
    this.#clock = clock;
    this.#pauseMs = pauseMs;
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  /** Asks at once, then after every pause; starting again asks at once, too. */
  start(): void {
    this.#wanted = true;
    this.#follow();
  }

  /** Asks now in place of after the pause. */
  soon(): void {
    this.#isDue = true;
    this.#wake();
  }

  stop(): void {
    this.#wanted = false;
    this.#follow();
  }

  #follow(): void {
    this.#running?.abort();
    this.#running = null;
    if (!this.#wanted || document.hidden) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        await this.#ask(signal, isFirst);
        await this.#rest(signal);
      } catch (error) {
        if (signal.aborted) return;
        console.error(error);
        await this.#clock.sleep(this.#pauseMs, signal).catch(() => undefined);
      }
    }
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const woken = new Promise<void>((wake) => {
      this.#wake = wake;
      if (this.#isDue) wake();
    });
    await Promise.race([this.#clock.sleep(this.#pauseMs, signal), woken]);
    this.#isDue = false;
  }
}
