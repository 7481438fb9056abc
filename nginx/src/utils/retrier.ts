import { waitBefore } from "../core/backoff";
import { abortedError, exhausted, UploadError } from "../core/errors";
import type { Clock } from "../ports";

/** Asked to wait longer than this many seconds, we fail and tell the person instead. */
const LONGEST_RETRY_AFTER = 300;

/** A request under way, and how its last attempt failed. */
interface Trouble {
  last: UploadError | null;
}

/** Repeats what may pass. Shared by all requests of one upload, so that progress anywhere counts for all. */
export class Retrier {
  #moves = 0;
  readonly #running = new Set<Trouble>();
  readonly #clock: Clock;
  readonly #maxRetries: number;

  constructor(clock: Clock, maxRetries: number) {
    this.#clock = clock;
    this.#maxRetries = maxRetries;
  }

  /** Whether nothing gets through: every request under way has failed and is being tried again. */
  get stuck(): boolean {
    return this.#running.size > 0 && [...this.#running].every(({ last }) => last !== null);
  }

  /** Bytes were acknowledged: failures before now no longer count. */
  moved(): void {
    this.#moves += 1;
  }

  /** Runs `attempt` until it succeeds, fails for good, or fails `maxRetries` times in a row without progress. */
  async run<T>(attempt: (last: UploadError | null) => Promise<T>, signal: AbortSignal): Promise<T> {
    const trouble: Trouble = { last: null };
    this.#running.add(trouble);
    try {
      return await this.#repeat(attempt, trouble, signal);
    } finally {
      this.#running.delete(trouble);
    }
  }

  async #repeat<T>(
    attempt: (last: UploadError | null) => Promise<T>,
    trouble: Trouble,
    signal: AbortSignal,
  ): Promise<T> {
    let failures = 0;
    let seen = this.#moves;
    for (;;) {
      try {
        return await attempt(trouble.last);
      } catch (caught) {
        trouble.last = this.#retryable(caught, signal);
        if (seen !== this.#moves) failures = 0;
        seen = this.#moves;
        if (failures >= this.#maxRetries) throw exhausted(trouble.last, this.#maxRetries);
        await this.pause(failures, trouble.last, signal);
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
