// Keeps an upload from dying in silence: the screen stays on, leaving asks first, and a phone that slept goes on.

export interface Sleeper {
  /** Whether something is being sent. */
  readonly busy: () => boolean;
  /** The page is looked at again, or the line is back: what stands still may go on. */
  readonly onReturn: () => void;
}

export class WakeLock {
  readonly #sleeper: Sleeper;
  #lock: WakeLockSentinel | null = null;
  #asking = false;

  constructor(sleeper: Sleeper) {
    this.#sleeper = sleeper;
    addEventListener("beforeunload", (event) => {
      if (sleeper.busy()) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      // The browser takes the lock away from a page that is not seen.
      void this.keep();
      sleeper.onReturn();
    });
    addEventListener("online", () => sleeper.onReturn());
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) sleeper.onReturn();
    });
  }

  /** Takes or gives back the lock, by whether something is being sent. */
  async keep(): Promise<void> {
    const wanted = this.#sleeper.busy();
    if (wanted === (this.#lock !== null) || this.#asking) return;
    if (!wanted) {
      await this.#lock?.release();
      this.#lock = null;
      return;
    }
    if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    this.#asking = true;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
      this.#lock.addEventListener("release", () => {
        this.#lock = null;
      });
    } catch {
      // Refused, on low battery for one: the upload goes on, only the screen may go dark.
      this.#lock = null;
    } finally {
      this.#asking = false;
    }
  }
}
