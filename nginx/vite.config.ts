import { resolve } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const src = resolve(import.meta.dirname, "src");
const page = (name: string): string => resolve(src, `${name}.html`);

/** The sender's page stands one part further down than the others: `/request/<hash>`. */
function requestFurtherDown(): Plugin {
  return {
    name: "droppr:request-further-down",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["request.html"];
      if (page?.type !== "asset") return this.error("There is no request.html to write down.");
      page.source = String(page.source).replaceAll('="./assets/', '="../assets/');
    },
  };
}

/** By which Vite's own plugin asks for what it puts around each `import()`. */
const HELPER = "\0vite/preload-helper.js";

/** What is put around each `import()` is ours. */
function loadingLater(): Plugin {
  const ours = JSON.stringify(resolve(src, "later.ts"));
  return {
    name: "droppr:loading-later",
    enforce: "pre",
    load: (id) => (id === HELPER ? `export { later as __vitePreload } from ${ours};` : null),
  };
}

/** The sender's page for each language: it names that language's words, so that they come with the script and not after it. */
function pageForEachLanguage(): Plugin {
  return {
    name: "droppr:page-for-each-language",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["request.html"];
      if (page?.type !== "asset") return this.error("There is no request.html to make the others of.");
      const html = String(page.source);
      const assets = /src="([^"]*assets\/)/.exec(html)?.[1];
      if (assets === undefined) return this.error("request.html has no script.");
      for (const chunk of Object.values(bundle)) {
        const module = chunk.type === "chunk" ? (chunk.facadeModuleId ?? "") : "";
        const [, language] = /\/messages\/(\w+)\.ts$/.exec(module) ?? [];
        if (language === undefined) continue;
        const words = chunk.fileName.replace(/^assets\//, assets);
        const ahead = `  <link rel="modulepreload" crossorigin href="${words}">\n  </head>`;
        const source = html.replace("</head>", ahead);
        this.emitFile({ type: "asset", fileName: `request.${language}.html`, source });
      }
    },
  };
}

export default defineConfig({
  root: src,
  // Wherever the pages are served, below a path or not, they find what they need beside themselves.
  base: "./",
  plugins: [loadingLater(), requestFurtherDown(), pageForEachLanguage()],
  // Pages always have it, so what stands in for it elsewhere need not be in them.
  define: { "typeof XMLHttpRequest": JSON.stringify("function") },
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    target: "es2022",
    // The pages run under `default-src 'self'`, which allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      // What a chunk that is loaded later needs, it asks for itself: with these names the first script would be too heavy.
      resolveDependencies: (_, files, { hostType }) => (hostType === "html" ? files : []),
    },
    rollupOptions: {
      input: { index: page("index"), request: page("request"), admin: page("admin") },
    },
  },
  worker: { format: "es" },
  test: {
    root: import.meta.dirname,
    environment: "happy-dom",
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
  },
});
