// Which files are shown: by a part of the name, by sender, by type.

import { make, setText } from "../../page/dom";
import { t } from "../i18n";
import { clonedElement, optionOf, part } from "../parts";
import { visibleName } from "../visible";
import type { SenderFiles } from "../wire";
import { type Chosen, isFiltered } from "./view";

const PAUSE_MS = 200;
/** So few are seen at one glance. */
const MIN_FILES = 6;

export interface FilterPorts {
  readonly senders: () => Promise<readonly SenderFiles[]>;
  /** Another choice was made. */
  readonly changed: (choice: Chosen) => void;
}

export class Filters {
  readonly element = clonedElement("file-filters");
  readonly #search = part(this.element, "search", HTMLInputElement);
  readonly #sender = part(this.element, "by-sender", HTMLSelectElement);
  readonly #type = part(this.element, "by-type", HTMLSelectElement);
  readonly #repeated = part(this.element, "repeated", HTMLInputElement);
  readonly #ports: FilterPorts;
  /** The values of the options for senders, by their places. */
  #senders: readonly (string | null)[] = [null];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told = 0;

  constructor(ports: FilterPorts) {
    this.#ports = ports;
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.#search.addEventListener("input", () => this.#soon());
    this.#search.addEventListener("search", () => this.#tell());
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#search.value === "") return;
      event.preventDefault();
      this.#search.value = "";
      this.#tell();
    });
    for (const each of [this.#sender, this.#type, this.#repeated])
      each.addEventListener("change", () => this.#tell());
    this.#sender.addEventListener("pointerdown", () => void this.#offer());
    this.#sender.addEventListener("focus", () => void this.#offer());
  }

  focus(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** With so many files of the link in all. */
  show(files: number): void {
    this.element.hidden = files < MIN_FILES && !isFiltered(this.#choice);
    this.#told = files;
  }

  clear(): void {
    this.#search.value = "";
    this.#sender.selectedIndex = 0;
    this.#type.selectedIndex = 0;
    this.#repeated.checked = false;
    this.#tell();
  }

  get #choice(): Chosen {
    return {
      text: this.#search.value.trim(),
      sender: this.#senders[this.#sender.selectedIndex] ?? null,
      type: this.#type.value,
      repeated: this.#repeated.checked,
    };
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), PAUSE_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#ports.changed(this.#choice);
  }

  #offeredFor = -1;

  /** Who has sent is asked for when somebody wants to choose, and again where more has arrived. */
  async #offer(): Promise<void> {
    if (this.#offeredFor === this.#told) return;
    this.#offeredFor = this.#told;
    const found = await this.#ports.senders().catch(() => null);
    if (found === null) {
      this.#offeredFor = -1;
      return;
    }
    const chosen = this.#senders[this.#sender.selectedIndex] ?? null;
    const options = found.map(({ name, email, files }) => ({
      value: name ?? email ?? "",
      words: t("sender_files", { sender: visibleName(name ?? email ?? t("unknown_senders")), count: files }),
    }));
    const unique = options.filter(
      ({ value }, at) => options.findIndex((each) => each.value === value) === at,
    );
    this.#senders = [null, ...unique.map(({ value }) => value)];
    const everybody = make("option", { text: t("everybody") });
    everybody.value = "";
    this.#sender.replaceChildren(
      everybody,
      ...unique.map(({ words }, at) => {
        const option = optionOf(String(at));
        setText(option, words);
        return option;
      }),
    );
    this.#sender.selectedIndex = Math.max(0, this.#senders.indexOf(chosen));
  }
}
