// Where messages go that are no mails: each endpoint with how it stands, and what can be done with it.

import { make, makeButton, setText } from "../../page/dom";
import { Piece, showOnce } from "../accounts/pieces";
import { joined, t } from "../i18n";
import { acts, say } from "../parts";
import { visibleName } from "../visible";
import { mayChange } from "../whose";
import { Adding } from "./adding";
import type { TellingCalls } from "./calls";
import { follow } from "./following";
import type { Endpoint, Made, Message } from "./wire";
import { kindsWords, newestOf, outcomeWords, shortAddress, standingWords, wayWords } from "./words";

export interface EndpointListPorts {
  /** The only link that the panel is about; null for all. */
  readonly link: string | null;
  readonly titleOf: (hash: string) => string;
  /** Something was sent: the log has more. */
  readonly sent: () => void;
  /** The endpoints that there are. */
  readonly listed: (endpoints: readonly Endpoint[]) => void;
}

export class EndpointList {
  readonly #piece = new Piece(t("tell_where"));
  readonly #calls: TellingCalls;
  readonly #ports: EndpointListPorts;
  readonly #none = make("p", { className: "quiet", text: t("tell_none") });
  readonly #list = make("ul", { className: "lines" });
  readonly #made = make("div", { className: "notice invited" });
  /** What became of tests, by endpoint. */
  readonly #outcomes = new Map<string, Message>();
  #endpoints: readonly Endpoint[] = [];
  #last: ReadonlyMap<string, Message> = new Map();

  constructor(calls: TellingCalls, ports: EndpointListPorts) {
    this.#calls = calls;
    this.#ports = ports;
    this.#none.hidden = true;
    this.#made.hidden = true;
    this.element.append(this.#none, this.#list, this.#made);
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  /** With `isQuiet` not where something is typed or asked, which would be lost. */
  async load(isQuiet = false): Promise<void> {
    await this.#piece.tries(async () => {
      const { link } = this.#ports;
      const all = await this.#calls.endpoints();
      if (isQuiet && this.#list.querySelector(".editing, .row > p") !== null) return;
      this.#endpoints = all.filter((each) => link === null || each.link === null || each.link === link);
      this.#ports.listed(all);
      this.#render();
    });
  }

  /** How they stand by now; the focus stays where it is. */
  async follow(): Promise<void> {
    const { activeElement } = document;
    const focused = this.#list.contains(activeElement) ? activeElement : null;
    const id = focused?.closest<HTMLElement>("[data-id]")?.dataset.id ?? "";
    await this.load(true);
    if (focused instanceof HTMLElement && !focused.isConnected) this.#focus(id, focused.dataset.act ?? "");
  }

  /** Messages as the log has them, the newest first. */
  know(messages: readonly Message[]): void {
    this.#last = newestOf(messages);
    for (const each of messages) {
      const [id] = [...this.#outcomes].find(([, { id }]) => id === each.id) ?? [];
      if (id !== undefined) this.#tested(id, each);
    }
    for (const line of this.#list.children) {
      const endpoint = this.#endpoints.find(({ id }) => id === (line as HTMLElement).dataset.id);
      const standing = line.querySelector<HTMLElement>("[data-standing]");
      if (endpoint !== undefined && standing !== null) setText(standing, this.#standing(endpoint));
    }
  }

  /** A new one: its secret is shown, and it stands in the list. */
  async add({ endpoint, secret }: Made): Promise<void> {
    this.#tell(secret);
    await this.load();
    if (secret === "") this.#focus(endpoint.id, "test");
  }

  #tell(secret: string): void {
    if (secret !== "") showOnce(this.#made, t("tell_secret_made"), t("tell_secret"), secret);
    else this.#hideSecret();
  }

  #hideSecret(): void {
    this.#made.replaceChildren();
    this.#made.hidden = true;
  }

  #render(): void {
    this.#none.hidden = this.#endpoints.length > 0;
    this.#list.hidden = this.#endpoints.length === 0;
    this.#list.replaceChildren(...this.#endpoints.map((each) => this.#line(each)));
  }

  #standing(endpoint: Endpoint): string {
    const last = this.#last.get(endpoint.id);
    // What came of a test is said below.
    const isSaid = last !== undefined && last.id === this.#outcomes.get(endpoint.id)?.id;
    return standingWords(endpoint, isSaid ? undefined : last, Date.now());
  }

  #line(endpoint: Endpoint): HTMLLIElement {
    const { id, way, url, link, isActive } = endpoint;
    const address = make("bdi", { text: shortAddress(url) });
    address.title = visibleName(url);
    const name = make("span", { className: "line-name", text: `${wayWords(way)} ` }, address);
    const of = link === null ? t("tell_all_links") : link === this.#ports.link ? t("tell_this_link") : "";
    const title = link === null || of !== "" ? of : t("tell_link", { name: this.#ports.titleOf(link) });
    const facts = make("span", { className: "quiet", text: joined(title, kindsWords(endpoint)) });
    const standing = make("span", { className: "quiet", text: this.#standing(endpoint) });
    standing.dataset.standing = "";
    standing.classList.toggle("problem", !isActive || endpoint.failingSince !== null);
    const outcome = make("p", { className: "outcome" });
    outcome.setAttribute("role", "status");
    const line = make("li", {}, name, facts, standing);
    line.dataset.id = id;
    line.classList.toggle("is-off", !isActive);
    if (mayChange()) line.append(this.#buttons(endpoint));
    line.append(outcome);
    const tested = this.#outcomes.get(id);
    if (tested !== undefined) showOutcome(outcome, tested);
    return line;
  }

  #buttons(endpoint: Endpoint): HTMLElement {
    const { id, way, url, isActive } = endpoint;
    const name = shortAddress(url);
    const row = make("div", { className: "row" });
    const button = (act: string, words: string, label: string, task: () => Promise<void>): void => {
      const made = makeButton(words, "slim", () => {});
      made.dataset.act = act;
      made.setAttribute("aria-label", label);
      acts(made, task);
      row.append(made);
    };
    button("test", t("tell_test"), t("tell_test_item", { name }), () => this.#test(id));
    const turn = isActive ? "tell_switch_off" : "tell_switch_on";
    button("turn", t(turn), `${t(turn)}: ${name}`, () => this.#turn(id, name, !isActive));
    if (way !== "push")
      button("change", t("tell_change"), `${t("tell_change")}: ${name}`, async () =>
        this.#change(endpoint, name, row),
      );
    if (way === "webhook")
      button("renew", t("tell_renew"), `${t("tell_renew")}: ${name}`, async () => this.#asksRenewal(id, row));
    button("remove", t("tell_remove"), `${t("tell_remove")}: ${name}`, async () =>
      this.#asksRemoval(id, name, row),
    );
    row.lastElementChild?.classList.add("danger");
    return row;
  }

  async #test(id: string): Promise<void> {
    let sent: readonly Message[] = [];
    const task = async (): Promise<void> => {
      sent = await this.#calls.test({ endpoint: id });
    };
    const [message] = (await this.#piece.tries(task)) ? sent : [];
    if (message === undefined) return;
    await follow(message, {
      load: (found) => this.#calls.message(found),
      show: (found) => this.#tested(id, found),
      isSeen: () => this.element.isConnected,
    });
    this.#ports.sent();
    // It may be switched off by now, or take things again.
    await this.follow();
  }

  #tested(id: string, message: Message): void {
    this.#outcomes.set(id, message);
    const line = this.#lineOf(id)?.querySelector<HTMLElement>(".outcome");
    if (line != null) showOutcome(line, message);
  }

  #lineOf(id: string): Element | null {
    return this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  async #turn(id: string, name: string, active: boolean): Promise<void> {
    const words = t(active ? "tell_switched_on" : "tell_switched_off", { name });
    if (!(await this.#piece.tries(() => this.#calls.turn(id, active), words))) return;
    await this.load();
    this.#focus(id, "turn");
  }

  #change(endpoint: Endpoint, name: string, row: HTMLElement): void {
    const back = (): void => {
      this.#render();
      this.#focus(endpoint.id, "change");
    };
    const { form } = new Adding(this.#calls, {
      link: null,
      mayAdminister: false,
      endpoint,
      added: async () => {
        await this.load();
        this.#focus(endpoint.id, "change");
        say(t("tell_changed", { name }));
      },
    });
    row.replaceChildren(form, makeButton(t("cancel"), "", back));
    row.classList.replace("row", "editing");
    form.querySelector<HTMLElement>("input:not(:disabled)")?.focus();
  }

  /** Programs that know the old one refuse what comes from then on, so it asks. */
  #asksRenewal(id: string, row: HTMLElement): void {
    this.#asks(id, "renew", row, t("tell_renewing"), t("tell_renew"), async () => {
      let secret = "";
      const task = async (): Promise<void> => {
        ({ secret } = await this.#calls.renew(id));
      };
      if (!(await this.#piece.tries(task))) return;
      this.#render();
      this.#tell(secret);
    });
  }

  /** What it was not told is given up, so it asks. */
  #asksRemoval(id: string, name: string, row: HTMLElement): void {
    this.#asks(id, "remove", row, t("tell_removing", { name }), t("tell_remove"), async () => {
      if (!(await this.#piece.tries(() => this.#calls.remove(id), t("tell_removed", { name })))) return;
      // A secret that was shown may be of this one.
      this.#hideSecret();
      await this.load();
      (this.#list.querySelector<HTMLElement>("button") ?? this.#heading()).focus();
    });
  }

  #heading(): HTMLElement {
    const heading = this.element.querySelector("h2") as HTMLElement;
    heading.tabIndex = -1;
    return heading;
  }

  /** In place of the buttons, until one of both is clicked. */
  #asks(
    id: string,
    act: string,
    row: HTMLElement,
    question: string,
    yes: string,
    task: () => Promise<void>,
  ): void {
    const sure = makeButton(yes, "danger", () => {});
    acts(sure, task);
    const no = makeButton(t("cancel"), "", () => {
      this.#render();
      this.#focus(id, act);
    });
    row.replaceChildren(make("p", { text: question }), sure, no);
    no.focus();
    say(question);
  }

  /** Where it was, in a list that was made anew. */
  #focus(id: string, act: string): void {
    const line = this.#lineOf(id);
    line?.querySelector<HTMLElement>(`[data-act="${act}"]`)?.focus();
  }
}

function showOutcome(line: HTMLElement, message: Message): void {
  setText(line, t("tell_test_outcome", { outcome: outcomeWords(message, Date.now()) }));
  line.classList.toggle("problem", message.state === "failed" || message.state === "given_up");
}
