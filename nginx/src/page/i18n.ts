// What the page says, in the sender's language. Only the chosen language is loaded; numbers, dates and plurals are the browser's.

import type { Key, Messages } from "../messages/types";
import { BASE } from "./base";
import { type Language, rememberLanguage as remember, Tongue, type Values } from "./languages";

export { isLanguage, LANGUAGES, type Language, preferredLanguage, type Values } from "./languages";

const LOADERS: Readonly<Record<Language, () => Promise<{ default: Messages }>>> = {
  ar: () => import("../messages/ar"),
  de: () => import("../messages/de"),
  en: () => import("../messages/en"),
  es: () => import("../messages/es"),
  fr: () => import("../messages/fr"),
  ja: () => import("../messages/ja"),
  pl: () => import("../messages/pl"),
};

/** Loads the words of a part of the page that is loaded later, in a language. */
type Loader = (language: Language) => Promise<{ default: object }>;

let tongue = new Tongue("en");
let messages: Messages | null = null;
const listeners = new Set<() => void>();
const later: Loader[] = [];

/** The sentence for `key`. Throws before `useLanguage()` has settled for the first time. */
export function t(key: Key, values: Values = {}): string {
  const found = messages?.[key];
  if (found === undefined) throw new Error(`No language is loaded, or it has no ${key}`);
  return tongue.say(found, values);
}

/** Whether there are words for it. */
export function isKey(name: string): name is Key {
  return messages !== null && Object.hasOwn(messages, name);
}

/** What may be in another language than the sentence that it stands in. */
export const isolate = (text: string): string => tongue.isolate(text);

/** Facts beside each other; from right to left each is kept whole, so that numbers do not change places. */
export function joined(facts: readonly string[]): string {
  return facts.map((each) => tongue.isolate(each)).join(" · ");
}

export function currentLanguage(): Language {
  return tongue.language;
}

export function currentLocale(): string {
  return tongue.locale;
}

/** Calls `paint` after every change of the language. */
export function onLanguage(paint: () => void): void {
  listeners.add(paint);
}

/** Has the words of a later part come with every language from now on, the present one included. */
export async function alsoLoad(load: Loader): Promise<void> {
  later.push(load);
  await useLanguage(tongue.language);
}

/** Loads a language, puts the page's own texts and direction, and tells all listeners. Rejects when it cannot be loaded. */
export async function useLanguage(wanted: Language): Promise<void> {
  const loaded = await Promise.all([LOADERS[wanted], ...later].map((load) => load(wanted)));
  messages = Object.assign({}, ...loaded.map((each) => each.default));
  tongue = new Tongue(wanted);
  tongue.name(document.documentElement);
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

export function rememberLanguage(chosen: Language): void {
  remember(chosen, `${BASE}/request/`);
}
