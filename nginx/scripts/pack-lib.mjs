// Packs the package @droppr/upload into a folder: node scripts/pack-lib.mjs FOLDER. Its version is that of the whole project,
// which stands in setup.cfg.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? ".");
const [, version] = /^version = (\S+)$/m.exec(readFileSync(resolve(root, "../setup.cfg"), "utf8")) ?? [];
if (version === undefined) throw new Error("setup.cfg names no version.");
await import("./build-lib.mjs");

const described = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
// What it takes to build it is of no use to others.
const { name, scripts: _, devDependencies: __, ...rest } = described;
const staged = mkdtempSync(resolve(tmpdir(), "droppr-upload-"));
try {
  for (const each of ["dist-lib", "README.md", "../LICENSE"]) {
    cpSync(resolve(root, each), resolve(staged, each.replace("../", "")), { recursive: true });
  }
  writeFileSync(resolve(staged, "package.json"), `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);
  const pack = ["pack", "--loglevel=error", "--pack-destination", folder];
  execFileSync("npm", pack, { cwd: staged, stdio: "inherit" });
} finally {
  rmSync(staged, { recursive: true });
}
