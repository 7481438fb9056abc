// Work that can be paused: what is under way is aborted, and the work begins again when it is resumed.

import { abortedError } from "../core/errors";
import { childController } from "./task-pool";

export class Pausable {
  /** Fires on `pause()`; the next one is made by `resume()`. */
  #going = new AbortController();
  #wake: () => void = () => undefined;

  get paused(): boolean {
    return this.#going.signal.aborted;
  }

  pause(): void {
    this.#going.abort();
  }

  resume(): void {
    if (!this.paused) return;
    this.#going = new AbortController();
    this.#wake();
  }

  /** Does `work` to its end, from its beginning after every pause, of which `onPause` is told. Rejects with `aborted` once `stop` has
   * fired. */
  async run(
    work: (signal: AbortSignal) => Promise<void>,
    stop: AbortSignal,
    onPause: () => void,
  ): Promise<void> {
    for (;;) {
      await this.#untilResumed(stop);
      const { controller, release } = childController(stop);
      const going = this.#going.signal;
      const pause = (): void => controller.abort();
      going.addEventListener("abort", pause);
      try {
        return await work(controller.signal);
      } catch (error) {
        if (!going.aborted || stop.aborted) throw error;
        onPause();
      } finally {
        going.removeEventListener("abort", pause);
        release();
      }
    }
  }

  async #untilResumed(stop: AbortSignal): Promise<void> {
    while (this.paused && !stop.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        stop.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    if (stop.aborted) throw abortedError();
  }
}
