// What the owner's pages say, in the owner's language. Only that language is loaded, and of it what a page or a late part of it says.

import type { DeskKey, ErrorWords, Part } from "../messages/desk/types";
import type { Forms } from "../messages/types";
import { BASE } from "../page/base";
import { need } from "../page/dom";
import {
  type Language,
  offerLanguages,
  preferredLanguage,
  rememberLanguage,
  Tongue,
  type Values,
} from "../page/languages";

type Said = Readonly<Record<string, string | Forms>>;

/** By language and part. */
const LOADERS: Readonly<Record<string, () => Promise<Said>>> = import.meta.glob<Said>(
  "../messages/desk/*/*.ts",
  { import: "default" },
);
/** What is named in an element, and the attribute that it is put into. */
const ATTRIBUTES = {
  tLabel: "aria-label",
  tPlaceholder: "placeholder",
  tValue: "value",
  tNote: "data-label",
} as const;

let tongue = new Tongue("en");
let words: Said = {};
let errors: Partial<ErrorWords> = {};
const coming = new Map<string, Promise<void>>();

export type { DeskKey };

/** The sentence for `key`, whose part has been loaded. */
export function t(key: DeskKey, values: Values = {}): string {
  const found = words[key];
  if (found === undefined) throw new Error(`The part that says ${key} is not loaded`);
  return tongue.say(found, values);
}

/** Whether there are words for it. */
export function isKey(name: string): name is DeskKey {
  return Object.hasOwn(words, name);
}

/** What stands for the server's sentence with this code; undefined where that is as good, or all there is. */
export function errorSentence(code: string): string | undefined {
  return (errors as Readonly<Record<string, string>>)[code];
}

/** Facts beside each other, without those that are empty; from right to left each is kept whole, so that numbers do not change places. */
export function joined(...facts: readonly string[]): string {
  return facts
    .filter((each) => each !== "")
    .map(isolated)
    .join(" · ");
}

/** Keeps its direction of writing to itself. */
export function isolated(text: string): string {
  return tongue.isolate(text);
}

/** Several sentences. */
export function sentences(...said: readonly string[]): string {
  return said.filter((each) => each !== "").join(tongue.language === "ja" ? "" : " ");
}

export function currentLanguage(): Language {
  return tongue.language;
}

export function currentLocale(): string {
  return tongue.locale;
}

/** Begins a page: its language, the parts that it says, and the switch between languages. */
export async function startPage(...parts: readonly Part[]): Promise<void> {
  await speak(preferredLanguage(), "common", ...parts);
  offerLanguages(need("language", HTMLSelectElement), tongue.language, (chosen) => {
    rememberLanguage(chosen, `${BASE}/admin`);
    // Everything that stands there was said in the other one.
    location.reload();
  });
}

/** Takes up a language, with these parts. */
export async function speak(language: Language, ...parts: readonly Part[]): Promise<void> {
  tongue = new Tongue(language);
  tongue.name(document.documentElement);
  coming.clear();
  await Promise.all([loadWords(...parts), loadErrors()]);
}

/** Loads what parts of the page say. Rejects where that cannot be had; asked again, it tries again. */
export async function loadWords(...parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((part) => coming.get(part) ?? load(part)));
}

async function load(part: Part): Promise<void> {
  const loading = said(part).then((loaded) => {
    words = { ...words, ...loaded };
    translate(document, loaded);
  });
  coming.set(part, loading);
  loading.catch(() => coming.delete(part));
  return loading;
}

/** The server's own sentences are English. */
async function loadErrors(): Promise<void> {
  errors = tongue.language === "en" ? {} : ((await said("errors")) as Partial<ErrorWords>);
}

async function said(part: Part | "errors"): Promise<Said> {
  const loader = LOADERS[`../messages/desk/${tongue.language}/${part}.ts`];
  if (loader === undefined) throw new Error(`There are no words for ${part}`);
  return loader();
}

/**
 * Fills elements that name their text (`data-t`) or an attribute (`data-t-label`), as far as its words are
 * `among` those. Elements inside one
 * stand where the sentence has their names (`data-slot`) in braces.
 */
export function translate(root: ParentNode, among: Said = words): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-t]")) {
    const { t: key } = element.dataset;
    if (key !== undefined && Object.hasOwn(among, key)) put(element, key as DeskKey);
  }
  for (const [named, attribute] of Object.entries(ATTRIBUTES)) {
    const selector = `[data-t-${named.slice(1).toLowerCase()}]`;
    for (const element of root.querySelectorAll<HTMLElement>(selector)) {
      const key = element.dataset[named];
      if (key !== undefined && Object.hasOwn(among, key)) element.setAttribute(attribute, t(key as DeskKey));
    }
  }
}

/** A sentence with elements where it has their names in braces. */
export function filled(key: DeskKey, slots: Readonly<Record<string, Node>>): (Node | string)[] {
  const pieces = t(key).split(/\{(\w+)\}/);
  return pieces.map((piece, at) => (at % 2 === 0 ? piece : (slots[piece] ?? `{${piece}}`)));
}

function put(element: HTMLElement, key: DeskKey): void {
  const slots = Object.fromEntries(
    [...element.querySelectorAll<HTMLElement>(":scope > [data-slot]")].map((each) => [
      each.dataset.slot ?? "",
      each,
    ]),
  );
  if (Object.keys(slots).length === 0) element.textContent = t(key);
  else element.replaceChildren(...filled(key, slots));
}
