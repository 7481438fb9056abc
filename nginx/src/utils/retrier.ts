import { waitBefore } from "../core/backoff";
import { abortedError, exhausted, UploadError } from "../core/errors";
import type { Clock, Connectivity } from "../ports";

/** Asked to wait longer than this many seconds, we fail and tell the person instead. */
const MAX_RETRY_AFTER_SECONDS = 300;

/** A request under way, and how its last attempt failed. */
interface Trouble {
  last: UploadError | null;
}

/** Repeats what may pass. Shared by all requests of one upload, so that progress anywhere counts for all. */
export class Retrier {
  /** How many requests wait before their next attempt. */
  resting = 0;
  /** Called when one begins to wait: meanwhile another may go. */
  onRest: () => void = () => undefined;
  #moves = 0;
  #failing = 0;
  #running = 0;
  readonly #clock: Clock;
  readonly #maxRetries: number;
  readonly #connectivity: Connectivity | null;
  readonly #mayRetry: (error: UploadError, retries: number) => boolean;

  constructor(
    clock: Clock,
    maxRetries: number,
    connectivity: Connectivity | null = null,
    mayRetry: (error: UploadError, retries: number) => boolean = () => true,
  ) {
    this.#clock = clock;
    this.#maxRetries = maxRetries;
    this.#connectivity = connectivity;
    this.#mayRetry = mayRetry;
  }

  /** Whether nothing gets through: every request under way has failed and is being tried again. */
  get stuck(): boolean {
    return this.#running > 0 && this.#failing === this.#running;
  }

  /** Bytes were acknowledged: failures before now no longer count. */
  moved(): void {
    this.#moves += 1;
  }

  /** Runs `attempt` until it succeeds, fails for good, or fails `maxRetries` times in a row without progress. */
  async run<T>(
    attempt: (last: UploadError | null) => Promise<T>,
    signal = new AbortController().signal,
  ): Promise<T> {
    const trouble: Trouble = { last: null };
    this.#running += 1;
    try {
      return await this.#repeat(attempt, trouble, signal);
    } finally {
      this.#running -= 1;
      if (trouble.last !== null) this.#failing -= 1;
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
        await this.#connectivity?.whenOnline(signal);
        return await attempt(trouble.last);
      } catch (caught) {
        const error = this.#retryable(caught, signal);
        if (trouble.last === null) this.#failing += 1;
        trouble.last = error;
        const moved = seen !== this.#moves;
        if (moved) failures = 0;
        seen = this.#moves;
        // Without a network nothing was tried: it costs no retry, and the wait ends with the outage.
        if (error.status === 0 && this.#connectivity?.online === false) continue;
        if (!this.#mayRetry(error, failures)) throw error;
        if (waitsForItsTurn(error)) {
          await this.pause(failures, error, signal);
          continue;
        }
        // One connection broke while others get through: nobody is to be spared by waiting.
        if (error.status === 0 && moved) continue;
        if (failures >= this.#maxRetries) throw exhausted(error, this.#maxRetries);
        await this.pause(failures, error, signal);
        failures += 1;
      }
    }
  }

  /** Waits as long as failure number `failures` (from 0) deserves. */
  async pause(failures: number, error: UploadError, signal: AbortSignal): Promise<void> {
    this.resting += 1;
    this.onRest();
    try {
      await this.#clock.sleep(waitBefore(failures, error, this.#clock.random()), signal);
    } finally {
      this.resting -= 1;
    }
  }

  #retryable(caught: unknown, signal: AbortSignal): UploadError {
    if (signal.aborted) throw abortedError();
    if (!(caught instanceof UploadError) || !caught.retryable) throw caught;
    if ((caught.retryAfter ?? 0) > MAX_RETRY_AFTER_SECONDS) throw caught;
    return caught;
  }
}

/** The server is at a limit and has us in its queue: the turn comes, so waiting for it is no failure. */
function waitsForItsTurn({ code, details, retryAfter }: UploadError): boolean {
  return code === "busy" && typeof details.reason === "string" && retryAfter !== null;
}
