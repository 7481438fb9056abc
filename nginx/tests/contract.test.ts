// The types by which replies are read are those of docs/openapi.json.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { contract } from "../scripts/contract.mjs";

it("is made of the document as it stands", async () => {
  const written = readFileSync(resolve(import.meta.dirname, "../src/core/contract.ts"), "utf8");
  expect(written).toBe(await contract());
});
