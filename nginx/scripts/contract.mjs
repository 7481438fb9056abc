// Writes src/core/contract.ts: the bodies and replies that docs/openapi.json declares, as types.
//
// openapi-typescript needs the programming interface that TypeScript had up to version 6, so the package `typescript` is that one;
// `tsc`, by which everything is checked, is of version 7 (`@typescript/native`).

import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { argv } from "node:process";
import openapiTS, { astToString } from "openapi-typescript";

const document = resolve(import.meta.dirname, "../../docs/openapi.json");
const types = resolve(import.meta.dirname, "../src/core/contract.ts");
const HEAD = "// Made of docs/openapi.json by `make generated`. Not to be edited.\n\n";

/** The text of src/core/contract.ts as it should be. */
export async function contract() {
  const whole = JSON.parse(await readFile(document, "utf8"));
  const nodes = await openapiTS({ ...whole, paths: {} }, { immutable: true });
  return HEAD + astToString(nodes);
}

if (argv[1] === import.meta.filename) await writeFile(types, await contract());
