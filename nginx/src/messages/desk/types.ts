// What every language has to say on the owner's pages: the same sentences as English, part by part.

import type { Forms } from "../types";
import type accounts from "./en/accounts";
import type audit from "./en/audit";
import type checklist from "./en/checklist";
import type common from "./en/common";
import type desk from "./en/desk";
import type document from "./en/document";
import type elsewhere from "./en/elsewhere";
import type factor from "./en/factor";
import type keys from "./en/keys";
import type link from "./en/link";
import type looks from "./en/looks";
import type people from "./en/people";
import type push from "./en/push";
import type settings from "./en/settings";
import type sharing from "./en/sharing";
import type telling from "./en/telling";
import type terms from "./en/terms";
import type tour from "./en/tour";
import type { ErrorCode, NoteCode } from "./error-codes";

interface Parts {
  accounts: typeof accounts;
  audit: typeof audit;
  checklist: typeof checklist;
  common: typeof common;
  desk: typeof desk;
  document: typeof document;
  elsewhere: typeof elsewhere;
  factor: typeof factor;
  keys: typeof keys;
  link: typeof link;
  looks: typeof looks;
  people: typeof people;
  push: typeof push;
  settings: typeof settings;
  sharing: typeof sharing;
  telling: typeof telling;
  terms: typeof terms;
  tour: typeof tour;
}

/** What is loaded together. */
export type Part = keyof Parts;
export type Words<P extends Part> = {
  readonly [K in keyof Parts[P]]: Parts[P][K] extends string ? string : Forms;
};
export type DeskKey = { [P in Part]: keyof Parts[P] }[Part];

/** What is said in place of the server's sentences, which are in English. */
export type ErrorWords = Readonly<Record<ErrorCode | NoteCode, string>>;
