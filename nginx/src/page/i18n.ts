// What the page says, in the sender's language. Only the chosen language is loaded; numbers, dates and plurals are the browser's.

import type { Forms, Key, Messages } from "../messages/types";
import { BASE } from "./base";

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

const LOADERS: Readonly<Record<Language, () => Promise<{ default: Messages }>>> = {
  ar: () => import("../messages/ar"),
  de: () => import("../messages/de"),
  en: () => import("../messages/en"),
  es: () => import("../messages/es"),
  fr: () => import("../messages/fr"),
  ja: () => import("../messages/ja"),
  pl: () => import("../messages/pl"),
};

const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(["ar"]);
const CHOICE = "droppr_language";
/** Around what is put into a sentence (Unicode, UAX #9): a Latin file name must not turn an Arabic sentence over. */
const ISOLATE = "\u2068";
const END_ISOLATE = "\u2069";

/** Loads the words of a part of the page that is loaded later, in a language. */
type Loader = (language: Language) => Promise<{ default: object }>;

let language: Language = "en";
let messages: Messages | null = null;
let plurals = new Intl.PluralRules("en");
const listeners = new Set<() => void>();
const later: Loader[] = [];

/** The sentence for `key`. Throws before `useLanguage()` has settled for the first time. */
export function t(key: Key, values: Values = {}): string {
  const found = messages?.[key];
  if (found === undefined) throw new Error(`No language is loaded, or it has no ${key}`);
  const template = typeof found === "string" ? found : formFor(found, Number(values.count));
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return isolate(typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value);
  });
}

/** Whether there are words for it. */
export function isKey(name: string): name is Key {
  return messages !== null && Object.hasOwn(messages, name);
}

function formFor(forms: Forms, count: number): string {
  return forms[plurals.select(count)] ?? forms.other;
}

function isolate(text: string): string {
  return RIGHT_TO_LEFT.has(language) ? `${ISOLATE}${text}${END_ISOLATE}` : text;
}

/** Facts beside each other; from right to left each is kept whole, so that numbers do not change places. */
export function joined(facts: readonly string[]): string {
  return facts.map(isolate).join(" · ");
}

export function currentLanguage(): Language {
  return language;
}

/** Calls `paint` after every change of the language. */
export function onLanguage(paint: () => void): void {
  listeners.add(paint);
}

/** Has the words of a later part come with every language from now on, the present one included. */
export async function alsoLoad(load: Loader): Promise<void> {
  later.push(load);
  await useLanguage(language);
}

/** Loads a language, puts the page's own texts and direction, and tells all listeners. Rejects when it cannot be loaded. */
export async function useLanguage(wanted: Language): Promise<void> {
  const loaded = await Promise.all([LOADERS[wanted], ...later].map((load) => load(wanted)));
  messages = Object.assign({}, ...loaded.map((each) => each.default));
  language = wanted;
  plurals = new Intl.PluralRules(wanted);
  document.documentElement.lang = wanted;
  document.documentElement.dir = RIGHT_TO_LEFT.has(wanted) ? "rtl" : "ltr";
  translate(document);
  for (const paint of listeners) paint();
}

/** Fills elements that name their text (`data-t`) or their label (`data-t-label`). */
export function translate(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-t]")) {
    element.textContent = t(element.dataset.t as Key);
  }
  for (const element of root.querySelectorAll<HTMLElement>("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel as Key));
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

export function isLanguage(name: string): name is Language {
  return Object.hasOwn(LANGUAGES, name);
}

/** In a cookie, since the page that the server sends names the words to load. Where none is kept the choice counts for this visit. */
export function rememberLanguage(chosen: Language): void {
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the other way to set one is there in some browsers only.
    document.cookie = `${CHOICE}=${chosen}; path=${BASE}/request/; max-age=31536000; samesite=lax`;
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
