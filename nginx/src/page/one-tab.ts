// One tab at a time sends to a link: two would share the line, and continue the same uploads against each other.

/** Calls `onTurn(true)` when this tab may send and `onTurn(false)` while another one does. */
export class OneTab {
  readonly #name: string;
  readonly #onTurn: (mine: boolean) => void;
  #release: (() => void) | null = null;
  #asked = false;

  constructor(link: string, onTurn: (mine: boolean) => void) {
    this.#name = `droppr ${link}`;
    this.#onTurn = onTurn;
  }

  /**
   * Asks for the turn, if this tab does not have it. Where a browser has no locks, as over plain http, or none for this page, as in a
   * frame that may keep nothing, every tab may send.
   */
  take(): void {
    if (this.#asked) return;
    this.#asked = true;
    const { locks } = navigator;
    const turn = locks?.request(this.#name, { ifAvailable: true }, (lock) => {
      if (lock !== null) return this.#hold();
      this.#onTurn(false);
      void locks.request(this.#name, () => this.#hold());
      return undefined;
    });
    (turn ?? Promise.reject()).catch(() => this.#hold());
  }

  /** Nothing is left to send: the next tab may. */
  give(): void {
    this.#asked = false;
    this.#release?.();
    this.#release = null;
  }

  #hold(): Promise<void> {
    // What waited may have been cancelled meanwhile.
    if (!this.#asked) return Promise.resolve();
    this.#onTurn(true);
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }
}
