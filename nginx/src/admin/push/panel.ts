// Being told in the browser: this one, with a test, and the owner's others. Loaded when somebody opens it.

import { make, makeButton, need, setText } from "../../page/dom";
import type { OwnerApi } from "../api";
import { browserName } from "../browser-name";
import { formatDay } from "../format";
import { currentLanguage, t } from "../i18n";
import { acts, say, show } from "../parts";
import { errorWords } from "../words";
import { keepId, keptId, Refused, subscribe, subscription, trouble, willAsk } from "./here";
import { type Browser, type Pushes, parseBrowser, parsePushes } from "./push-wire";
import "./push.css";

const NOTHING = (): undefined => undefined;

export class PushPanel {
  readonly #api: Pick<OwnerApi, "ask" | "tell">;
  readonly #dialog = make("dialog", { className: "card pushes" });
  readonly #state = make("p", { text: t("push_about") });
  readonly #problem = make("div", { className: "notice bad" });
  readonly #hint = make("div", { className: "notice warn" });
  readonly #here = makeButton(t("push_here"), "primary", NOTHING);
  readonly #stop = makeButton(t("push_stop"), "", NOTHING);
  readonly #test = makeButton(t("push_test"), "", NOTHING);
  readonly #others = make("section");
  readonly #list = make("ul", { className: "push-list" });
  #pushes: Pushes | null = null;

  constructor(api: Pick<OwnerApi, "ask" | "tell">) {
    this.#api = api;
    const title = make("h2", { text: t("push_title") });
    title.id = "pushes-title";
    this.#dialog.setAttribute("aria-labelledby", title.id);
    this.#problem.setAttribute("role", "alert");
    this.#others.append(make("h3", { text: t("push_others") }), this.#list);
    const close = makeButton(t("close"), "slim", () => this.#dialog.close());
    this.#dialog.append(
      make("div", { className: "push-head" }, title, close),
      this.#state,
      this.#problem,
      this.#hint,
      make("div", { className: "row" }, this.#here, this.#test, this.#stop),
      this.#others,
    );
    need("desk").parentElement?.append(this.#dialog);
    acts(this.#here, () => this.#try(() => this.#subscribe()));
    acts(this.#stop, () => this.#try(() => this.#leave()));
    acts(this.#test, () => this.#try(() => this.#show()));
  }

  open(): void {
    this.#paint();
    show(this.#problem, "");
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#try(() => this.#ask());
  }

  /** What the server knows; of this browser it is told again what it may have lost. */
  async #ask(): Promise<void> {
    this.#pushes = await this.#api.ask("GET", "/push", parsePushes);
    const found = trouble() === null ? await subscription(this.#pushes.key) : null;
    if (found === null) keepId(null);
    else if (keptId() !== null) await this.#tell(found);
    this.#paint();
  }

  async #subscribe(): Promise<void> {
    const waits = (): void => setText(this.#state, t("push_waiting"));
    if (willAsk()) setText(this.#state, t("push_asking"));
    else waits();
    this.#pushes ??= await this.#api.ask("GET", "/push", parsePushes);
    await this.#tell(await subscribe(this.#pushes.key, waits));
    this.#pushes = await this.#api.ask("GET", "/push", parsePushes);
    this.#paint();
    say(t("push_on"));
    this.#test.focus();
  }

  async #tell(found: PushSubscription): Promise<void> {
    const about = { name: browserName(navigator.userAgent), language: currentLanguage() };
    const { id } = await this.#api.ask("POST", "/push", parseBrowser, { ...found.toJSON(), ...about });
    keepId(id);
  }

  async #leave(): Promise<void> {
    const id = keptId();
    if (id !== null) await this.#remove(id);
    if (this.#pushes !== null) await (await subscription(this.#pushes.key))?.unsubscribe();
    keepId(null);
    this.#paint();
    this.#here.focus();
  }

  async #show(): Promise<void> {
    const id = keptId();
    if (id === null) return;
    await this.#api.ask("POST", `/push/${encodeURIComponent(id)}/test`, NOTHING, {});
    setText(this.#state, t("push_tested"));
    say(t("push_tested"));
  }

  async #remove(id: string): Promise<void> {
    await this.#api.tell("DELETE", `/push/${encodeURIComponent(id)}`);
    this.#pushes = await this.#api.ask("GET", "/push", parsePushes);
    this.#paint();
  }

  async #try(task: () => Promise<void>): Promise<void> {
    show(this.#problem, "");
    try {
      await task();
    } catch (error) {
      this.#paint();
      if (error instanceof Refused) {
        show(this.#hint, "");
        show(this.#problem, t(`push_${error.why}`));
      } else show(this.#problem, errorWords(error));
    }
  }

  #paint(): void {
    const why = trouble();
    const id = keptId();
    const own = this.#pushes?.browsers.find((each) => each.id === id);
    const isOn = why === null && own !== undefined;
    setText(this.#state, isOn ? t("push_on") : t("push_about"));
    show(this.#hint, why === null ? (isOn ? stateWords(own) : "") : t(`push_${why}`));
    this.#here.hidden = isOn || (why !== null && why !== "blocked");
    this.#stop.hidden = !isOn;
    this.#test.hidden = !isOn;
    const others = this.#pushes?.browsers.filter((each) => each.id !== id) ?? [];
    this.#list.replaceChildren(...others.map((each) => this.#row(each)));
    this.#others.hidden = others.length === 0;
  }

  #row(browser: Browser): HTMLElement {
    const since = t("push_since", { day: formatDay(browser.createdAt) });
    const state = stateWords(browser);
    const words = make(
      "span",
      { className: "push-words" },
      make("bdi", { text: browser.name }),
      make("span", { className: "quiet small", text: state === "" ? since : state }),
    );
    const remove = makeButton(t("remove"), "slim", NOTHING);
    remove.setAttribute("aria-label", t("remove_item", { name: browser.name }));
    acts(remove, () => this.#try(() => this.#remove(browser.id)));
    return make("li", { className: "push-row" }, words, remove);
  }
}

function stateWords({ active, failingSince }: Browser): string {
  if (!active) return t("push_off");
  return failingSince === null ? "" : t("push_failing");
}
