// What every language has to say: the same sentences as English.

import type english from "./en";

export type Messages = {
  readonly [K in keyof typeof english]: (typeof english)[K] extends string ? string : Forms;
};
export type Key = keyof Messages;

/** One sentence for each kind of number the language tells apart; which kinds those are, `Intl.PluralRules` knows. */
export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string };
