// Numbers and times in words people use, as the owner's language writes them. Sizes count in 1024s, as file managers on most desks show
// them.

import { currentLocale, isolated, t } from "./i18n";

const SPANS: ReadonlySet<string> = new Set(["second", "minute", "hour", "day"]);
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function formatBytes(bytes: number): string {
  return inUnits(bytes, "");
}

export function formatSpeed(bytesPerSecond: number): string {
  return inUnits(Math.round(bytesPerSecond), "-per-second");
}

function inUnits(bytes: number, per: string): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  const unit = `${UNITS[power] ?? "byte"}${per}`;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  const unitDisplay = power === 0 && per === "" ? "long" : "short";
  return numbers({ style: "unit", unit, unitDisplay, maximumFractionDigits: digits }).format(value);
}

/** Every single one of them. */
export function formatExactBytes(bytes: number): string {
  return numbers({ style: "unit", unit: "byte", unitDisplay: "long" }).format(bytes);
}

export function formatNumber(value: number): string {
  return numbers({}).format(value);
}

export function formatPercent(part: number, whole: number): string {
  // Rounded down: 100 % is said only when it is true.
  const share = whole === 0 ? 1 : Math.floor((part / whole) * 100) / 100;
  return numbers({ style: "percent" }).format(share);
}

/** Rounded up to what a person would say: "2 minutes", "1 hour, 20 minutes", "3 days". */
export function formatDuration(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  if (minutes < 60) return unit("minute", minutes);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return unit("day", Math.floor(hours / 24));
  if (hours >= 24 || minutes % 60 === 0) return unit("hour", hours);
  return formatList([unit("hour", hours), unit("minute", minutes % 60)]);
}

/** Of what is over: "5 minutes", "3 hours", "1 day". Nobody is told that it was longer than it was. */
export function formatAge(seconds: number): string {
  const hours = Math.floor(seconds / 3_600);
  if (hours >= 24) return unit("day", Math.floor(hours / 24));
  return hours > 0 ? unit("hour", hours) : unit("minute", Math.max(1, Math.floor(seconds / 60)));
}

/** Of what is to come: "in 90 minutes", "in 20 hours", "in 3 days". */
export function formatIn(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  const hours = Math.floor(minutes / 60);
  const format = relative("always");
  if (hours < 2) return format.format(minutes, "minute");
  // A week that began a minute ago is still a week to a person.
  return hours < 48 ? format.format(hours, "hour") : format.format(Math.round(minutes / 1_440), "day");
}

/** "12 minutes ago", "5 hours ago". */
export function formatAgo(amount: number, of: "minute" | "hour"): string {
  return relative("always").format(-amount, of);
}

export function formatYesterday(): string {
  return relative("auto").format(-1, "day");
}

export function formatDate(milliseconds: number): string {
  return dates({ dateStyle: "long", timeStyle: "short" }).format(milliseconds);
}

export function formatDay(milliseconds: number): string {
  return dates({ dateStyle: "medium" }).format(milliseconds);
}

/** A day with its hour, where there is little room. */
export function formatMoment(milliseconds: number): string {
  return dates({ dateStyle: "medium", timeStyle: "short" }).format(milliseconds);
}

export function formatWeekday(milliseconds: number): string {
  return dates({ weekday: "long" }).format(milliseconds);
}

/** Things beside each other, apart by what the language has for a comma. Lists of `Intl` would say "and". */
export function formatList(things: readonly string[]): string {
  return things.map(isolated).join(t("comma"));
}

/** So many of a unit, whose name may be in the plural; of one that no language knows, as it is called. */
export function formatAmount(value: number, of: string): string {
  const name = of.replace(/s$/, "");
  return SPANS.has(name) ? unit(name, value) : `${formatNumber(value)}\u00a0${of}`;
}

function unit(name: string, value: number): string {
  return numbers({ style: "unit", unit: name, unitDisplay: "long" }).format(value);
}

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept("number", options, (locale) => new Intl.NumberFormat(locale, options));
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept("date", options, (locale) => new Intl.DateTimeFormat(locale, options));
}

function relative(numeric: "always" | "auto"): Intl.RelativeTimeFormat {
  return kept("relative", { numeric }, (locale) => new Intl.RelativeTimeFormat(locale, { numeric }));
}

const formats = new Map<string, unknown>();

/** Making a format costs more than using it, and every row uses several on every frame. */
function kept<T>(kind: string, options: object, made: (locale: string) => T): T {
  const locale = currentLocale();
  const key = `${locale} ${kind} ${JSON.stringify(options)}`;
  const known = (formats.get(key) as T | undefined) ?? made(locale);
  formats.set(key, known);
  return known;
}
