// What few links say: when files are due, and that they go further.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parseLinkInfo } from "../src/core/wire";
import { LANGUAGES, type Language, useLanguage } from "../src/page/i18n";
import { paintSeldom } from "../src/page/seldom";

const INFO = readFileSync(resolve(import.meta.dirname, "../../tests/fixtures/wire/info.json"), "utf8");
const NOW = new Date(2026, 5, 30, 12).getTime();
const DAY = 86_400;

function info(more: object) {
  return parseLinkInfo({ ...JSON.parse(INFO), due_in: null, ...more });
}

const text = (id: string): string | null => document.getElementById(id)?.textContent ?? null;

beforeEach(async () => {
  document.body.innerHTML =
    '<h1></h1><p id="message"></p><p id="full" hidden>full</p><footer id="foot" hidden></footer>';
  await useLanguage("en");
});

describe("when files are due", () => {
  it("is said in words, and how late it is", () => {
    paintSeldom(info({ due_in: 3.25 * DAY }), NOW);
    expect(text("due")).toBe("Due Friday, July 3 at 6:00 PM");
    paintSeldom(info({ due_in: -2 * DAY }), NOW);
    expect(text("due")).toBe("Due Sunday, June 28 at 12:00 PM · 2 days late");
    expect(document.querySelectorAll("#due")).toHaveLength(1);
    expect(document.getElementById("message")?.nextElementSibling?.id).toBe("due");
    expect(document.getElementById("full")?.hidden).toBe(true);
    paintSeldom(info({ due_in: 400 * DAY }), NOW);
    expect(text("due")).toContain("2027");
  });

  it("takes the place of everything where late files are not taken", () => {
    paintSeldom(info({ due_in: 60, allow_late: false }), NOW);
    expect(document.getElementById("full")?.hidden).toBe(true);
    const late = info({ due_in: 0, allow_late: false });
    expect(late.full).toBe(true);
    paintSeldom(late, NOW);
    expect(text("full")).toMatch(/^The files were due/);
    expect(document.getElementById("full")?.hidden).toBe(false);
    expect(info({ due_in: -1, allow_late: true }).full).toBe(false);
  });

  it("is not said where they never are", () => {
    paintSeldom(info({ passed_on_to: "s3" }), NOW);
    expect(text("due")).toBeNull();
  });

  it.each(Object.keys(LANGUAGES) as Language[])("has words in %s", async (language) => {
    await useLanguage(language);
    paintSeldom(
      info({
        due_in: -3_600,
        allow_late: false,
        passed_on_to: "drive",
        search: true,
        store: "https://s3.example.org:9000",
      }),
      NOW,
    );
    for (const id of ["due", "full", "foot"]) expect(text(id)).not.toMatch(/\{\w+\}|^$/);
    expect(text("foot")).toContain("Google Drive");
    expect(text("foot")).toContain(" s3.example.org:9000");
    if (language !== "en") expect(text("full")).not.toMatch(/The files were due/);
  });
});

describe("where files go", () => {
  it("is said as it is", () => {
    paintSeldom(info({ search: true }), NOW);
    expect(text("foot")).toMatch(/^Your files go straight to this server and nowhere else\. Texts in/);
    paintSeldom(info({ passed_on_to: "s3" }), NOW);
    expect(text("foot")).toBe("Your files go to this server, which passes them on to S3.");
  });
});
