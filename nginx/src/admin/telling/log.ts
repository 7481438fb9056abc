// What was sent, or will be: the newest messages first, and each once more where somebody wants that.

import { make, makeButton, setText } from "../../page/dom";
import { labelled } from "../accounts/login";
import { Piece } from "../accounts/pieces";
import { joined, t } from "../i18n";
import { acts, optionOf } from "../parts";
import { visibleName } from "../visible";
import { whenWords } from "../when";
import { mayChange } from "../whose";
import type { TellingCalls } from "./calls";
import { follow } from "./following";
import type { Endpoint, Message } from "./wire";
import { kindWords, outcomeWords, shortAddress, wayWords } from "./words";

const STATES = ["", "waiting", "failed", "given_up", "sent"] as const;

export interface MessageLogPorts {
  /** The only link that it is about; null for all. */
  readonly link: string | null;
  /** The newest, whatever their state, once they are known. */
  readonly listed: (messages: readonly Message[]) => void;
  /** One was sent again: who it went to may stand otherwise now. */
  readonly tried: () => void;
}

export class MessageLog {
  readonly #piece = new Piece(t("tell_log"));
  readonly #calls: TellingCalls;
  readonly #ports: MessageLogPorts;
  readonly #state = make("select");
  readonly #none = make("p", { className: "quiet" });
  readonly #list = make("ul", { className: "lines" });
  readonly #more = makeButton(t("show_more"), "slim", () => {});
  #messages: readonly Message[] = [];
  #cursor: string | null = null;
  #endpoints: ReadonlyMap<string, Endpoint> = new Map();
  /** Of several that are asked for, the last one counts. */
  #asked = 0;

  constructor(calls: TellingCalls, ports: MessageLogPorts) {
    this.#calls = calls;
    this.#ports = ports;
    for (const state of STATES) {
      const option = optionOf(state);
      option.textContent = t(state === "" ? "tell_state_all" : `tell_state_${state}`);
      this.#state.append(option);
    }
    this.#state.addEventListener("change", () => void this.load());
    const choice = labelled(t("tell_state"), this.#state);
    choice.classList.add("log-head");
    this.#none.hidden = true;
    this.#more.hidden = true;
    acts(this.#more, () => this.#showMore());
    this.element.append(choice, this.#none, this.#list, this.#more);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  /** The newest of them, from the beginning. */
  async load(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    await this.#piece.tries(async () => {
      const state = this.#state.value;
      const { messages, cursor } = await this.#calls.page(state, this.#ports.link, "");
      if (asked !== this.#asked) return;
      this.#messages = messages;
      this.#cursor = cursor;
      if (state === "") this.#ports.listed(messages);
      this.#render();
    });
  }

  /** What the ids of endpoints stand for. */
  know(endpoints: readonly Endpoint[]): void {
    this.#endpoints = new Map(endpoints.map((each) => [each.id, each]));
    this.#render();
  }

  async #showMore(): Promise<void> {
    const [asked, cursor] = [this.#asked, this.#cursor];
    if (cursor === null) return;
    const before = this.#messages.length;
    await this.#piece.tries(async () => {
      const page = await this.#calls.page(this.#state.value, this.#ports.link, cursor);
      if (asked !== this.#asked) return;
      this.#messages = [...this.#messages, ...page.messages];
      this.#cursor = page.cursor;
      this.#render();
      const first = this.#list.children[before];
      // The button may have gone; the first new one is where reading goes on.
      if (first instanceof HTMLElement) {
        first.tabIndex = -1;
        first.focus();
      }
    });
  }

  #render(): void {
    this.#none.hidden = this.#messages.length > 0;
    setText(this.#none, t(this.#state.value === "" ? "tell_log_none" : "tell_log_none_such"));
    this.#list.hidden = this.#messages.length === 0;
    const { activeElement } = document;
    const focused = this.#list.contains(activeElement) ? activeElement?.closest<HTMLElement>("li") : null;
    this.#list.replaceChildren(...this.#messages.map((each) => this.#line(each)));
    if (focused?.dataset.id !== undefined)
      this.#list.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused.dataset.id)}"] button`)?.focus();
    this.#more.hidden = this.#cursor === null;
  }

  #line(message: Message): HTMLLIElement {
    const { id, kind, title, files, createdAt, tries } = message;
    const now = Date.now();
    const name = make("span", { className: "line-name", text: kindWords(kind) });
    const facts = joined(
      this.#whom(message),
      this.#ports.link === null ? visibleName(title) : "",
      files === null ? "" : t("files", { count: files }),
      whenWords(createdAt, now),
      tries > 1 ? t("tell_tries", { count: tries }) : "",
    );
    const outcome = make("p", { className: "outcome" });
    showState(outcome, message, now);
    const line = make("li", {}, name, make("span", { className: "quiet", text: facts }), outcome);
    line.dataset.id = id;
    if (!mayChange()) return line;
    const again = makeButton(t("tell_again"), "slim", () => {});
    const label = `${t("tell_again")}: ${joined(kindWords(kind), this.#whom(message))}`;
    again.setAttribute("aria-label", label);
    acts(again, () => this.#again(id));
    line.append(again);
    return line;
  }

  #whom({ recipient }: Message): string {
    const endpoint = this.#endpoints.get(recipient);
    if (endpoint !== undefined) return `${wayWords(endpoint.way)} ${shortAddress(endpoint.url, 40)}`;
    return recipient.startsWith("ep_") ? t("tell_gone") : visibleName(recipient);
  }

  async #again(id: string): Promise<void> {
    let found: Message | null = null;
    const task = async (): Promise<void> => {
      found = await this.#calls.again(id);
    };
    if (!(await this.#piece.tries(task, t("tell_again_said"))) || found === null) return;
    await follow(found, {
      load: (each) => this.#calls.message(each),
      show: (each) => this.#replace(each),
      isSeen: () => this.element.isConnected,
    });
    if (this.#state.value === "") this.#ports.listed(this.#messages);
    this.#ports.tried();
  }

  /** One of them as it is now; the button that was pressed stays where it is. */
  #replace(message: Message): void {
    this.#messages = this.#messages.map((each) => (each.id === message.id ? message : each));
    const line = this.#list.querySelector<HTMLElement>(`[data-id="${CSS.escape(message.id)}"] .outcome`);
    if (line !== null) showState(line, message, Date.now());
  }
}

function showState(line: HTMLElement, message: Message, now: number): void {
  setText(line, outcomeWords(message, now));
  line.classList.toggle("problem", message.state === "failed" || message.state === "given_up");
}
