// What a desk says on its first day: that mail is not set up, once, and that somebody can be shown around.

import { make, makeButton, need } from "../../page/dom";
import { t } from "../i18n";
import { SETTINGS_ADDRESS } from "../places";
import { sendsMail, standing, textOf } from "./standing";
import { Tour } from "./tour";

const KEPT = "droppr-first-day";

/** What this browser was told and does not have to be told again. */
type Told = "mail" | "address" | "tour";

export class FirstDay {
  readonly #place = need("first-day");
  readonly #tour = new Tour();

  constructor() {
    const button = need("show-tour", HTMLButtonElement);
    button.addEventListener("click", () => this.#show(button));
    button.hidden = false;
  }

  async start(hasLinks: boolean): Promise<void> {
    if (!hasLinks && !told("tour")) this.#offerTour();
    const known = await standing();
    if (known === null) return;
    if (!sendsMail(known)) this.#notice("mail", t("no_mail"), "set-mail");
    else if (textOf(known, "public_url") === "") this.#notice("address", t("no_address"), "set-links");
  }

  #notice(what: Told, words: string, part: string): void {
    if (told(what)) return;
    const link = make("a", { className: "button slim", text: t("set_up") });
    link.href = `${SETTINGS_ADDRESS}#${part}`;
    this.#say(what, words, "warn", link);
  }

  #offerTour(): void {
    const begin = makeButton(t("show_around"), "slim", () => {
      this.#done("tour", begin);
      this.#show(need("show-tour", HTMLButtonElement));
    });
    this.#say("tour", t("new_here"), "", begin);
    // One of the two is enough.
    need("show-tour").hidden = true;
  }

  #say(what: Told, words: string, kind: string, way: HTMLElement): void {
    const later = makeButton(t("not_now"), "slim", () => {
      this.#done(what, later);
      need("links-title").focus();
    });
    const row = make("div", { className: "row" }, way, later);
    this.#place.append(
      make("div", { className: `notice first-day ${kind}` }, make("span", { text: words }), row),
    );
    this.#place.hidden = false;
  }

  #done(what: Told, inside: HTMLElement): void {
    note(what);
    if (what === "tour") need("show-tour").hidden = false;
    inside.closest(".first-day")?.remove();
    this.#place.hidden = this.#place.childElementCount === 0;
  }

  /** Whoever asks for it has seen it: it is not offered again. */
  #show(from: HTMLElement): void {
    note("tour");
    for (const each of this.#place.querySelectorAll(".first-day:not(.warn)")) each.remove();
    this.#tour.start(from);
  }
}

function told(what: Told): boolean {
  return kept().includes(what);
}

function note(what: Told): void {
  try {
    localStorage.setItem(KEPT, [...new Set([...kept(), what])].join(" "));
  } catch {
    // A browser that keeps nothing is told again.
  }
}

function kept(): string[] {
  try {
    return (localStorage.getItem(KEPT) ?? "").split(" ").filter((each) => each !== "");
  } catch {
    return [];
  }
}
