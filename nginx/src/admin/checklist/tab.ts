// The tab "Checklist": who sends to a link, and how each item stands with each of them. Loaded when somebody looks at it.

import { make, makeButton, oncePerFrame, setHidden, setText } from "../../page/dom";
import type { OwnerApi } from "../api";
import { t } from "../i18n";
import { KeyedList } from "../keyed";
import { Looker } from "../looks/looker";
import { show } from "../parts";
import type { Party } from "../party-wire";
import type { ListedLink, ReceivedFile } from "../wire";
import { errorWords } from "../words";
import { AcceptAll, type Judged } from "./accept-all";
import type { CellPorts } from "./cell";
import { Matrix } from "./matrix";
import { type Asks, PartyView } from "./party-view";
import { partyName } from "./states";
import "./checklist.css";

const PAGE_PARTIES = 100;
/** As many as the server tells at once. */
const ALL_PARTIES = 1_000;
/** A table needs some room, in rem: at least so much, and so much for a sender and each item, as far as they are not too many. */
const TABLE = { least: 48, sender: 18, item: 7.5, items: 6 };
/** The one party of a link that is for one person. */
const RECIPIENT = "recipient";

export class ChecklistTab {
  readonly element = make("div", { className: "checklist" });
  readonly #hash: string;
  readonly #api: OwnerApi;
  readonly #ports: CellPorts;
  readonly #problem = make("div", { className: "notice bad" });
  readonly #none = make("p", { className: "quiet" });
  readonly #matrix = new Matrix((party, item, from) => this.#open(party, item, from));
  readonly #list = make("ul", { className: "parties" });
  readonly #views: KeyedList<Party, PartyView>;
  readonly #more = makeButton(t("show_more"), "slim", () => void this.#showMore());
  readonly #acceptAll: AcceptAll;
  readonly #panel = make("dialog", { className: "panel" });
  readonly #panelTitle = make("bdi");
  readonly #panelBody = make("section");
  /** Of those that were opened beside the table: what is half typed in them stays. */
  readonly #opening = new Map<string, PartyView>();
  #opened: { readonly id: string; readonly view: PartyView; readonly from: HTMLElement } | null = null;
  #looked: { readonly files: readonly ReceivedFile[]; readonly from: HTMLElement } | null = null;
  #parties: readonly Party[] = [];
  #asks: Asks;
  #wanted = PAGE_PARTIES;
  #isMore = false;
  #known = false;

  constructor(link: ListedLink, api: OwnerApi) {
    this.#hash = link.hash;
    this.#api = api;
    this.#asks = link;
    const looker = new Looker<ReceivedFile>({
      hash: link.hash,
      beside: (file, step) => beside(this.#looked?.files ?? [], file, step),
      closed: () => this.#looked?.from.focus(),
      failed: (error) => show(this.#problem, errorWords(error)),
    });
    this.#ports = {
      hash: link.hash,
      api,
      look: (file, files, from) => {
        this.#looked = { files, from };
        void looker.open(file);
      },
      changed: (party) => this.#changed(party),
    };
    this.#views = new KeyedList(
      this.#list,
      ({ id }) => id,
      (party) => new PartyView(party, this.#asks, "h3", this.#ports),
    );
    this.#acceptAll = new AcceptAll(this.#ports, () => this.#everybody());
    this.#build();
  }

  /** Brings it up to date. */
  async refresh(link: ListedLink, signal: AbortSignal): Promise<void> {
    this.#ask(link);
    const parties: Party[] = [];
    let cursor: string | null = "";
    while (cursor !== null && parties.length < this.#wanted) {
      const limit = Math.min(ALL_PARTIES, this.#wanted - parties.length);
      const page: { items: readonly Party[]; nextCursor: string | null } = await this.#api.parties(
        this.#hash,
        cursor,
        limit,
        signal,
      );
      parties.push(...page.items);
      cursor = page.nextCursor;
    }
    this.#isMore = cursor !== null;
    this.#known = true;
    this.#parties = this.#mayMove ? parties : inPlace(this.#parties, parties);
    this.#paint();
  }

  /** Nobody reads in it or is about to press something. */
  get #mayMove(): boolean {
    return !this.element.matches(":hover") && !this.element.contains(document.activeElement);
  }

  #build(): void {
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    this.#list.setAttribute("role", "list");
    this.element.append(
      this.#acceptAll.element,
      this.#problem,
      this.#none,
      this.#matrix.element,
      this.#list,
      this.#more,
      this.#panel,
    );
    const title = make("h2", {}, this.#panelTitle);
    title.id = "party-title";
    const close = makeButton(t("close"), "slim", () => this.#panel.close());
    this.#panel.setAttribute("aria-labelledby", title.id);
    this.#panel.append(make("div", { className: "panel-head" }, title, close), this.#panelBody);
    this.#panel.addEventListener("close", () => {
      const from = this.#opened?.from;
      this.#opened = null;
      this.#panelBody.replaceChildren();
      from?.focus();
    });
    const follow = oncePerFrame(() => this.#paint());
    addEventListener("resize", () => {
      if (this.element.isConnected) follow();
    });
    this.#paint();
  }

  #ask(link: ListedLink): void {
    const { items, questions } = link;
    if (JSON.stringify([items, questions]) === JSON.stringify([this.#asks.items, this.#asks.questions]))
      return;
    this.#asks = { items, questions };
    for (const { id } of this.#parties) this.#views.get(id)?.ask(this.#asks);
    for (const view of this.#opening.values()) view.ask(this.#asks);
  }

  /** For one person, its items are the rows. */
  get #asTable(): boolean {
    const { length } = this.#asks.items;
    const wide = Math.max(TABLE.least, TABLE.sender + TABLE.item * Math.min(length, TABLE.items));
    const personal = this.#parties.some(({ id }) => id === RECIPIENT);
    return length > 0 && !personal && matchMedia(`(min-width: ${wide}rem)`).matches;
  }

  #paint(): void {
    const [parties, table] = [this.#parties, this.#asTable];
    setHidden(this.#none, parties.length > 0);
    setText(this.#none, this.#known ? t("nobody_sent") : t("loading"));
    setHidden(this.#matrix.element, !table || parties.length === 0);
    setHidden(this.#list, table || parties.length === 0);
    if (table) this.#matrix.show(parties, this.#asks.items);
    else this.#views.show(parties);
    setHidden(this.#more, !this.#isMore);
    this.#acceptAll.show(this.#judged(parties), this.#isMore);
    const opened = this.#opened;
    const party = parties.find(({ id }) => id === opened?.id);
    if (opened !== null && party !== undefined) opened.view.show(party);
    // One sender has a button for all by themselves.
    if (!table && parties.length < 2 && !this.#isMore) setHidden(this.#acceptAll.element, true);
  }

  #judged(parties: readonly Party[]): readonly Judged[] {
    return parties.map((party) => ({ party, asks: this.#asks }));
  }

  #changed(party: Party): void {
    this.#parties = this.#parties.map((each) => (each.id === party.id ? party : each));
    this.#paint();
  }

  #open(id: string, item: string | null, from: HTMLElement): void {
    const party = this.#parties.find((each) => each.id === id);
    if (party === undefined) return;
    const view = this.#opening.get(id) ?? new PartyView(party, this.#asks, null, this.#ports);
    this.#opening.set(id, view);
    view.show(party);
    this.#opened = { id, view, from };
    setText(this.#panelTitle, partyName(party));
    this.#panelBody.replaceChildren(view.element);
    this.#panel.showModal();
    if (item !== null) view.open(item);
  }

  async #showMore(): Promise<void> {
    const before = this.#parties.length;
    this.#wanted += PAGE_PARTIES;
    try {
      await this.refresh({ ...this.#asks } as ListedLink, new AbortController().signal);
      const rows = this.#asTable ? this.#matrix.element.querySelectorAll("tbody > tr") : this.#list.children;
      rows[before]?.querySelector<HTMLElement>("button, summary")?.focus();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  async #everybody(): Promise<readonly Judged[]> {
    const all: Party[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { items: readonly Party[]; nextCursor: string | null } = await this.#api.parties(
        this.#hash,
        cursor,
        ALL_PARTIES,
      );
      all.push(...page.items);
      cursor = page.nextCursor;
    }
    return this.#judged(all);
  }
}

/** Those that there were stay where they are; who is new comes below. */
function inPlace(before: readonly Party[], now: readonly Party[]): readonly Party[] {
  const left = new Map(now.map((each) => [each.id, each]));
  const kept = before.flatMap(({ id }) => {
    const found = left.get(id);
    left.delete(id);
    return found === undefined ? [] : [found];
  });
  return [...kept, ...left.values()];
}

function beside(files: readonly ReceivedFile[], file: ReceivedFile, step: 1 | -1): ReceivedFile | null {
  const at = files.findIndex(({ uploadId }) => uploadId === file.uploadId);
  return at < 0 ? null : (files[at + step] ?? null);
}
