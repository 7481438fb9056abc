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

export default defineConfig({
  root: src,
  // Wherever the pages are served, below a path or not, they find what they need beside themselves.
  base: "./",
  plugins: [requestFurtherDown()],
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
