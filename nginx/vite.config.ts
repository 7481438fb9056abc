import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const src = resolve(import.meta.dirname, "src");
const page = (name: string): string => resolve(src, `${name}.html`);

export default defineConfig({
  root: src,
  base: "/",
  // Pages always have it, so what stands in for it elsewhere need not be in them.
  define: { "typeof XMLHttpRequest": JSON.stringify("function") },
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    target: "es2022",
    // The pages run under `default-src 'self'`, which allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
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
