// Times as they stand in lists: near ones as people say them, others as a day; the whole time stands in `title`.

import { setAttribute, setText } from "../page/dom";
import { formatAgo, formatDate, formatDay, formatWeekday, formatYesterday } from "./format";
import { t } from "./i18n";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** "just now", "12 minutes ago", "5 hours ago", "yesterday", "Tuesday", "Sep 9, 2001", by the days of whoever reads it. */
export function whenWords(milliseconds: number, now: number): string {
  const past = now - milliseconds;
  // Clocks differ a little.
  if (past < MINUTE_MS) return past > -HOUR_MS ? t("just_now") : formatDay(milliseconds);
  if (past < HOUR_MS) return formatAgo(Math.floor(past / MINUTE_MS), "minute");
  const days = daysBetween(milliseconds, now);
  if (days === 0) return formatAgo(Math.floor(past / HOUR_MS), "hour");
  if (days === 1) return formatYesterday();
  return days < 7 ? formatWeekday(milliseconds) : formatDay(milliseconds);
}

/** How many midnights lie between two times. */
function daysBetween(from: number, to: number): number {
  return Math.round((midnight(to) - midnight(from)) / (24 * HOUR_MS));
}

function midnight(milliseconds: number): number {
  return new Date(milliseconds).setHours(0, 0, 0, 0);
}

/** Whether there is such a time: what a sender says may be none that a calendar has. */
export function showTime(
  element: HTMLTimeElement,
  milliseconds: number | null,
  format: (milliseconds: number) => string,
): boolean {
  const date = new Date(milliseconds ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return false;
  setAttribute(element, "datetime", date.toISOString());
  setAttribute(element, "title", formatDate(date.getTime()));
  setText(element, format(date.getTime()));
  return true;
}

export function showWhen(element: HTMLTimeElement, milliseconds: number, now = Date.now()): void {
  showTime(element, milliseconds, (at) => whenWords(at, now));
}
