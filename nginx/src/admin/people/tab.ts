// The tab "People" of a link: who has not begun, begun and finished, what was sent last, and who was mailed when. Loaded when somebody looks.

import { make, makeButton, setHidden, setText } from "../../page/dom";
import type { OwnerApi } from "../api";
import { type Awaited, type Mailed, remindedWords } from "../chasing";
import { partyFacts, partyName } from "../checklist/states";
import { formatDate } from "../format";
import { joined, t } from "../i18n";
import { KeyedList, type KeyedRow } from "../keyed";
import { languageName } from "../mail-language";
import { acts, show } from "../parts";
import type { Party, PartyState } from "../party-wire";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import { mayChange } from "../whose";
import type { ListedLink } from "../wire";
import { errorWords } from "../words";
import "./tab.css";

const PAGE = 100;
/** As many as the server tells at once. */
const MOST_AT_ONCE = 1_000;
/** Who has to do something comes first. */
const IN_ORDER: readonly PartyState[] = ["not_begun", "begun", "finished"];

/** Somebody who sends to a link or is asked to, with when they were mailed last. */
export interface LinkPerson {
  readonly id: string;
  readonly party: Party;
  readonly mailed: Mailed | null;
  /** They want no reminders. */
  readonly stopped: boolean;
  /** Where to remind them of what is awaited; null where nothing is, or they want to hear of nothing. */
  readonly remindAt: string | null;
}

/** Who has sent, and of whom files are awaited who have not, those first who have to do something. */
export function peopleOfLink(
  parties: readonly Party[],
  { people }: Awaited,
  mails: readonly Mailed[],
): readonly LinkPerson[] {
  const last = new Map<string, Mailed>();
  for (const each of mails) {
    const known = last.get(lower(each.email));
    if (known === undefined || known.at < each.at) last.set(lower(each.email), each);
  }
  const open = new Map(
    people.filter((each) => !each.stopped).map(({ email }): [string, string] => [lower(email), email]),
  );
  const stopped = new Set(people.filter((each) => each.stopped).map(({ email }) => lower(email)));
  const known = new Set(parties.map(({ email }) => lower(email)));
  const others = people.filter(({ email }) => !known.has(lower(email))).map(({ email }) => nobodyYet(email));
  const all = [...parties, ...others].map((party) => ({
    id: party.id,
    party,
    mailed: party.email === "" ? null : (last.get(lower(party.email)) ?? null),
    stopped: party.email !== "" && stopped.has(lower(party.email)),
    remindAt: open.get(lower(party.email)) ?? null,
  }));
  return all.sort((one, other) => IN_ORDER.indexOf(one.party.state) - IN_ORDER.indexOf(other.party.state));
}

function lower(email: string): string {
  return email.toLowerCase();
}

/** Somebody of whom there is no more than an address that the link was mailed to. */
function nobodyYet(email: string): Party {
  const nothing = { name: "", lastAt: null, files: 0, bytes: 0, late: false };
  return {
    ...nothing,
    id: `mail ${email}`,
    email,
    state: "not_begun",
    items: new Map(),
    answers: {},
  };
}

export class PeopleTab {
  readonly element = make("div", { className: "link-people" });
  readonly #hash: string;
  readonly #api: OwnerApi;
  readonly #counts = make("p", { className: "facts" });
  readonly #list = make("ul", { className: "people-list" });
  readonly #rows: KeyedList<LinkPerson, PersonRow>;
  readonly #problem = make("div", { className: "notice bad" });
  readonly #outcome = make("p", { className: "quiet" });
  readonly #more = makeButton(t("show_more"), "slim", () => void this.#showMore());
  #link: ListedLink;
  #wanted = PAGE;

  constructor(link: ListedLink, api: OwnerApi) {
    this.#hash = link.hash;
    this.#api = api;
    this.#link = link;
    this.#rows = new KeyedList(
      this.#list,
      ({ id }) => id,
      () =>
        new PersonRow(
          () => this.#link,
          (email) => this.#remind(email),
        ),
    );
    this.#list.setAttribute("role", "list");
    this.#list.setAttribute("aria-label", t("people"));
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    this.#outcome.setAttribute("role", "status");
    this.#more.hidden = true;
    this.element.append(this.#problem, this.#counts, this.#outcome, this.#list, this.#more);
  }

  /** Brings it up to date. */
  async refresh(link: ListedLink, awaited: Awaited, signal: AbortSignal): Promise<void> {
    this.#link = link;
    const [{ parties, isMore }, mails] = await Promise.all([
      this.#parties(signal),
      this.#api.mailed(this.#hash, signal),
    ]);
    const people = peopleOfLink(parties, awaited, mails);
    const counts = IN_ORDER.map((state) => people.filter(({ party }) => party.state === state).length);
    const [none = 0, begun = 0, finished = 0] = counts;
    setText(
      this.#counts,
      people.length === 0 ? t("nobody_sent") : t("people_standing", { none, begun, finished }),
    );
    this.#rows.show(people);
    setHidden(this.#more, !isMore);
    show(this.#problem, "");
  }

  /** One person; whoever was lately is not, and that is said. */
  async #remind(email: string): Promise<void> {
    show(this.#problem, "");
    setText(this.#outcome, "");
    try {
      setText(this.#outcome, remindedWords(await this.#api.remind(this.#hash, email)));
      await this.#again();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  async #again(): Promise<void> {
    const signal = new AbortController().signal;
    await this.refresh(this.#link, await this.#api.awaited(this.#hash, signal), signal);
  }

  async #parties(signal: AbortSignal): Promise<{ parties: readonly Party[]; isMore: boolean }> {
    const parties: Party[] = [];
    let cursor: string | null = "";
    while (cursor !== null && parties.length < this.#wanted) {
      const limit = Math.min(MOST_AT_ONCE, this.#wanted - parties.length);
      const page: { items: readonly Party[]; nextCursor: string | null } = await this.#api.parties(
        this.#hash,
        cursor,
        limit,
        signal,
      );
      parties.push(...page.items);
      cursor = page.nextCursor;
    }
    return { parties, isMore: cursor !== null };
  }

  async #showMore(): Promise<void> {
    const before = this.#list.childElementCount;
    this.#wanted += PAGE;
    try {
      await this.#again();
      const next = this.#list.children[before];
      if (this.#more.hidden && next instanceof HTMLElement) next.focus();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }
}

class PersonRow implements KeyedRow<LinkPerson> {
  readonly element = make("li", { className: "person" });
  readonly #link: () => ListedLink;
  readonly #name = make("bdi", { className: "person-name" });
  readonly #email = make("bdi", { className: "facts person-email" });
  readonly #state = make("span", { className: "person-state" });
  readonly #facts = make("span", { className: "facts" });
  readonly #last = make("time", { className: "facts" });
  readonly #mailed = make("span", { className: "facts person-mailed" });
  readonly #remind = make("button", { className: "button slim person-remind", text: t("remind_now") });
  #remindAt: string | null = null;

  /** `remind` is given an address. */
  constructor(link: () => ListedLink, remind: (email: string) => Promise<void>) {
    this.#link = link;
    this.#remind.type = "button";
    acts(this.#remind, async () => {
      if (this.#remindAt !== null) await remind(this.#remindAt);
    });
    this.element.tabIndex = -1;
    const who = make("span", { className: "person-who" }, this.#name, this.#email);
    const what = make("span", { className: "person-what" }, this.#facts, this.#last);
    this.element.append(who, this.#state, what, this.#mailed, this.#remind);
  }

  show({ party, mailed, stopped, remindAt }: LinkPerson): void {
    this.#remindAt = remindAt;
    this.#remind.hidden = remindAt === null || !mayChange();
    this.#remind.setAttribute("aria-label", t("remind_now_to", { email: visibleName(remindAt ?? "") }));
    setText(this.#name, partyName(party));
    setText(this.#email, party.name === "" ? "" : visibleName(party.email));
    setHidden(this.#email, this.#email.textContent === "");
    setText(this.#state, party.late ? t("late") : t(party.state));
    this.element.dataset.state = party.late ? "late" : party.state;
    const { items, due } = this.#link();
    // A language is said of one person alone.
    const language = due.forName + due.forEmail === "" ? "" : languageName(due.forLanguage);
    setText(this.#facts, joined(partyFacts(party, items), language));
    setHidden(this.#last, party.lastAt === null);
    if (party.lastAt !== null) showWhen(this.#last, party.lastAt);
    setText(this.#mailed, mailedWords(mailed, stopped));
    this.#mailed.title = mailed === null ? "" : formatDate(mailed.at);
  }
}

/** "Reminded yesterday", or that nobody has mailed them. */
export function mailedWords(mailed: Mailed | null, stopped: boolean): string {
  if (stopped) return t("wants_no_reminders");
  if (mailed === null) return "";
  const time = make("time");
  showWhen(time, mailed.at);
  return t(mailed.kind === "reminder" ? "reminded_at" : "mailed_at", { time: time.textContent ?? "" });
}
