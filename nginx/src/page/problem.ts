import { need, setHidden, setText } from "./dom";
import { onLanguage } from "./i18n";

/** What stands in the bar at the lower edge when something is wanted of the person, or went other than expected. */
export class Problem {
  readonly #box = need("problem");
  #words: () => string = () => "";
  /** Bytes that are safe while it stands there; null where it stays until there is another. */
  #safe: number | null = null;

  constructor() {
    onLanguage(() => this.show(this.#words, this.#safe));
  }

  /** `words` in the language of the moment; empty ones hide it. Given `safe`, it goes as soon as more bytes are safe. */
  readonly show = (words: () => string, safe: number | null = null): void => {
    this.#words = words;
    this.#safe = safe;
    setText(this.#box, words());
    setHidden(this.#box, words() === "");
  };

  moved(safe: number): void {
    if (this.#safe !== null && safe > this.#safe) this.show(() => "");
  }
}
