// The golden receipt is written and checked by the server's tests; here it is read by another language's JSON.

import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const text = readFileSync(resolve(import.meta.dirname, "../../tests/fixtures/wire/receipt.json"), "utf8");
const golden = JSON.parse(text) as Record<string, string>;

/** RFC 8785, for what a receipt holds: texts, whole numbers, null, and names in ASCII. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

function isSigned(receipt: Record<string, Json>): boolean {
  const { signature, ...signed } = receipt;
  const raw = Buffer.from(String(receipt.public_key), "base64");
  // An Ed25519 key as SubjectPublicKeyInfo (RFC 8410) is these twelve bytes and the key.
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, Buffer.from(canonical(signed)), key, Buffer.from(String(signature), "base64"));
}

describe("the golden receipt", () => {
  it("is signed over its canonical form", () => {
    expect(isSigned(golden)).toBe(true);
    expect(isSigned({ ...golden, server: "https://evil.example" })).toBe(false);
  });

  it("names its key by the key's digest", () => {
    const raw = Buffer.from(golden.public_key ?? "", "base64");
    expect(createHash("sha256").update(raw).digest("hex")).toBe(golden.key);
  });
});
