// How many files are new while nobody looks at the page: the window's title goes on telling it, a minute late at most.

const PAUSE_MS = 60_000;

export class Behind {
  readonly #count: () => Promise<number>;
  readonly #tell: (files: number) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isAsking = false;

  /** `count` asks the server; what fails is asked again after the next pause. */
  constructor(count: () => Promise<number>, tell: (files: number) => void) {
    this.#count = count;
    this.#tell = tell;
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  #follow(): void {
    clearInterval(this.#timer);
    if (document.hidden) this.#timer = setInterval(() => void this.#ask(), PAUSE_MS);
  }

  async #ask(): Promise<void> {
    // A line that is slow is not asked twice at once.
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const files = await this.#count();
      if (document.hidden) this.#tell(files);
    } catch {
      // Whoever comes back is told what is wrong.
    } finally {
      this.#isAsking = false;
    }
  }
}
