// A speed limit shared by everything that is sent: a bucket that fills at the limited rate and may be overdrawn once, so that
// a chunk goes whole and the wait comes after it.

import type { Clock } from "../ports";
import { childController } from "./task-pool";

/** Seconds' worth of bytes that may be saved up while nothing is sent. */
const SAVED_SECONDS = 0.5;

export class SpeedLimit {
  readonly #clock: Clock;
  /** Bytes per second, or null for none. */
  #rate: number | null = null;
  #level = 0;
  #filledAt = 0;
  #changed = new AbortController();
  /** Those who wait go one after the other, in the order they came. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bytesPerSecond(): number | null {
    return this.#rate;
  }

  /** Counts at once, also for what already waits. Null or 0 lifts the limit. */
  set(bytesPerSecond: number | null): void {
    this.#fill();
    this.#rate = bytesPerSecond !== null && bytesPerSecond > 0 ? bytesPerSecond : null;
    this.#level = Math.min(this.#level, 0);
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  /** Resolves when `bytes` may be sent; rejects with `aborted` when the signal fires. */
  take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#rate === null) return Promise.resolve();
    const turn = this.#queue.then(() => this.#wait(bytes, signal));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #wait(bytes: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const milliseconds = this.#untilNotOverdrawn();
      if (milliseconds <= 0) break;
      const { controller, release } = childController(signal);
      const changed = this.#changed.signal;
      const wake = (): void => controller.abort();
      changed.addEventListener("abort", wake);
      await this.#clock
        .sleep(milliseconds, controller.signal)
        .catch((error: unknown) => {
          if (signal.aborted || !changed.aborted) throw error;
        })
        .finally(() => {
          changed.removeEventListener("abort", wake);
          release();
        });
    }
    this.#level -= bytes;
  }

  #untilNotOverdrawn(): number {
    this.#fill();
    return this.#rate === null || this.#level > -1 ? 0 : (-this.#level / this.#rate) * 1_000;
  }

  #fill(): void {
    const now = this.#clock.now();
    const rate = this.#rate ?? 0;
    this.#level = Math.min(this.#level + (rate * (now - this.#filledAt)) / 1_000, rate * SAVED_SECONDS);
    this.#filledAt = now;
  }
}
