import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const src = resolve(import.meta.dirname, "src");
const page = (name: string): string => resolve(src, `${name}.html`);

/** Four pages stand one part further down than the others: `/request/<hash>`, `/admin/document`, `/admin/audit` and `/admin/settings`. */
function furtherDown(): Plugin {
  return {
    name: "droppr:further-down",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const name of ["request.html", "document.html", "audit.html", "settings.html"]) {
        const page = bundle[name];
        if (page?.type !== "asset") return this.error(`There is no ${name} to write down.`);
        const source = String(page.source).replaceAll('="./assets/', '="../assets/');
        // What is set later leads to the list until then.
        page.source = name === "document.html" ? source.replaceAll('href="."', 'href="../admin"') : source;
      }
    },
  };
}

/** What the sender's page and the owner's both begin with. */
const SHARED = /\/src\/(?:later|adapters\/system-clock|core\/(?:errors|reply)|page\/(?:base|dom))\.ts$/;

/** What the sender's page has for itself and the owner's has again: in one file for both, the sender's page would weigh more. */
const TWICE = /\/page\/(?:languages|second-click|virtual-list)$/;

function ownersCopies(): Plugin {
  return {
    name: "droppr:owners-copies",
    enforce: "pre",
    async resolveId(source, importer) {
      if (importer?.includes("/src/admin/") !== true || !TWICE.test(source)) return null;
      const found = await this.resolve(source, importer, { skipSelf: true });
      return found && `${found.id}?owner`;
    },
  };
}

/** The owner's page as it is served for a link of its own, two parts further down: `/admin/links/<hash>`. */
function adminFurtherDown(): Plugin {
  return {
    name: "droppr:admin-further-down",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["admin.html"];
      if (page?.type !== "asset") return this.error("There is no admin.html to make the other of.");
      const html = String(page.source).replaceAll('="./assets/', '="../../assets/');
      // What is set later leads to the list until then, as it does there.
      const source = html.replaceAll('href="."', 'href="../../admin"');
      this.emitFile({ type: "asset", fileName: "admin.link.html", source });
    },
  };
}

/** The worker that shows notifications stands where it is asked for by name, as one file. */
const WORKER = "push-worker";

/**
 * What makes the owner's pages an app that can be installed. The icons lie in `public/`; addresses are relative to the manifest, so they
 * are right below a path as well.
 */
function installable(): Plugin {
  const icon = (name: string, size: number, purpose: string): object => ({
    src: `../icon-${name}.png`,
    sizes: `${size}x${size}`,
    type: "image/png",
    purpose,
  });
  return {
    name: "droppr:installable",
    enforce: "post",
    generateBundle(_, bundle) {
      const drawing = Object.keys(bundle).find((name) => /^assets\/icon-[^/]+\.svg$/.test(name));
      const manifest = JSON.stringify({
        name: "Droppr",
        short_name: "Droppr",
        start_url: "../admin",
        scope: "../admin",
        display: "standalone",
        // As style.css has them in light; the page itself says what it is in the dark.
        theme_color: "#f5f3ee",
        background_color: "#f5f3ee",
        icons: [
          icon("192", 192, "any"),
          icon("512", 512, "any"),
          icon("maskable", 512, "maskable"),
          { src: `../${drawing}`, sizes: "any", type: "image/svg+xml" },
        ],
      });
      const made = this.emitFile({ type: "asset", name: "droppr.webmanifest", source: manifest });
      const page = bundle["admin.html"];
      if (page?.type !== "asset") return this.error("There is no admin.html to make an app of.");
      const links = `  <link rel="manifest" href="./${this.getFileName(made)}">\n  </head>`;
      page.source = String(page.source).replace("</head>", links);
      for (const { fileName, ...file } of Object.values(bundle)) {
        if (fileName === `${WORKER}.js` && file.type === "chunk" && file.imports.length > 0)
          return this.error("Browsers load the worker as a script, which imports nothing.");
      }
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

/** What a chunk is called: words of the owner's pages by their language and part, all others as they are. */
function deskWords(module: string | null): string {
  const [, language, part] = /\/messages\/desk\/(\w+)\/(\w+)\.ts$/.exec(module ?? "") ?? [];
  return language === undefined ? "[name]" : `desk-${language}-${part}`;
}

/** Packages that pages and workers are built with, by their folders: what goes out with them in licenses.txt. */
const licenses = new Map<string, string>();

/** Finds them. Vite's own `build.license` passes over workers. */
function findingLicenses(): Plugin {
  return {
    name: "droppr:finding-licenses",
    moduleParsed({ id }) {
      const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
      if (folder === undefined || licenses.has(folder)) return;
      const { name, version, license } = JSON.parse(readFileSync(resolve(folder, "package.json"), "utf8"));
      const files = readdirSync(folder).filter((each) => /^licen[cs]e/i.test(each));
      if (files.length === 0) return this.error(`${name} brings no license, and it would go out without.`);
      const texts = files.sort().map((each) => readFileSync(resolve(folder, each), "utf8").trim());
      licenses.set(folder, [`${name} ${version}, ${license}`, ...texts].join("\n\n"));
    },
  };
}

function writingLicenses(): Plugin {
  return {
    name: "droppr:writing-licenses",
    generateBundle() {
      const source = [...licenses.values()].sort().join("\n\n\n");
      this.emitFile({ type: "asset", fileName: "licenses.txt", source });
    },
  };
}

export default defineConfig({
  root: src,
  // Wherever the pages are served, below a path or not, they find what they need beside themselves.
  base: "./",
  plugins: [
    loadingLater(),
    furtherDown(),
    ownersCopies(),
    installable(),
    adminFurtherDown(),
    pageForEachLanguage(),
    findingLicenses(),
    writingLicenses(),
  ],
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
      input: {
        index: page("index"),
        request: page("request"),
        admin: page("admin"),
        document: page("document"),
        audit: page("audit"),
        settings: page("settings"),
        [WORKER]: resolve(src, `${WORKER}.ts`),
      },
      // What the sender's page shares with others stays in one file: cut finer, for others, it would weigh more.
      output: {
        codeSplitting: { groups: [{ name: "later", test: SHARED }] },
        chunkFileNames: ({ facadeModuleId }) => `assets/${deskWords(facadeModuleId)}-[hash].js`,
        entryFileNames: ({ name }) => (name === WORKER ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: { format: "es", plugins: () => [findingLicenses()] },
  test: {
    root: import.meta.dirname,
    environment: "happy-dom",
    setupFiles: ["tests/support/patience.ts", "tests/support/english.ts"],
    // Longer than what they wait for.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
  },
});
