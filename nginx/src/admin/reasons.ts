// Why something was not taken elsewhere: by kind, in the reader's language, and behind it what the other server said in its own.

import type { Declared, Doubted } from "../core/reply";
import { currentLanguage, isKey, sentences, t } from "./i18n";
import { visibleName } from "./visible";

type Reason = Declared<"Reason">;

export interface Why {
  /** The server's sentence, in English. */
  readonly answer: string;
  /** Of which kind that is; empty where nobody knows. */
  readonly reason: string;
  /** What the other side, or the system, said to it itself. */
  readonly said: string;
}

/** Of these `said` is not the other server's, which has said nothing. */
const OF_THE_SYSTEM: readonly string[] = ["unreachable", "certificate", "timed_out"] satisfies Reason[];
/** Of these our own server's sentence says more than the kind. */
const MORE: readonly string[] = [
  "not_set_up",
  "not_installed",
  "not_allowed",
  "not_needed",
  "here",
] satisfies Reason[];

export function whyOf(
  answer: unknown,
  { reason, said }: Doubted<Pick<Declared<"TestedMail">, "reason" | "said">>,
): Why {
  return { answer: textOf(answer), reason: textOf(reason), said: textOf(said) };
}

/** In whole sentences; empty where nothing is known. */
export function whyWords({ answer, reason, said }: Why): string {
  const key = `reason_${reason}`;
  if (!isKey(key)) return whole(visibleName(answer));
  if (MORE.includes(reason)) {
    // English sentences of ours are for those who read English, and name what has to be set for all.
    if (currentLanguage() === "en") return whole(visibleName(answer)) || t(key);
    return sentences(t(key), reason === "not_needed" ? "" : quoted("reason_in_detail", answer));
  }
  return sentences(
    t(key),
    quoted(OF_THE_SYSTEM.includes(reason) ? "reason_in_detail" : "reason_of_other", said),
  );
}

function quoted(key: "reason_in_detail" | "reason_of_other", words: string): string {
  // What is quoted may be a sentence already, and the one around it ends by itself.
  const said = visibleName(words).replace(/[.。]+$/, "");
  return said === "" ? "" : t(key, { said });
}

/** Others' words may be a sentence already. */
function whole(words: string): string {
  return words === "" || /[.!?。]$/.test(words) ? words : `${words}.`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
