// Messages and endpoints in words.

import { formatDay, formatIn, formatList } from "../format";
import { isKey, joined, sentences, t } from "../i18n";
import { whyWords } from "../reasons";
import { visibleName } from "../visible";
import { whenWords } from "../when";
import type { Endpoint, Message } from "./wire";

/** What webhooks can be told of, but for tests, which always go. */
export const HOOK_KINDS = [
  "files.received",
  "files.removed",
  "item.accepted",
  "item.returned",
  "link.made",
  "link.changed",
  "link.closed",
  "link.deleted",
] as const;

/** One that is not known yet, as the server calls it. */
export function kindWords(kind: string): string {
  const key = `tell_kind_${kind.replaceAll(".", "_")}`;
  return isKey(key) ? t(key) : visibleName(kind);
}

export function wayWords(way: string): string {
  const key = `tell_way_${way}`;
  return isKey(key) ? t(key) : visibleName(way);
}

/** What it is told of: everything, or what of it. */
export function kindsWords({ way, kinds }: Endpoint): string {
  const told = kinds.filter((each) => each !== "test");
  if (way !== "webhook" || HOOK_KINDS.every((each) => told.includes(each)))
    return way === "webhook" ? t("tell_everything") : "";
  return formatList(told.map(kindWords));
}

/** How an endpoint stands: whether it is on, and what became of what it was told last, where that is known. */
export function standingWords(endpoint: Endpoint, last: Message | undefined, now: number): string {
  const { isActive, failingSince } = endpoint;
  if (!isActive) {
    const since = failingSince === null ? "" : t("tell_off_since", { day: formatDay(failingSince) });
    return sentences(t("tell_off"), since);
  }
  if (failingSince !== null) return t("tell_failing", { when: whenWords(failingSince, now) });
  return last === undefined ? t("tell_on") : joined(t("tell_on"), outcomeWords(last, now));
}

/** What became of a message, and when. */
export function outcomeWords({ state, doneAt, nextAt, tries, why }: Message, now: number): string {
  const said = whyWords(why);
  switch (state) {
    case "sent":
      return doneAt === null ? t("tell_sent") : t("tell_sent_when", { when: whenWords(doneAt, now) });
    case "failed":
      return sentences(t("tell_failed", { answer: said }).trim(), nextWords(nextAt, now));
    case "given_up":
      return t("tell_given_up", { answer: said }).trim();
    default:
      return tries === 0 && said !== "" ? t("tell_waiting_said", { answer: said }) : t("tell_waiting");
  }
}

function nextWords(nextAt: number | null, now: number): string {
  if (nextAt === null) return "";
  return nextAt <= now ? t("tell_next_now") : t("tell_next", { when: formatIn((nextAt - now) / 1_000) });
}

/** The newest message to each recipient. `messages` begin with the newest. */
export function newestOf(messages: readonly Message[]): ReadonlyMap<string, Message> {
  return new Map(messages.toReversed().map((each) => [each.recipient, each]));
}

/** An address in one line: what of it tells them apart, and no more of the rest than there is room for. */
export function shortAddress(url: string, most = 60): string {
  const seen = visibleName(url.replace(/^https:\/\//, ""));
  const letters = [...seen];
  if (letters.length <= most) return seen;
  const end = Math.floor(most / 3);
  return `${letters.slice(0, most - end - 1).join("")}…${letters.slice(-end).join("")}`;
}
