// The picture that senders see: shown, exchanged and removed at once.

import { BASE } from "../../page/base";
import { make } from "../../page/dom";
import { t } from "../i18n";
import { acts, freshId, say, show } from "../parts";
import { errorWords } from "../words";
import { fixedNote } from "./field";
import type { Logo, Settings } from "./wire";

const MOST_BYTES = 256 * 1024;

export class LogoField {
  readonly element = make("div", { className: "field logo" });
  readonly #set: (picture: Blob | null) => Promise<Settings>;
  readonly #picture = make("img");
  readonly #none = make("span", { className: "quiet", text: t("server_logo_none") });
  readonly #file = make("input");
  readonly #remove = make("button", { className: "button slim", text: t("server_logo_remove") });
  readonly #problem = make("span", { className: "problem" });
  #shows = 0;

  constructor(logo: Logo, set: (picture: Blob | null) => Promise<Settings>) {
    const label = make("label", { className: "label", text: t("server_logo") });
    const hint = make("span", { className: "hint", text: t("server_logo_hint") });
    const isFixed = logo.source === "environment";
    this.#set = set;
    this.#picture.alt = t("server_logo_alt");
    this.#file.type = "file";
    this.#file.accept = "image/png,image/jpeg,image/webp,image/svg+xml";
    this.#file.id = freshId("logo");
    this.#file.hidden = isFixed;
    label.htmlFor = this.#file.id;
    hint.id = freshId("hint");
    this.#problem.id = freshId("problem");
    this.#problem.hidden = true;
    this.#file.setAttribute("aria-describedby", `${hint.id} ${this.#problem.id}`);
    this.#remove.type = "button";
    const row = make("div", { className: "row" }, this.#picture, this.#none, this.#file, this.#remove);
    this.element.append(label, row, hint, this.#problem);
    if (isFixed) this.element.append(fixedNote(logo.variable));
    this.#draw(logo);
    this.#file.addEventListener("change", () => void this.#choose());
    acts(this.#remove, async () => {
      await this.#send(null, t("server_logo_removed"));
      this.#file.focus();
    });
  }

  async #choose(): Promise<void> {
    const [picture] = this.#file.files ?? [];
    if (picture === undefined) return;
    if (picture.size > MOST_BYTES) show(this.#problem, t("server_logo_too_large"));
    else await this.#send(picture, t("server_logo_saved"));
    // So that the same file, mended, can be chosen again.
    this.#file.value = "";
  }

  async #send(picture: Blob | null, words: string): Promise<void> {
    show(this.#problem, "");
    try {
      this.#draw((await this.#set(picture)).logo);
      say(words);
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  #draw({ isShown, source }: Logo): void {
    this.#picture.hidden = !isShown;
    this.#none.hidden = isShown;
    this.#remove.hidden = source !== "page";
    this.#shows += 1;
    // Another address each time, or the browser shows the one before.
    if (isShown) this.#picture.src = `${BASE}/logo?shown=${this.#shows}`;
  }
}
