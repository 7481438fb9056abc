import { waitBefore } from "../core/backoff";
import { abortedError, exhausted, UploadError } from "../core/errors";
import type { Clock } from "../ports";

/** Asked to wait longer than this many seconds, we fail and tell the person instead. */
const LONGEST_RETRY_AFTER = 300;

/** Repeats what may pass. Shared by all requests of one upload, so that progress anywhere counts for all. */
export class Retrier {
  #moves = 0;
  readonly #clock: Clock;
  readonly #maxRetries: number;

  constructor(clock: Clock, maxRetries: number) {
    this.#clock = clock;
    this.#maxRetries = maxRetries;
  }

  /** Bytes were acknowledged: failures before now no longer count. */
  moved(): void {
    this.#moves += 1;
  }

  /** Runs `attempt` until it succeeds, fails for good, or fails `maxRetries` times in a row without progress. */
  async run<T>(attempt: (last: UploadError | null) => Promise<T>, signal: AbortSignal): Promise<T> {
    let last: UploadError | null = null;
    let failures = 0;
    let seen = this.#moves;
    for (;;) {
      try {
        return await attempt(last);
      } catch (caught) {
        last = this.#retryable(caught, signal);
        if (seen !== this.#moves) failures = 0;
        seen = this.#moves;
        if (failures >= this.#maxRetries) throw exhausted(last, this.#maxRetries);
        await this.pause(failures, last, signal);
        failures += 1;
      }
    }
  }

  /** Waits as long as failure number `failures` (from 0) deserves. */
  async pause(failures: number, error: UploadError, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(waitBefore(failures, error, this.#clock.random()), signal);
  }

  #retryable(caught: unknown, signal: AbortSignal): UploadError {
    if (signal.aborted) throw abortedError();
    if (!(caught instanceof UploadError) || !caught.retryable) throw caught;
    if ((caught.retryAfter ?? 0) > LONGEST_RETRY_AFTER) throw caught;
    return caught;
  }
}
