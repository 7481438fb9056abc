import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { afterEach, describe, expect, it } from "vitest";
import { dueWords } from "../src/admin/due";
import { formatAge, formatBytes, formatIn, formatList } from "../src/admin/format";
import { errorSentence, joined, speak, t, translate } from "../src/admin/i18n";
import { errorWords, fieldProblems } from "../src/admin/words";
import { UploadError } from "../src/core/errors";
import { ERROR_CODES, NOTE_CODES } from "../src/messages/desk/error-codes";
import type { Forms } from "../src/messages/types";
import { LANGUAGES, type Language } from "../src/page/languages";

type Said = Readonly<Record<string, string | Forms>>;

const MODULES: Readonly<Record<string, Said>> = import.meta.glob<Said>("../src/messages/desk/*/*.ts", {
  import: "default",
  eager: true,
});
const TAGS = Object.keys(LANGUAGES) as Language[];
const OTHERS = TAGS.filter((tag) => tag !== "en");
const PARTS = Object.keys(MODULES).flatMap((path) => /\/en\/(\w+)\.ts$/.exec(path)?.[1] ?? []);
const of = (tag: string, part: string): Said => MODULES[`../src/messages/desk/${tag}/${part}.ts`] ?? {};
const all = (tag: string): Said => Object.assign({}, ...PARTS.map((part) => of(tag, part)));
const formsOf = (message: string | Forms | undefined): string[] =>
  typeof message === "string" ? [message] : Object.values(message ?? {});
const kindsOf = (message: string | Forms): [string, string][] =>
  typeof message === "string" ? [["", message]] : Object.entries(message);
const placeholdersOf = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();
/** Where a language may say the same as English: names, signs, what is the same word. */
const SAME = new Set([
  ...[
    "asked_count",
    "comma",
    "cell",
    "files_said",
    "mail_given_up",
    "mail_waiting",
    "progress",
    "qr",
    "term_captcha",
  ],
  ...[
    "bytes_of",
    "look_some",
    "page_problem",
    "sent",
    "page",
    "pages",
    "exact",
    "share_from_sample",
    "server",
  ],
  ...[
    "people_sample",
    "people_folder_value",
    "term_logo",
    "logo",
    "bucket",
    "name",
    "column_name",
    "new_name",
  ],
  ...[
    "head_name",
    "links",
    "the_link",
    "column_link",
    "copied",
    "type_video",
    "about_links",
    "about_server",
    "mails",
  ],
  ...[
    "holder",
    "role_admin",
    "set_second_factor_required_admins",
    "teams",
    "group_mail",
    "group_links",
    "set_brand_name",
  ],
  ...[
    "unit_minutes",
    "set_chat_preview_no",
    "set_second_factor_required_admins",
    "unit_MiB",
    "mail_smtps",
    "mail_smtp",
    "mail_host",
    "mail_port",
    "server_logo",
  ],
  ...[
    "login_name",
    "push_title",
    "whose_team",
    "question_title",
    "question_name",
    "type_archive",
    "downloads",
    "downloads_of",
    "share_downloads",
  ],
  ...[
    "messages",
    "tell_way_webhook",
    "tell_way_chat",
    "tell_way_push",
    "tell_kind_test",
    "tell_test",
    "tell_test_outcome",
    "tell_link",
  ],
]);

/** Codes that no call of the owner's pages is answered with: senders, receivers of shares and programs meet them. */
const OF_OTHERS = [
  ...["invalid_pack", "invalid_range", "chunk_size_mismatch", "checksum_mismatch", "size_mismatch"],
  ...["upload_not_opened", "chunk_conflict", "offset_mismatch", "too_many_gaps", "length_required"],
  ...["upload_cancelled", "upload_expired", "content_encoding_not_allowed", "origin_not_allowed"],
  ...["password_required", "password_invalid", "captcha_required", "answers_required", "too_many_senders"],
  ...[
    "handoff_not_found",
    "receipt_not_ready",
    "request_full",
    "item_full",
    "share_expired",
    "share_used_up",
  ],
  "scope_missing",
  // Said by the page that one comes back to from a provider.
  ...["identity_taken", "log_in_over", "too_many_identities"],
];

afterEach(async () => {
  await speak("en", ...(PARTS as Parameters<typeof speak>[1][]));
});

describe("the owner's pages", () => {
  it("say each thing under a name of its own", () => {
    const keys = PARTS.flatMap((part) => Object.keys(of("en", part)));
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it.each(OTHERS)("say the same in %s, with the same values", (tag) => {
    for (const part of PARTS) {
      expect(Object.keys(of(tag, part)).sort(), part).toEqual(Object.keys(of("en", part)).sort());
      for (const [key, message] of Object.entries(of(tag, part))) {
        const english = placeholdersOf(formsOf(of("en", part)[key]).at(-1) ?? "");
        for (const [kind, form] of kindsOf(message)) {
          // Where a word says that it is one or two of them, the number need not be said.
          const without = english.filter((each) => each !== "{count}");
          const wanted = ["one", "two"].includes(kind) && !form.includes("{count}") ? without : english;
          expect([key, placeholdersOf(form)]).toEqual([key, wanted]);
        }
      }
    }
    expect(Object.keys(of(tag, "errors")).sort()).toEqual([...ERROR_CODES, ...NOTE_CODES].sort());
  });

  it.each(TAGS)("have forms for kinds of numbers that %s tells apart, where they differ", (tag) => {
    const kinds: string[] = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, message] of Object.entries(all(tag))) {
      if (typeof message === "string") continue;
      const { other, ...rest } = message;
      expect(other, key).toBeTruthy();
      for (const [kind, form] of Object.entries(rest)) {
        expect(kinds, key).toContain(kind);
        expect(form, `${key}: ${kind} is what "other" says, and can go`).not.toBe(other);
      }
    }
  });

  it.each(OTHERS)("are translated into %s", (tag) => {
    const same = Object.entries(all(tag)).filter(
      ([key, message]) => !SAME.has(key) && JSON.stringify(message) === JSON.stringify(all("en")[key]),
    );
    expect(same).toEqual([]);
  });

  it("know every code of the server that has an error of its own name", () => {
    const errors = ["errors.py", "access_errors.py"]
      .map((name) => readFileSync(resolve(import.meta.dirname, "../../media-server/app/core", name), "utf8"))
      .join();
    const codes = [...errors.matchAll(/ {4}code = "(\w+)"/g)].map(([, code]) => code ?? "");
    const ours = ERROR_CODES.filter((code) => !["network_error", "unexpected_reply"].includes(code));
    expect(ours.filter((code) => !codes.includes(code))).toEqual([]);
    const unsaid = codes.filter((code) => !ERROR_CODES.some((each) => each === code));
    expect(unsaid.sort(), "an owner's page says it, or only others meet it").toEqual([...OF_OTHERS].sort());
  });
});

describe("what the server notes", () => {
  it("is known by every code", () => {
    const app = resolve(import.meta.dirname, "../../media-server/app");
    const source = ["services/operations/notes.py", "wiring/operations.py"]
      .map((path) => readFileSync(resolve(app, path), "utf8"))
      .join();
    const codes = [...source.matchAll(/\bNote\(\s*"(\w+)"/g)].map(([, code]) => code);
    expect(codes.sort()).toEqual([...NOTE_CODES].sort());
  });
});

describe("no text stands outside of the modules", () => {
  const SOURCES: Readonly<Record<string, string>> = import.meta.glob<string>("../src/admin/**/*.ts", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  /** Names that are the same everywhere, keys of a keyboard, and words of programs. */
  const NAMES =
    /^(… · Droppr|one line|close and cancel|e-?mail address|Google Drive|PushManager|PublicKeyCredential|Notification|AbortError|notice bad|Edge|Opera|Samsung Internet|Firefox|Chrome|Safari|Android|Windows|ChromeOS|Linux|Arrow(Up|Down|Left|Right)|Page(Up|Down)|Home|End|Enter|Escape|Delete|F2|Content-Type|Retry-After|GET|POST|PUT|PATCH|DELETE|HEAD|[kMGT]B)$/;
  const isWords = (text: string): boolean => {
    return (
      !NAMES.test(text) &&
      /(^|[^\w.#[-])[A-Z][a-z]+|[a-z]{2,},? [a-z]{2,}/.test(text) &&
      !/[[\]>#=]|^\.|: ?rem/.test(text)
    );
  };
  /** Places whose texts nobody is shown: errors of our own making, names of classes, selectors. */
  const isHidden = (node: ts.Node): boolean => {
    for (let at = node; at.parent !== undefined; at = at.parent) {
      const up = at.parent;
      if (ts.isImportDeclaration(up) || ts.isExportDeclaration(up) || ts.isLiteralTypeNode(up)) return true;
      if (ts.isNewExpression(up) && /Error$/.test(up.expression.getText())) return true;
      if (ts.isPropertyAssignment(up) && up.name.getText() === "className") return true;
      if (ts.isCallExpression(up)) {
        const called = up.expression.getText();
        if (/querySelector(All)?$|closest$|matches$|matchMedia$|dispatchEvent$|\.exec$/.test(called))
          return true;
        if (/^makeButton$/.test(called) && up.arguments[1] === at) return true;
      }
    }
    return false;
  };

  it("in the code", () => {
    const found: string[] = [];
    for (const [path, text] of Object.entries(SOURCES)) {
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      const walk = (node: ts.Node): void => {
        const said = ts.isStringLiteralLike(node)
          ? node.text
          : ts.isTemplateExpression(node)
            ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…")
            : "";
        if (said !== "" && isWords(said) && !isHidden(node)) found.push(`${path}: ${said}`);
        ts.forEachChild(node, walk);
      };
      walk(file);
    }
    expect(found).toEqual([]);
  });

  it.each(["admin", "audit", "document", "settings"])("in %s.html", (name) => {
    const html = readFileSync(resolve(import.meta.dirname, `../src/${name}.html`), "utf8");
    const shown = html
      .replace(/<noscript>[\s\S]*?<\/noscript>/, "")
      .replace(/<(q|code|title)\b[^>]*>[^<]*<\/\1>/g, "");
    const texts = [...shown.matchAll(/>([^<>]*[A-Za-z][^<>]*)</g)].map(([, text]) => text?.trim());
    expect(texts.filter((text) => text !== "Droppr" && text !== "SHA-256")).toEqual([]);
    const attributes = [...shown.matchAll(/ (?:aria-label|title|placeholder|alt)="([^"]+)"/g)].map(
      ([, text]) => text,
    );
    expect(attributes.filter((text) => !/@example\.org/.test(text ?? ""))).toEqual([]);
    const named = [...html.matchAll(/ data-t(?:-\w+)?="(\w+)"/g)].map(([, key]) => key ?? "");
    expect(named.filter((key) => all("en")[key] === undefined)).toEqual([]);
  });
});

describe("a sentence of the owner's", () => {
  it("has numbers, sizes, times and lists as its language writes them", async () => {
    await speak("de", "common", "desk");
    expect(t("files", { count: 12_345 })).toBe("12.345 Dateien");
    expect([formatBytes(1_536), formatIn(3 * 86_400), formatAge(86_460)]).toEqual([
      "1,5 kB",
      "in 3 Tagen",
      "1 Tag",
    ]);
    await speak("pl", "common", "desk");
    expect([1, 2, 5, 22].map((count) => t("files", { count }))).toEqual([
      "1 plik",
      "2 pliki",
      "5 plików",
      "22 pliki",
    ]);
    await speak("ja", "common");
    expect(formatList(["a", "b"])).not.toContain(", ");
  });

  it("says a day for twenty-four hours and a minute", () => {
    const due = { due: { at: 0 }, standing: "late" } as const;
    expect(dueWords(due, 86_460_000)).toBe("1 day late");
  });

  it("keeps what strangers are called to itself, from right to left", async () => {
    await speak("ar", "common", "desk");
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(["ar", "rtl"]);
    expect(t("download_item", { name: "film.mp4" })).toContain("\u2068film.mp4\u2069");
    expect(joined("1 kB", "", "2 kB")).toBe("\u20681 kB\u2069 · \u20682 kB\u2069");
    await speak("en", "common");
    expect(document.documentElement.dir).toBe("ltr");
  });

  it("holds elements where the language wants them", async () => {
    document.body.innerHTML = `<p data-t="sent_to"><b data-slot="sender">Anna</b><i data-slot="what">3</i><a data-slot="link">In</a></p>
      <input data-t-placeholder="find" data-t-label="find_label">`;
    translate(document);
    expect(document.querySelector("p")?.textContent).toBe("Anna sent 3 to In");
    await speak("ja", "common", "desk");
    expect(document.querySelector("p")?.textContent).toBe("Anna さんが In に 3 を送信");
    expect(document.querySelector("input")?.placeholder).toBe("リンクを探す");
  });

  it("stands for the server's where it knows the code, and says what a field is about", async () => {
    const taken = new UploadError("Another file has that name.", { code: "name_taken", status: 409 });
    const other = new UploadError("Something new.", { code: "of_tomorrow", status: 400 });
    const wrong = new UploadError("No.", {
      code: "invalid_request",
      details: { fields: { folder: "Too long." } },
    });
    expect([errorWords(taken), errorSentence("name_taken")]).toEqual([
      "Another file has that name.",
      undefined,
    ]);
    expect(fieldProblems(wrong).get("folder")).toBe("Too long.");
    await speak("de", "common");
    expect(errorWords(taken)).toMatch(/^Eine andere Datei/);
    expect(errorWords(other)).toBe("Something new.");
    expect(errorWords(wrong)).toMatch(/^Die Anfrage ist nicht verständlich[^N]*$/);
    const many = new UploadError("20 browsers are told already.", { code: "invalid_request", status: 400 });
    expect(errorWords(many)).toMatch(/^Die Anfrage ist nicht verständlich.* 20 browsers are told already\.$/);
    expect(fieldProblems(wrong).get("folder")).toBe("Das wird nicht angenommen. Too long.");
  });
});
