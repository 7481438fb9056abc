// What an owner does about files that are awaited: remind people, and give them another week.

import { type Declared, doubted } from "../core/reply";
import { setAttribute, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { anotherWeek, dueWords } from "./due";
import { formatDate } from "./format";
import { sentences, t } from "./i18n";
import { acts, part, say, show } from "./parts";
import { visibleName } from "./visible";
import { type ListedLink, list, parseMails, type Told } from "./wire";
import { endsSoon, errorWords } from "./words";

/** Of whom files are awaited, and when they are reminded next. */
export interface Awaited {
  readonly people: readonly { readonly email: string; readonly stopped: boolean }[];
  readonly nextAt: number | null;
}

export function parseAwaited(value: unknown): Awaited {
  const reply = doubted<Declared<"AwaitedList">>(value);
  const people = list(reply, "awaited").map((each) => {
    const { email, stopped } = doubted<Declared<"AwaitedReply">>(each);
    return { email: String(email), stopped: stopped === true };
  });
  return { people, nextAt: typeof reply.next_at === "number" ? reply.next_at * 1_000 : null };
}

/** Who is being reminded, and how many are not: they were lately, or want no reminders. */
export interface Reminded {
  readonly mails: readonly Told[];
  readonly lately: number;
  readonly stopped: number;
}

export function parseReminded(value: unknown): Reminded {
  const { lately, stopped } = doubted<Declared<"RemindedReply">>(value);
  return { mails: parseMails(value), lately: Number(lately), stopped: Number(stopped) };
}

/** Whether an invitation is among these messages that was not given up. */
export function invites(value: unknown): boolean {
  return list(doubted<Declared<"MessageList">>(value), "messages").some((each) => {
    const { kind, state } = doubted<Declared<"MessageReply">>(each);
    return kind === "invitation" && state !== "given_up";
  });
}

/** A mail by which somebody was asked for files. */
export interface Mailed {
  readonly email: string;
  readonly kind: "invitation" | "reminder";
  readonly at: number;
}

export function parseMailed(value: unknown): readonly Mailed[] {
  return list(doubted<Declared<"MessageList">>(value), "messages").flatMap((each) => {
    const { kind, state, recipient, created_at } = doubted<Declared<"MessageReply">>(each);
    if (state === "given_up" || typeof created_at !== "number") return [];
    if (kind !== "invitation" && kind !== "reminder") return [];
    return [{ email: String(recipient), kind, at: created_at * 1_000 }];
  });
}

export function remindedWords({ mails, lately, stopped }: Reminded): string {
  const [one] = mails;
  const sent =
    mails.length === 1 && one !== undefined
      ? t("reminder_to", { email: visibleName(one.recipient) })
      : t("reminders_sent", { count: mails.length });
  return sentences(
    mails.length === 0 && lately + stopped > 0 ? t("reminded_nobody") : sent,
    lately === 0 ? "" : t("reminded_lately", { count: lately }),
    stopped === 0 ? "" : t("reminded_stopped", { count: stopped }),
  );
}

/** "Remind (3)" for eyes, and whom for ears: "Remind anna@example.org", "Remind 3 people". */
export function remindLabel({ people }: Awaited): readonly [string, string] {
  const open = people.filter(({ stopped }) => !stopped);
  const [one] = open;
  const whom =
    open.length === 1 && one
      ? t("remind_one", { email: visibleName(one.email) })
      : t("remind_many", { count: open.length });
  return [t("remind", { count: open.length }), whom];
}

export class Chasing {
  readonly #api: OwnerApi;
  readonly #refresh: () => void;
  readonly #remind: HTMLButtonElement;
  readonly #extend: HTMLButtonElement;
  readonly #outcome: HTMLElement;
  readonly #problem: HTMLElement;
  readonly #root: HTMLElement;
  #link: ListedLink | null = null;
  #awaited: Awaited = { people: [], nextAt: null };
  /** What was so when it was asked of whom files are awaited. */
  #asked = "";

  constructor(root: HTMLElement, api: OwnerApi, refresh: () => void) {
    this.#api = api;
    this.#refresh = refresh;
    this.#root = root;
    this.#remind = part(root, "remind", HTMLButtonElement);
    this.#extend = part(root, "extend", HTMLButtonElement);
    this.#outcome = part(root, "reminded", HTMLElement);
    this.#problem = part(root, "problem", HTMLElement);
    acts(this.#remind, () => this.#acting(() => this.#remindAll()));
    acts(this.#extend, () => this.#acting(() => this.#giveTime()));
  }

  show(link: ListedLink): void {
    this.#link = link;
    const isDue = link.standing === "soon" || link.standing === "late";
    this.#extend.hidden = !link.active || !(isDue || link.expired || endsSoon(link, Date.now()));
    const due = part(this.#root, "people-due", HTMLElement);
    setText(due, dueWords(link, Date.now()));
    due.classList.toggle("soon", link.standing === "soon");
    due.classList.toggle("late", link.standing === "late");
    this.#place();
  }

  /** Of whom files are awaited, as far as that is known. */
  get awaited(): Awaited {
    return this.#awaited;
  }

  /** Whether anything is to be told of people: some are named or were mailed, or there is a checklist. */
  get hasPeople(): boolean {
    if (this.#link === null) return false;
    const { items, questions, due } = this.#link;
    const isNamed = due.forName !== "" || due.forEmail !== "";
    return isNamed || items.length + questions.length > 0 || this.#awaited.people.length > 0;
  }

  /** What is done about people stands with them; time can be given where there are none, too. */
  #place(): void {
    const { hasPeople } = this;
    part(this.#root, "tab-people", HTMLElement).hidden = !hasPeople;
    const acts = part(this.#root, hasPeople ? "people-acts" : "actions", HTMLElement);
    if (this.#extend.parentElement === acts) return;
    if (hasPeople) acts.append(this.#extend);
    else part(acts, "duplicate", HTMLElement).before(this.#extend);
  }

  /** Asks again of whom files are awaited: the link was mailed to somebody. */
  forget(): void {
    this.#asked = "";
  }

  async refresh(signal: AbortSignal): Promise<void> {
    const link = this.#link;
    if (link === null) return;
    const { hash, active, expired, filesReceived, due } = link;
    const asked = JSON.stringify([active, expired, filesReceived, due]);
    if (asked === this.#asked) return;
    const isOpen = active && !expired && (due.allowLate || link.standing !== "late");
    const awaited = isOpen ? await this.#api.awaited(hash, signal) : { people: [], nextAt: null };
    const [label, whom] = remindLabel(awaited);
    setText(this.#remind, label);
    setAttribute(this.#remind, "aria-label", whom);
    this.#remind.hidden = awaited.people.every(({ stopped }) => stopped);
    const { nextAt } = awaited;
    setAttribute(this.#remind, "title", whom);
    setText(
      part(this.#root, "remind-next", HTMLElement),
      nextAt === null ? "" : t("reminds_next", { date: formatDate(nextAt) }),
    );
    this.#awaited = awaited;
    this.#place();
    this.#asked = asked;
  }

  async #remindAll(): Promise<void> {
    if (this.#link === null) return;
    const words = remindedWords(await this.#api.remind(this.#link.hash));
    show(this.#outcome, words);
  }

  async #giveTime(): Promise<void> {
    if (this.#link === null) return;
    await this.#api.edit(this.#link.hash, anotherWeek(this.#link, Date.now()));
    say(t("extended"));
    this.#refresh();
  }

  async #acting(task: () => Promise<void>): Promise<void> {
    show(this.#problem, "");
    show(this.#outcome, "");
    try {
      await task();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }
}
