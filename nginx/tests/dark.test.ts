// In the dark nothing but colours is other: what tests in browsers measure in the light holds there, too.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");
const DARK = /@media\s*\(prefers-color-scheme:\s*dark\)\s*\{\s*:root\s*\{([^{}]*)\}\s*\}/g;
const COLOUR = /^#[0-9a-f]{6}$/;
const SHADOWS = /^(\d+(px)? \d+px \d+px rgb\([\d ]+ \/ \d+%\)(, )?)+$/;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.(css|html|ts)$/.test(name),
);
const texts = files.map((name) => [name, readFileSync(join(SRC, name), "utf8")] as const);

/** What a block sets, by its name. */
function set(block: string): Map<string, string> {
  const all = block.split(";").map((each) => each.trim());
  return new Map(all.filter(Boolean).map((each) => each.split(/:\s*/, 2) as [string, string]));
}

test("what is other in the dark is a colour or a shadow", () => {
  const blocks = texts.flatMap(([, text]) => [...text.matchAll(DARK)].map((found) => set(found[1] ?? "")));
  expect(blocks.length).toBeGreaterThan(1);
  for (const [name, value] of blocks.flatMap((block) => [...block])) {
    expect(name).toMatch(/^--[a-z-]+$/);
    expect(value, name).toMatch(name === "--shadow" ? SHADOWS : COLOUR);
  }
});

test("nothing else asks whether it is dark", () => {
  const asking = texts.filter(([name, text]) => {
    // The colour of a browser's own frame.
    const rest = text.replace(DARK, "").replace(/<meta name="theme-color"[^>]*>/g, "");
    return /prefers-color-scheme/.test(rest) && name !== join("page", "link-head.ts");
  });
  expect(asking.map(([name]) => name)).toEqual([]);
});
