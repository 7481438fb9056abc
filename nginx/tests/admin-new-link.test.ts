import { describe, expect, it } from "vitest";
import { folderOf, freeFolder } from "../src/admin/new-link";

describe("folderOf", () => {
  it.each([
    ["Tax papers 2025 – Anna Becker", "tax-papers-2025-anna-becker"],
    ["  ../../etc/passwd ", "etc-passwd"],
    ["Hochzeit Müller", "hochzeit-müller"],
    ["写真 2026", "写真-2026"],
    ["أوراق الضرائب", "أوراق-الضرائب"],
    ["…!?", ""],
    ["photo\u202egpj", "photo-gpj"],
    [".hidden", "hidden"],
  ])("makes of %j a folder that is safe and can be read", (title, folder) => {
    expect(folderOf(title)).toBe(folder);
  });

  it("is short, cuts no letter in two and ends in no dash", () => {
    expect(folderOf("a".repeat(500))).toHaveLength(60);
    expect([...folderOf("𝒳".repeat(500))]).toHaveLength(60);
    expect(folderOf(`${"a".repeat(59)} b`)).toBe("a".repeat(59));
  });
});

describe("freeFolder", () => {
  it("is the folder where nobody has it, else the next that is free", () => {
    expect(freeFolder("tax", new Set())).toBe("tax");
    expect(freeFolder("tax", new Set(["tax", "tax-2"]))).toBe("tax-3");
    expect(freeFolder("", new Set([""]))).toBe("");
  });
});
