// How far people have got with a link: as the server tells it, and in words.

import { type Declared, type Doubted, doubted } from "../core/reply";
import { t } from "./i18n";

/** So much of a checklist is there, on a link for one person. */
export interface Steps {
  readonly done: number;
  readonly of: number;
}

/** So many people have got so far, on any other. */
export interface PeopleCounts {
  readonly notBegun: number;
  readonly begun: number;
  readonly finished: number;
}

export type Progress = Steps | PeopleCounts;

export function progressOf({ progress, people }: Doubted<Declared<"ListedLink">>): Progress | null {
  if (progress != null) {
    const { done, of } = doubted<Declared<"Steps">>(progress);
    return { done: countOf(done), of: countOf(of) };
  }
  if (people == null) return null;
  const { not_begun, begun, finished } = doubted<Declared<"PeopleCounts">>(people);
  return { notBegun: countOf(not_begun), begun: countOf(begun), finished: countOf(finished) };
}

function countOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/** How much is done, and of how much. */
export function shareOf(progress: Progress): Steps {
  if ("of" in progress) return progress;
  const { notBegun, begun, finished } = progress;
  return { done: finished, of: notBegun + begun + finished };
}

/** "3 of 5 items", "12 of 50 people": what there is room for. */
export function progressWords(progress: Progress): string {
  const { done, of } = shareOf(progress);
  return t("of" in progress ? "steps_of" : "people_of", { done, count: of });
}

/** "33 not begun · 5 begun · 12 finished". */
export function standingWords({ notBegun, begun, finished }: PeopleCounts): string {
  return t("people_standing", { none: notBegun, begun, finished });
}

/** All that is known, where there is room. */
export function wholeProgress(progress: Progress): string {
  return "of" in progress ? progressWords(progress) : standingWords(progress);
}
