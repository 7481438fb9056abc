// Prints what each page costs on first load, gzipped, and fails when one is too heavy. Pages load one language: the heaviest is
// counted. Other chunks that are loaded by `import()` (the captcha, the receipt, the QR code) are not: they
// cost nothing until they are needed.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";

// The owner comes back to a page that the browser has kept; a sender comes once, over whatever line there is.
const LIMITS = {
  "index.html": 40_000,
  "request.html": 40_000,
  "admin.html": 90_000,
  "document.html": 90_000,
  "audit.html": 90_000,
  "settings.html": 90_000,
};
const dist = resolve(import.meta.dirname, "../dist");
const read = (file) => readFileSync(resolve(dist, file));

function staticImports(file) {
  const text = read(file).toString();
  const found = text.matchAll(/(?:import|from)\s*["'](\.[^"']+\.js)["']/g);
  return [...found].map((match) => new URL(match[1], `file:///${file}`).pathname.slice(1));
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

const gzipped = (file) => gzipSync(read(file), { level: 9 }).length;
const languages = readdirSync(resolve(dist, "../src/messages")).flatMap(
  (file) => /^([a-z]{2})\.ts$/.exec(file)?.[1] ?? [],
);

function heaviestLanguage() {
  const chunks = readdirSync(resolve(dist, "assets")).filter((file) => /^[a-z]{2}-.*\.js$/.test(file));
  const found = languages.map((tag) => chunks.find((file) => file.startsWith(`${tag}-`)));
  if (found.includes(undefined)) throw new Error("A language has no chunk of its own.");
  return Math.max(...found.map((file) => gzipped(`assets/${file}`)));
}

/** The parts of the owner's words that a page begins with. */
const PARTS = {
  "admin.html": ["common", "errors", "desk", "link", "terms"],
  "document.html": ["common", "errors", "document"],
  "audit.html": ["common", "errors", "audit"],
  "settings.html": ["common", "errors", "settings"],
};

function heaviestWords(parts) {
  const chunks = readdirSync(resolve(dist, "assets"));
  const weights = languages.map((tag) => {
    // What errors say in English comes from the server.
    const wanted = parts.filter((part) => tag !== "en" || part !== "errors");
    const found = wanted.map((part) => chunks.find((file) => file.startsWith(`desk-${tag}-${part}-`)));
    if (found.includes(undefined)) throw new Error(`${tag} lacks words of the owner's pages.`);
    return found.reduce((sum, file) => sum + gzipped(`assets/${file}`), 0);
  });
  return Math.max(...weights);
}

function weigh(page) {
  const html = read(page).toString();
  const linked = [...html.matchAll(/(?:src|href)="\.{1,2}\/(assets\/[^"]+\.(?:js|css))"/g)].map(
    (match) => match[1],
  );
  const first = closure(linked).reduce((sum, file) => sum + gzipped(file), 0);
  if (page === "request.html") return first + heaviestLanguage();
  return page in PARTS ? first + heaviestWords(PARTS[page]) : first;
}

for (const [page, limit] of Object.entries(LIMITS)) {
  const bytes = weigh(page);
  const verdict = bytes > limit ? `more than ${limit}` : "ok";
  console.log(
    `${page.padEnd(14)}${(bytes / 1000).toFixed(1).padStart(6)} kB gzipped JS and CSS (${verdict})`,
  );
  if (bytes > limit) process.exitCode = 1;
}
