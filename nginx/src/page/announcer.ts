import type { UploadTotals } from "../utils/upload-manager";
import { need } from "./dom";
import { countOf } from "./format";

/** Speaks to screen readers, politely and seldom: start, quarters, end, troubles. */
export class Announcer {
  readonly #live = need("live", HTMLElement);
  #quarter = 0;

  say(words: string): void {
    this.#live.textContent = words;
  }

  started(files: number): void {
    this.#quarter = 0;
    this.say(`Sending ${countOf(files, "file")}.`);
  }

  progress({ loaded, size }: UploadTotals): void {
    const quarter = size === 0 ? 0 : Math.floor((loaded / size) * 4);
    if (quarter > this.#quarter && quarter < 4) this.say(`${quarter * 25} percent sent.`);
    this.#quarter = Math.max(this.#quarter, quarter);
  }
}
