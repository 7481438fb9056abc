// A look around: short steps, each beside the real thing, which stays usable meanwhile.

import { make, makeButton, need, setText } from "../../page/dom";
import { t } from "../i18n";
import { freshId } from "../parts";

/** Beside what each step stands. */
const STEPS = [
  ["open-panel", "tour_make"],
  ["linking", "tour_send"],
  ["linking", "tour_see"],
  ["linking", "tour_take"],
  ["to-settings", "tour_set_up"],
] as const;
const POINTED = "data-toured";

export class Tour {
  #at = 0;
  #from: HTMLElement | null = null;
  readonly #element = make("section", { className: "card tour" });
  readonly #title = make("h2");
  readonly #text = make("p");
  readonly #step = make("span", { className: "quiet small" });
  readonly #back = makeButton(t("tour_back"), "slim", () => this.#go(this.#at - 1));
  readonly #next = makeButton(t("tour_next"), "slim primary", () => this.#forth());
  readonly #leave = makeButton(t("tour_leave"), "slim", () => this.leave());
  /** Where the desk is left, the tour ends: what it points at is not there any more. */
  readonly #watch = new MutationObserver(() => {
    if (need("desk").hidden) this.#end();
  });

  constructor() {
    this.#title.id = freshId("tour");
    this.#title.tabIndex = -1;
    this.#element.setAttribute("aria-labelledby", this.#title.id);
    this.#element.append(
      this.#step,
      this.#title,
      this.#text,
      make("div", { className: "row" }, this.#back, this.#next, this.#leave),
    );
    this.#element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.leave();
    });
  }

  /** `from` has the focus again when it is over. */
  start(from: HTMLElement): void {
    this.#from = from;
    need("main").append(this.#element);
    this.#watch.observe(need("desk"), { attributeFilter: ["hidden"] });
    document.documentElement.classList.add("touring");
    this.#go(0);
  }

  leave(): void {
    this.#end();
    this.#from?.focus();
  }

  #forth(): void {
    if (this.#at + 1 < STEPS.length) this.#go(this.#at + 1);
    else this.leave();
  }

  #go(at: number): void {
    const [target, key] = STEPS[at] ?? STEPS[0];
    const isLast = at === STEPS.length - 1;
    this.#at = at;
    setText(this.#step, t("tour_step", { at: at + 1, steps: STEPS.length }));
    setText(this.#title, t(key));
    setText(this.#text, t(`${key}_text`));
    this.#back.hidden = at === 0;
    this.#leave.hidden = isLast;
    setText(this.#next, t(isLast ? "tour_done" : "tour_next"));
    this.#point(seen(need(target)));
    // Read out anew with each step.
    this.#title.focus({ preventScroll: true });
  }

  #point(thing: HTMLElement | null): void {
    for (const each of document.querySelectorAll(`[${POINTED}]`)) each.removeAttribute(POINTED);
    if (thing === null) return;
    thing.setAttribute(POINTED, "");
    const isTall = thing.getBoundingClientRect().height > innerHeight / 3;
    thing.scrollIntoView({ block: isTall ? "start" : "center" });
  }

  #end(): void {
    this.#watch.disconnect();
    this.#point(null);
    this.#element.remove();
    document.documentElement.classList.remove("touring");
  }
}

/** Where it is narrow, what the head has is behind its menu. */
function seen(thing: HTMLElement): HTMLElement {
  return thing.getClientRects().length > 0 ? thing : need("menu");
}
