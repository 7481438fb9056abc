import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, "../src", name), "utf8");

/** The properties that `--…` set in the first block of `text` and in the one for dark screens. */
function colours(text: string): ReadonlyMap<string, string>[] {
  const dark = text.indexOf("@media (prefers-color-scheme: dark)");
  const blocks = [text.slice(0, dark), text.slice(dark, text.indexOf("}", text.indexOf("--shadow", dark)))];
  return blocks.map((block) => {
    const found = block.matchAll(/(--[\w-]+):\s*([^;]+);/g);
    return new Map([...found].map(([, name = "", value = ""]) => [name, value]));
  });
}

describe("pages for addresses that are none, or cannot be answered now", () => {
  it.each(["lost", "busy"])("has the colours of all others, which it brings along: %s", (page) => {
    const [light, dark] = colours(read(`public/${page}.html`));
    const [allLight, allDark] = colours(read("style.css"));
    expect(light?.size).toBe(6);
    expect([...(light?.keys() ?? [])]).toEqual([...(dark?.keys() ?? [])]);
    for (const [name, value] of light ?? []) expect(allLight?.get(name)).toBe(value);
    for (const [name, value] of dark ?? []) expect(allDark?.get(name)).toBe(value);
  });
});
