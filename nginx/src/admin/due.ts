// When files are due and for whom a link is: as the server tells it, as it is typed, and in words.

import type { Declared, Doubted } from "../core/reply";
import { formatAge, formatDate, formatDay, formatIn, formatList } from "./format";
import { t } from "./i18n";
import { languageName, type MailLanguage, mailLanguageOf } from "./mail-language";

/** How a link stands to its date. */
export type Due = Declared<"Due">;

/** Times are milliseconds since 1970. */
export interface DueTerms {
  readonly at: number | null;
  /** Whether late files are taken. */
  readonly allowLate: boolean;
  /** Days before the date; those after it are negative. */
  readonly reminders: readonly number[];
  readonly forName: string;
  readonly forEmail: string;
  /** In which language they read. */
  readonly forLanguage: MailLanguage;
}

/** The same as it stands in a form: the date by the clock of whoever types it, empty for none. */
export interface TypedDue extends Omit<DueTerms, "at"> {
  readonly at: string;
}

export const NOT_DUE: DueTerms = {
  at: null,
  allowLate: true,
  reminders: [],
  forName: "",
  forEmail: "",
  forLanguage: "auto",
};

export function parseDue(value: Doubted<Declared<"OwnerLink">>): DueTerms {
  const { due_at, allow_late, reminders, recipient_name, recipient_email, recipient_language } = value;
  return {
    at: typeof due_at === "number" ? due_at * 1_000 : null,
    allowLate: allow_late !== false,
    reminders: Array.isArray(reminders)
      ? reminders.filter((day): day is number => Number.isInteger(day))
      : [],
    forName: typeof recipient_name === "string" ? recipient_name : "",
    forEmail: typeof recipient_email === "string" ? recipient_email : "",
    forLanguage: mailLanguageOf(recipient_language),
  };
}

const STANDINGS: readonly Due[] = ["none", "done", "later", "soon", "late"];

export function parseStanding(value: unknown): Due {
  return STANDINGS.find((each) => each === value) ?? "none";
}

/** What the server is told. */
export function dueTerms({ at, allowLate, reminders, forName, forEmail, forLanguage }: TypedDue) {
  return {
    due_at: secondsOf(at),
    allow_late: allowLate,
    reminders: [...reminders].sort((one, other) => other - one),
    recipient_name: forName.trim(),
    recipient_email: forEmail.trim(),
    recipient_language: forLanguage,
  };
}

export function typedDue(due: DueTerms): TypedDue {
  return { ...due, at: due.at === null ? "" : localText(due.at) };
}

/** "2026-07-03T18:00", as a field for date and time has it. */
export function localText(milliseconds: number): string {
  const at = new Date(milliseconds);
  return new Date(milliseconds - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function secondsOf(text: string): number | null {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? null : at / 1_000;
}

/** Whose clock dates are typed by. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}

interface Standing {
  readonly due: Pick<DueTerms, "at">;
  readonly standing: Due;
}

/** "Due in 3 days", "2 days late", or nothing where nobody has to hear of it. */
export function dueWords({ due: { at }, standing }: Standing, now: number): string {
  if (at === null || standing === "none" || standing === "done") return "";
  // Nobody is told to be later than they are.
  if (standing === "late") return t("late_by", { time: formatAge((now - at) / 1_000) });
  return standing === "soon"
    ? t("due_when", { when: formatIn((at - now) / 1_000) })
    : t("due_on", { date: formatDay(at) });
}

/** Pairs of a name and what is set, as the link's page lists them. */
export function dueFacts(terms: DueTerms): [string, string][] {
  const { at, allowLate, reminders, forName, forEmail, forLanguage } = terms;
  const whom = forName !== "" && forEmail !== "" ? `${forName} <${forEmail}>` : forName + forEmail;
  return [
    [t("term_for"), whom],
    [t("term_for_language"), languageName(forLanguage)],
    [t("term_due"), at === null ? "" : formatDate(at)],
    [t("term_late"), at === null || allowLate ? "" : t("said_late")],
    [t("term_reminders"), at === null ? "" : formatList(reminders.map(dayWords))],
  ];
}

/** "3 days before", of a day before the date; those after it are negative. */
export function dayWords(day: number): string {
  if (day === 0) return t("when_due");
  return t(day > 0 ? "days_before" : "days_after", { count: Math.abs(day) });
}

interface Ending extends Standing {
  readonly expiresAt: number | null;
  readonly expired: boolean;
}

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;
/** For who comes a little late. */
const SPARE_HOURS = 24;

/** The terms by which there is another week for it: at the same hour as before, and no link that ends before its files are due. */
export function anotherWeek({ due, expiresAt, expired }: Ending, now: number): Declared<"LinkTerms"> {
  if (due.at === null) {
    const hours = expiresAt === null || expired ? 0 : (expiresAt - now) / HOUR_MS;
    return { expires_hours: hours + WEEK_HOURS };
  }
  const at = new Date(due.at);
  do at.setDate(at.getDate() + 7);
  while (at.getTime() <= now);
  const needed = at.getTime() + SPARE_HOURS * HOUR_MS;
  const ends = expiresAt !== null && expiresAt < needed;
  return {
    due_at: at.getTime() / 1_000,
    ...(ends ? { expires_hours: Math.ceil((needed - now) / HOUR_MS) } : {}),
  };
}
