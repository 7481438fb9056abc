// Time to think better of it: what is to be taken back goes when some seconds are over, or the page is left.

/** Milliseconds. */
const GRACE_MS = 6_000;

export class TakingBack<T> {
  readonly #waiting = new Map<T, number>();
  readonly #act: (thing: T) => void;

  /** `act` takes a thing back for good. It must work while the page is being left. */
  constructor(act: (thing: T) => void) {
    this.#act = act;
    addEventListener("pagehide", () => {
      for (const thing of [...this.#waiting.keys()]) this.#end(thing);
    });
  }

  has(thing: T): boolean {
    return this.#waiting.has(thing);
  }

  /** Begins, or thinks better of it. */
  toggle(thing: T): void {
    const timer = this.#waiting.get(thing);
    clearTimeout(timer);
    if (!this.#waiting.delete(thing)) {
      this.#waiting.set(thing, Number(setTimeout(() => this.#end(thing), GRACE_MS)));
    }
  }

  #end(thing: T): void {
    clearTimeout(this.#waiting.get(thing));
    this.#waiting.delete(thing);
    this.#act(thing);
  }
}
