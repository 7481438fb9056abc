// Numbers in words people use, as their language writes them. Sizes count in 1024s, as file managers on most desks show them.

import { currentLocale, t } from "./i18n";

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
  const digits = power === 0 || value >= 100 ? 0 : 1;
  const unitDisplay = power === 0 && per === "" ? "long" : "short";
  const unit = `${UNITS[power] ?? "byte"}${per}`;
  return number({ style: "unit", unit, unitDisplay, maximumFractionDigits: digits }).format(value);
}

export function formatPercent(part: number, whole: number): string {
  // Rounded down: 100 % is said only when it is true.
  const share = whole === 0 ? 1 : Math.floor((part / whole) * 100) / 100;
  return number({ style: "percent" }).format(share);
}

/** "about 3 min left", or nothing when no honest guess can be made. */
export function formatTimeLeft(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds > 7 * 86_400) return "";
  if (seconds < 10) return t("time_left_seconds");
  if (seconds < 60) return t("time_left_minute");
  return t("time_left", { time: formatDuration(seconds) });
}

/** Rounded up to what a person would say: "2 min", "1 hr 20 min", "3 days". */
export function formatDuration(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  if (minutes < 60) return unit("minute", minutes);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return unit("day", Math.floor(hours / 24));
  return minutes % 60 === 0 ? unit("hour", hours) : `${unit("hour", hours)} ${unit("minute", minutes % 60)}`;
}

export function formatDate(milliseconds: number): string {
  const format = new Intl.DateTimeFormat(currentLocale(), { dateStyle: "long", timeStyle: "short" });
  return format.format(milliseconds);
}

export function formatTime(milliseconds: number): string {
  return new Intl.DateTimeFormat(currentLocale(), { timeStyle: "short" }).format(milliseconds);
}

function unit(name: string, value: number): string {
  return number({ style: "unit", unit: name, unitDisplay: "short" }).format(value);
}

const formats = new Map<string, Intl.NumberFormat>();

/** Making a number format costs more than using it, and every row uses several on every frame. */
function number(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const locale = currentLocale();
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat(locale, options);
  formats.set(key, known);
  return known;
}
