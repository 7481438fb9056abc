// What this part says, in words that come with it and not with the page.

import type english from "../../messages/asked-en";
import type { Forms, Key } from "../../messages/types";
import { alsoLoad, type Language, t, type Values } from "../i18n";

export type AskedWords = {
  readonly [K in keyof typeof english]: (typeof english)[K] extends string ? string : Forms;
};
export type AskedKey = keyof AskedWords;

const LOADERS: Readonly<Record<Language, () => Promise<{ default: AskedWords }>>> = {
  ar: () => import("../../messages/asked-ar"),
  de: () => import("../../messages/asked-de"),
  en: () => import("../../messages/asked-en"),
  es: () => import("../../messages/asked-es"),
  fr: () => import("../../messages/asked-fr"),
  ja: () => import("../../messages/asked-ja"),
  pl: () => import("../../messages/asked-pl"),
};

export function loadWords(): Promise<void> {
  return alsoLoad((language) => LOADERS[language]());
}

/** The sentence for a key of this part. */
export function say(key: AskedKey, values: Values = {}): string {
  return t(key as unknown as Key, values);
}
