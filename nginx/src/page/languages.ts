// The languages there are, which of them somebody wants, and how values are put into a sentence of one.

import type { Forms } from "../messages/types";

/** Numbers are put the way the language writes them; `count` chooses the form. */
export type Values = Readonly<Record<string, string | number>>;

/** In the order of the switch, each by its own name. */
export const LANGUAGES = {
  ar: "العربية",
  de: "Deutsch",
  en: "English",
  es: "Español",
  fr: "Français",
  ja: "日本語",
  pl: "Polski",
} as const;
export type Language = keyof typeof LANGUAGES;

const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(["ar"]);
const CHOICE = "droppr_language";
/** Around what is put into a sentence (Unicode, UAX #9): a Latin file name must not turn an Arabic sentence over. */
const ISOLATE = "\u2068";
const END_ISOLATE = "\u2069";

/** Puts values into sentences of a language. */
export class Tongue {
  readonly language: Language;
  /** As which numbers and times are written. */
  readonly locale: string;
  readonly #plurals: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;

  constructor(language: Language) {
    this.language = language;
    this.#plurals = new Intl.PluralRules(language);
    this.locale = localeOf(language);
    this.#numbers = new Intl.NumberFormat(this.locale);
  }

  get isRightToLeft(): boolean {
    return RIGHT_TO_LEFT.has(this.language);
  }

  /** A sentence with its values; what has none stays in braces. */
  say(message: string | Forms, values: Values): string {
    const template = typeof message === "string" ? message : this.#formFor(message, Number(values.count));
    return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return this.isolate(typeof value === "number" ? this.#numbers.format(value) : value);
    });
  }

  /** Keeps its direction of writing to itself, where that of the language may be another one. */
  isolate(text: string): string {
    return this.isRightToLeft ? `${ISOLATE}${text}${END_ISOLATE}` : text;
  }

  /** Tells the browser which language the page is in. */
  name(root: HTMLElement): void {
    root.lang = this.language;
    root.dir = this.isRightToLeft ? "rtl" : "ltr";
  }

  #formFor(forms: Forms, count: number): string {
    return forms[this.#plurals.select(count)] ?? forms.other;
  }
}

/** What was chosen here before, else the first of the browser's languages that there is, else English. */
export function preferredLanguage(
  chosen: string | null = rememberedLanguage(),
  wanted: readonly string[] = navigator.languages,
): Language {
  const names = [chosen ?? "", ...wanted].map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return names.find(isLanguage) ?? "en";
}

/** A language as the browser's owner writes it: of British English its days and months, and by their own clock of 12 or 24 hours whichever
 * language it is. */
export function localeOf(
  language: Language,
  wanted: readonly string[] = navigator.languages,
  browser?: string,
): string {
  const own = wanted.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
  const { hourCycle } = new Intl.DateTimeFormat(browser, { hour: "numeric" }).resolvedOptions();
  return new Intl.Locale(own, { hourCycle: hourCycle ?? "h23" }).toString();
}

export function isLanguage(name: string): name is Language {
  return Object.hasOwn(LANGUAGES, name);
}

/** In a cookie of the pages below `path`, since the server may choose by it what it sends. Where none is kept the choice counts for this
 * visit. */
export function rememberLanguage(chosen: Language, path: string): void {
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the other way to set one is there in some browsers only.
    document.cookie = `${CHOICE}=${chosen}; path=${path}; max-age=31536000; samesite=lax`;
  } catch {
    return;
  }
}

function rememberedLanguage(): string | null {
  try {
    return new RegExp(`(?:^|; )${CHOICE}=(\\w+)`).exec(document.cookie)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Offers every language by its own name, so that who landed in a wrong one finds out again; `chosen` is told which one is taken. */
export function offerLanguages(
  choice: HTMLSelectElement,
  now: Language,
  chosen: (language: Language) => void,
): void {
  for (const [tag, name] of Object.entries(LANGUAGES)) {
    const option = new Option(name, tag);
    option.lang = tag;
    choice.append(option);
  }
  choice.value = now;
  choice.addEventListener("change", () => {
    if (isLanguage(choice.value)) chosen(choice.value);
  });
}
