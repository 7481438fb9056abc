// Builds the package @droppr/upload into dist-lib: one ESM file and its types for each module, so that what is not used
// is not bundled by others either. Only the hashing worker is bundled here: nobody has to install what it needs.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "vite";

const root = resolve(import.meta.dirname, "..");
const out = resolve(root, "dist-lib");

rmSync(out, { recursive: true, force: true });
const tsc = resolve(root, "node_modules/.bin/tsc");
execFileSync(tsc, ["--project", "tsconfig.lib.json"], { cwd: root, stdio: "inherit" });

await build({
  configFile: false,
  root,
  logLevel: "warn",
  build: {
    outDir: resolve(out, "adapters"),
    emptyOutDir: false,
    license: { fileName: "licenses.txt" },
    target: "es2022",
    lib: {
      entry: resolve(root, "src/adapters/hash-worker.ts"),
      formats: ["es"],
      fileName: () => "hash-worker.js",
    },
  },
});

// Node and strict resolvers want the whole name of what is imported; TypeScript leaves it as it was written.
for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|d\.ts)$/.test(entry.name)) continue;
  const path = resolve(entry.parentPath, entry.name);
  const text = readFileSync(path, "utf8");
  const named = text
    .replace(/(\b(?:from|import)\s*\(?\s*")(\.\.?\/[^"]+?)(?:\.js)?"/g, '$1$2.js"')
    .replace(/(new URL\("\.\/[\w-]+)\.ts"/g, '$1.js"');
  if (named !== text) writeFileSync(path, named);
}
