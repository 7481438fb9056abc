import { beforeEach, describe, expect, it } from "vitest";
import ar from "../src/messages/ar";
import askedAr from "../src/messages/asked-ar";
import askedDe from "../src/messages/asked-de";
import askedEn from "../src/messages/asked-en";
import askedEs from "../src/messages/asked-es";
import askedFr from "../src/messages/asked-fr";
import askedJa from "../src/messages/asked-ja";
import askedPl from "../src/messages/asked-pl";
import de from "../src/messages/de";
import en from "../src/messages/en";
import es from "../src/messages/es";
import fr from "../src/messages/fr";
import ja from "../src/messages/ja";
import pl from "../src/messages/pl";
import type { Forms } from "../src/messages/types";
import { LANGUAGES, preferredLanguage, t, useLanguage } from "../src/page/i18n";
import { localeOf } from "../src/page/languages";

type Said = Readonly<Record<string, string | Forms>>;

/** With what a part that is loaded later brings along. */
const ALL: Readonly<Record<string, Said>> = {
  ar: { ...ar, ...askedAr },
  de: { ...de, ...askedDe },
  en: { ...en, ...askedEn },
  es: { ...es, ...askedEs },
  fr: { ...fr, ...askedFr },
  ja: { ...ja, ...askedJa },
  pl: { ...pl, ...askedPl },
};
const ENGLISH: Said = ALL.en ?? {};
const OTHERS = Object.keys(LANGUAGES).filter((tag) => tag !== "en");

const formsOf = (message: string | Forms): string[] =>
  typeof message === "string" ? [message] : Object.values(message);
const placeholdersOf = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();

describe("every language", () => {
  it("that can be chosen is there", () => {
    expect(Object.keys(ALL).sort()).toEqual(Object.keys(LANGUAGES).sort());
  });

  it.each(OTHERS)("%s says the same things as English", (tag) => {
    expect(Object.keys(ALL[tag] ?? {}).sort()).toEqual(Object.keys(ENGLISH).sort());
  });

  it.each(OTHERS)("%s puts the same values into each sentence", (tag) => {
    for (const [key, message] of Object.entries(ALL[tag] ?? {})) {
      const english = formsOf(ENGLISH[key] ?? "")
        .map(placeholdersOf)
        .at(-1);
      for (const form of formsOf(message)) expect([key, placeholdersOf(form)]).toEqual([key, english]);
    }
  });

  it.each(Object.keys(LANGUAGES))(
    "%s has forms for kinds of numbers it tells apart, where they differ",
    (tag) => {
      const kinds: string[] = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
      for (const [key, message] of Object.entries(ALL[tag] ?? {})) {
        if (typeof message === "string") continue;
        const { other, ...rest } = message;
        expect(other, key).toBeTruthy();
        for (const [kind, form] of Object.entries(rest)) {
          expect(kinds, key).toContain(kind);
          expect(form, `${key}: ${kind} is what "other" says, and can go`).not.toBe(other);
        }
      }
    },
  );

  it.each(OTHERS)("%s is translated", (tag) => {
    const same = Object.entries(ALL[tag] ?? {}).filter(
      ([key, message]) => JSON.stringify(message) === JSON.stringify(ENGLISH[key]),
    );
    // A word may be the same in two languages; whole sentences are not.
    expect(same.map(([key]) => key).filter((key) => !["code", "pause"].includes(key))).toEqual([]);
  });
});

describe("a sentence", () => {
  beforeEach(() => {
    document.body.innerHTML = `<p data-t="foot"></p><ul data-t-label="limits"></ul>`;
  });

  it("takes the form its number asks for", async () => {
    await useLanguage("pl");
    expect([1, 2, 5, 22, 25].map((count) => t("done", { count }))).toEqual([
      "Dotarł 1 plik.",
      "Dotarły 2 pliki.",
      "Dotarło 5 plików.",
      "Dotarły 22 pliki.",
      "Dotarło 25 plików.",
    ]);
  });

  it("has numbers as the language writes them", async () => {
    await useLanguage("de");
    expect(t("done", { count: 12_345 })).toBe("12.345 Dateien sind angekommen.");
  });

  it("is set from right to left in Arabic, and keeps a Latin name from turning it over", async () => {
    await useLanguage("ar");
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(["ar", "rtl"]);
    expect(t("pause_item", { path: "film.mp4" })).toContain("\u2068film.mp4\u2069");
    await useLanguage("en");
    expect(document.documentElement.dir).toBe("ltr");
  });

  it("is put into the page, as text and as label", async () => {
    await useLanguage("fr");
    expect(document.querySelector("p")?.textContent).toBe(ALL.fr?.foot);
    expect(document.querySelector("ul")?.getAttribute("aria-label")).toBe(ALL.fr?.limits);
  });
});

describe("numbers and times", () => {
  const at = new Date(2026, 6, 3, 18, 5);
  const written = (locale: string) =>
    at.toLocaleString(locale, { dateStyle: "long", timeStyle: "short" }).replaceAll("\u202f", " ");

  it("are written as the browser's own kind of a language does", () => {
    expect(written(localeOf("en", ["en-GB", "en"], "en-GB"))).toBe("3 July 2026 at 18:05");
    expect(written(localeOf("de", ["en-GB", "de-CH"], "en-GB"))).toBe("3. Juli 2026 um 18:05");
    expect(written(localeOf("en", ["en-US"], "en-US"))).toBe("July 3, 2026 at 6:05 PM");
  });

  it("go by the clock of who looks, in whichever language", () => {
    expect(written(localeOf("en", ["de", "fr"], "de"))).toBe("July 3, 2026 at 18:05");
  });
});

describe("the language", () => {
  it.each([
    [null, ["de-AT", "en"], "de"],
    [null, ["it", "PL"], "pl"],
    [null, ["it"], "en"],
    ["ja", ["de"], "ja"],
    ["nonsense", ["es-MX"], "es"],
  ] as const)("chosen %s among %s is %s", (chosen, wanted, language) => {
    expect(preferredLanguage(chosen, wanted)).toBe(language);
  });
});
