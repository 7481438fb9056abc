import { abortedError } from "../../src/core/errors";
import type { Clock } from "../../src/ports";

/** Time that passes only by sleeping, and at once. Remembers how long each sleep was. */
export class FakeClock implements Clock {
  at = 1_795_300_000_000;
  readonly slept: number[] = [];
  /** Where set, sleeping waits for `wake`, so that a test can act meanwhile. */
  asleep: (() => void) | null = null;
  holdSleep = false;

  now(): number {
    return this.at;
  }

  random(): number {
    return 0;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.slept.push(ms);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(abortedError()));
      const wake = (): void => {
        this.at += ms;
        resolve();
      };
      if (this.holdSleep) this.asleep = wake;
      else wake();
    });
  }
}
