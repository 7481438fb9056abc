// Who did what: a table of acts, what of them is shown, and all of them as a file.

import { UploadError } from "../../core/errors";
import { API, BASE } from "../../page/base";
import { make, need, setText } from "../../page/dom";
import { OwnerApi } from "../api";
import { formatMoment } from "../format";
import { t } from "../i18n";
import { acts, field, optionOf, show, windowTitle } from "../parts";
import { DESK_ADDRESS, placeAddress } from "../places";
import { visibleName } from "../visible";
import { showTime, showWhen } from "../when";
import { errorWords, nameOf } from "../words";
import { type Entry, parseAudit } from "./audit-wire";
import { ACTS, actorWords, actWords, factWords } from "./audit-words";

const PAGE_ROWS = 100;
const TYPING_MS = 250;
const FIELDS = ["q", "act", "actor", "since", "until"] as const;

export class AuditPage {
  readonly #api = new OwnerApi({ onUnauthorized: () => {} });
  readonly #form = need("filters", HTMLFormElement);
  readonly #rows = need("rows");
  /** What links are called, by their hashes. */
  #names = new Map<string, string>();
  /** The only link that is asked about; empty for all. */
  #link: string;
  #cursor: string | null = null;
  #asking = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #known: Entry[] = [];

  /** What is shown stands in its address, by the names of the call. */
  constructor(address: Pick<Location, "search">) {
    document.title = windowTitle(t("window_log"));
    need("back", HTMLAnchorElement).href = DESK_ADDRESS;
    need("log-in", HTMLAnchorElement).href = `${DESK_ADDRESS}?log`;
    const choice = field(this.#form, "act", HTMLSelectElement);
    for (const about of Object.keys(ACTS) as (keyof typeof ACTS)[]) {
      const group = make("optgroup");
      group.label = t(about);
      for (const code of ACTS[about]) {
        const option = optionOf(code);
        setText(option, actWords(code));
        group.append(option);
      }
      choice.append(group);
    }
    const asked = new URLSearchParams(address.search);
    for (const name of FIELDS) this.#field(name).value = asked.get(name) ?? "";
    // What is no choice would show none.
    if (choice.selectedIndex < 0) choice.value = "";
    this.#link = asked.get("link") ?? "";
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.#form.addEventListener("input", ({ target }) =>
      this.#ask(target === this.#field("q") ? TYPING_MS : 0),
    );
    need("all-links").addEventListener("click", () => {
      this.#link = "";
      this.#ask();
      need("search").focus();
    });
    acts(need("more", HTMLButtonElement), async () => void (await this.#load(this.#cursor ?? "")));
  }

  async start(): Promise<void> {
    if (!(await this.#load(""))) return;
    // Names of links are looked up beside it: without them the log is as true.
    try {
      const { links } = await this.#api.links(new AbortController().signal);
      this.#names = new Map(links.map((link) => [link.hash, nameOf(link)]));
    } catch {
      return;
    }
    this.#show();
  }

  #field(name: string): HTMLInputElement | HTMLSelectElement {
    const found = this.#form.elements.namedItem(name);
    if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
    throw new Error(`The page has no field ${name}`);
  }

  #ask(wait = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(""), wait);
  }

  /** What is asked for, as the call takes it; in the address days stay days. */
  #query(): URLSearchParams {
    const query = new URLSearchParams();
    for (const name of ["q", "act", "actor"]) query.set(name, this.#field(name).value.trim());
    query.set("link", this.#link);
    query.set("since", seconds(this.#field("since").value, 0));
    query.set("until", seconds(this.#field("until").value, 1));
    for (const [name, value] of [...query]) if (value === "") query.delete(name);
    return query;
  }

  /** What of it stands in the page's own address. */
  #noteAddress(): void {
    const query = new URLSearchParams(this.#link === "" ? {} : { link: this.#link });
    for (const name of FIELDS) {
      const value = this.#field(name).value.trim();
      if (value !== "") query.set(name, value);
    }
    const text = query.size === 0 ? "" : `?${query}`;
    history.replaceState(null, "", `${BASE}/admin/audit${text}`);
  }

  /** Reads what is asked for from the beginning, or what follows behind `cursor`. */
  async #load(cursor: string): Promise<boolean> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const query = this.#query();
    const asked = new URLSearchParams([...query, ["limit", String(PAGE_ROWS)], ["cursor", cursor]]);
    this.#noteAddress();
    try {
      const { items, nextCursor } = await this.#api.audit(asked, parseAudit, signal);
      const before = cursor === "" ? 0 : this.#known.length;
      this.#known = [...this.#known.slice(0, before), ...items];
      this.#cursor = nextCursor;
      show(need("trouble"), "");
      this.#nameFiles(query);
      this.#show();
      if (before > 0) this.#rows.children.item(before)?.querySelector<HTMLElement>("a")?.focus();
      return true;
    } catch (error) {
      if (!signal.aborted) this.#complain(error);
      return false;
    }
  }

  #nameFiles(query: URLSearchParams): void {
    for (const [id, format] of [
      ["as-csv", "csv"],
      ["as-lines", "jsonl"],
    ] as const) {
      const all = new URLSearchParams([...query, ["format", format]]);
      need(id, HTMLAnchorElement).href = `${API}/audit?${all}`;
    }
  }

  #show(): void {
    const none = this.#known.length === 0;
    const filtered = this.#query().size > 0;
    need("log").hidden = false;
    need("exports").hidden = none;
    need("table").hidden = none;
    need("more").hidden = this.#cursor === null;
    need("one-link").hidden = this.#link === "";
    setText(need("one-link-name"), visibleName(this.#names.get(this.#link) ?? t("one_link")));
    const words = t(filtered ? "nothing_like_this" : "nothing_done");
    show(need("says"), none ? words : "");
    this.#rows.replaceChildren(...this.#known.map((entry) => this.#row(entry)));
  }

  #row(entry: Entry): HTMLElement {
    const time = make("time");
    showWhen(time, entry.at);
    // Older than a day, the hour is worth telling, too.
    if (Date.now() - entry.at > DAY_MS) showTime(time, entry.at, formatMoment);
    const what = make("span", { className: "strong", text: actWords(entry.act) });
    const facts = make("bdi", { className: "quiet", text: factWords(entry) });
    const who = make("bdi", { text: actorWords(entry) });
    const address = make("bdi", { className: "quiet small", text: entry.address });
    const row = make(
      "tr",
      {},
      make("td", { className: "act-when" }, time),
      make("td", {}, what, new Text(" "), facts),
      make("td", {}, who, new Text(" "), address),
      make("td", { className: "act-link" }, ...this.#linkOf(entry)),
    );
    row.dataset.act = entry.act;
    return row;
  }

  /** Where a link leads that something was done on. */
  #linkOf(entry: Entry): HTMLElement[] {
    if (entry.link === null) return [];
    const title = entry.facts.title ?? entry.facts.folder;
    const known = this.#names.get(entry.link) ?? (typeof title === "string" ? title : undefined);
    const link = make("a", { text: visibleName(known ?? t("a_link")) });
    link.dir = "auto";
    if (entry.act !== "link_deleted") link.href = placeAddress(entry.link);
    return [link];
  }

  #complain(error: unknown): void {
    const isOut = error instanceof UploadError && error.status === 401;
    need("log-in").hidden = !isOut;
    if (isOut) {
      need("log").hidden = true;
      need("exports").hidden = true;
    }
    show(need("trouble"), isOut ? t("log_logged_out") : errorWords(error));
  }
}

const DAY_MS = 86_400_000;

/** The midnight with which a day of whoever reads this begins, so many days later, in seconds since the epoch; empty for no day. */
function seconds(day: string, later: number): string {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return "";
  const midnight = new Date(year, month - 1, date + later).getTime() / 1000;
  return Number.isNaN(midnight) ? "" : String(midnight);
}
