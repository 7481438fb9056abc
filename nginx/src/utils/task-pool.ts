/** Tasks that run together until one fails, several at once, as many as `room` says whenever it is asked. */
export class TaskPool {
  readonly #next: () => (() => Promise<void>) | null;
  readonly #room: () => number;
  readonly #stop: AbortController;
  #active = 0;
  #failures: unknown[] = [];
  #settle: (() => void) | null = null;

  constructor(next: () => (() => Promise<void>) | null, room: () => number, stop: AbortController) {
    this.#next = next;
    this.#room = room;
    this.#stop = stop;
  }

  /**
   * Runs the tasks `next` hands out until it returns null. The first failure fires `stop`, hands out no more, and is thrown
   * once every running task has ended: nothing goes on in the background.
   */
  async run(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.fill();
    });
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Starts what there is room for. To be called when the room may have grown. */
  fill(): void {
    while (!this.#stop.signal.aborted && this.#active < Math.max(1, this.#room())) {
      const task = this.#next();
      if (task === null) break;
      void this.#start(task);
    }
    if (this.#active === 0) this.#settle?.();
  }

  async #start(task: () => Promise<void>): Promise<void> {
    this.#active += 1;
    try {
      await task();
    } catch (error) {
      this.#failures.push(error);
      this.#stop.abort();
    }
    this.#active -= 1;
    this.fill();
  }
}

/** A controller that fires with `parent` and can fire alone. `release` lets go of the parent. */
export function childController(parent: AbortSignal): { controller: AbortController; release: () => void } {
  const controller = new AbortController();
  const follow = (): void => controller.abort();
  if (parent.aborted) follow();
  parent.addEventListener("abort", follow);
  return { controller, release: () => parent.removeEventListener("abort", follow) };
}
