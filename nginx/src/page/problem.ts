import { need, setHidden, setText } from "./dom";
import { onLanguage } from "./i18n";

/** What stands above the list when something is wanted of the person, or went other than expected. */
export class Problem {
  readonly #box = need("problem");
  #words: () => string = () => "";

  constructor() {
    onLanguage(() => this.show(this.#words));
  }

  /** `words` in the language of the moment; empty ones hide it. */
  readonly show = (words: () => string): void => {
    this.#words = words;
    setText(this.#box, words());
    setHidden(this.#box, words() === "");
  };
}
