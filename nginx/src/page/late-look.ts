// The list of files and how it looks: loaded when the person does the first thing, which may be to choose some.

import type { FileList } from "./file-list";
import { once } from "./once";

const FIRST_THINGS = ["pointerdown", "keydown", "dragenter"] as const;

export class LateLook {
  /** Whether what is sent can be shown: the list is there, or does not come. */
  ready = false;
  list: FileList | null = null;
  readonly #load: () => Promise<void>;
  readonly #paint: () => void;

  constructor(make: (made: typeof FileList) => FileList, paint: () => void) {
    this.#paint = paint;
    this.#load = once(async () => {
      this.list = make((await import("./file-list")).FileList);
    });
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
