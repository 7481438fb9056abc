// Prints what each page costs on first load, gzipped, and fails when one is too heavy. Chunks that are
// loaded by `import()` (the captcha) are not counted: they cost nothing until they are needed.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 40 * 1024;
const dist = resolve(import.meta.dirname, "../dist");
const read = (file) => readFileSync(resolve(dist, file.replace(/^\//, "")));

function staticImports(file) {
  const text = read(file).toString();
  const found = text.matchAll(/(?:import|from)\s*["'](\.[^"']+\.js)["']/g);
  return [...found].map((match) => new URL(match[1], `file:///${file.replace(/^\//, "")}`).pathname);
}

function closure(files) {
  const seen = new Set();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file.endsWith(".js")) waiting.push(...staticImports(file));
  }
  return [...seen];
}

function weigh(page) {
  const html = read(page).toString();
  const linked = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  return closure(linked).reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0);
}

for (const page of ["index.html", "request.html", "admin.html"]) {
  const bytes = weigh(page);
  const verdict = bytes > LIMIT ? `more than ${LIMIT}` : "ok";
  console.log(
    `${page.padEnd(14)}${(bytes / 1024).toFixed(1).padStart(6)} kB gzipped JS and CSS (${verdict})`,
  );
  if (bytes > LIMIT) process.exitCode = 1;
}
