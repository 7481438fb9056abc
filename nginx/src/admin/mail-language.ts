// In which language people are mailed: by the server's word for each, and by its own name.

import type { Declared } from "../core/reply";
import { setText } from "../page/dom";
import { LANGUAGES } from "../page/languages";
import { optionOf } from "./parts";

export type MailLanguage = Declared<"Language">;
export const MAIL_LANGUAGES = [
  "auto",
  "ar",
  "de",
  "en",
  "es",
  "fr",
  "ja",
  "pl",
] as const satisfies readonly MailLanguage[];

/** By its own name; empty where none is said. */
export function languageName(language: MailLanguage): string {
  return language === "auto" ? "" : LANGUAGES[language];
}

export function mailLanguageOf(value: unknown): MailLanguage {
  return MAIL_LANGUAGES.find((each) => each === value) ?? "auto";
}

/** Each by its own name, so that whoever reads it finds theirs; `auto` is what is said of none. */
export function offerMailLanguages(select: HTMLSelectElement, auto: string): void {
  const options = MAIL_LANGUAGES.map((each) => {
    const option = optionOf(each);
    setText(option, languageName(each) || auto);
    return option;
  });
  select.replaceChildren(...options);
}

/** As somebody writes it, in a table perhaps: the server's word, or its own name; undefined for none that there is. */
export function writtenLanguage(text: string): MailLanguage | undefined {
  const asked = text.toLowerCase();
  if (asked === "") return "auto";
  return MAIL_LANGUAGES.find((each) => each === asked || languageName(each).toLowerCase() === asked);
}
