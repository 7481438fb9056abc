// How the list of files looks: loaded when the person does the first thing, which may be to choose some.

import { once } from "./once";

const FIRST_THINGS = ["pointerdown", "keydown", "dragenter"] as const;

export class LateLook {
  /** Whether the list can be shown: its styles are there, or do not come. */
  ready = false;
  readonly #load = once(() => import("../sending.css"));
  readonly #paint: () => void;

  constructor(paint: () => void) {
    this.#paint = paint;
    for (const each of FIRST_THINGS) addEventListener(each, () => this.load(), { once: true });
  }

  load(): void {
    const show = (): void => {
      this.ready = true;
      this.#paint();
    };
    this.#load().then(show, show);
  }
}
