// What is behind "More options", and the code of another device: loaded when files wait or the first one arrives, or when it is asked for.

import { need } from "./dom";
import type { LateApi } from "./late-api";
import type { MoreOptions, OptionsNeeds } from "./more-options";
import { once } from "./once";
import { reasonFor } from "./reasons";

interface Needs extends Omit<OptionsNeeds, "api"> {
  readonly api: LateApi;
  readonly paint: () => void;
}

export class LateOptions {
  #asked = false;
  readonly #needs: Needs;
  readonly #load: () => Promise<MoreOptions>;
  #options: MoreOptions | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#load = once(async () => {
      const [{ MoreOptions }, api] = await Promise.all([import("./more-options"), needs.api()]);
      this.#options = new MoreOptions({ ...needs, api });
      needs.paint();
      return this.#options;
    });
    need("more").addEventListener("toggle", () => this.#try());
    need("code-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.open(need("code-input", HTMLInputElement).value);
    });
  }

  /** Where nothing comes, offline perhaps, opening "More options" asks again. */
  load(): void {
    if (!this.#asked) this.#try();
  }

  #try(): void {
    this.#asked = true;
    this.#load().catch(() => undefined);
  }

  /** Shows what another device was sending. */
  async open(code: string): Promise<void> {
    try {
      await (await this.#load()).open(code);
    } catch (error) {
      this.#needs.onProblem(() => reasonFor(error));
    }
  }

  /** A notice of the system, where it was asked for. */
  notify(title: string, words: string): void {
    this.#options?.notice.tell(title, words);
  }

  paint(): void {
    this.#options?.paint();
  }
}
