import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { OwnerApi } from "../src/admin/api";
import { DocumentPage } from "../src/admin/document";
import { afterLogin } from "../src/admin/places";
import { SearchPanel } from "../src/admin/search";
import { type FoundFile, parseDocument, parseFound } from "../src/admin/search-wire";
import { Texts, textsWords } from "../src/admin/texts";
import type { ListedLink, Page } from "../src/admin/wire";

function page(name: string): string {
  const html = readFileSync(resolve(import.meta.dirname, `../src/${name}.html`), "utf8");
  // Without the head, whose style sheets this DOM would try to load.
  return html.slice(html.indexOf("<body>") + 6, html.lastIndexOf("</body>"));
}

function result(name: string, passages: unknown[] = []): Record<string, unknown> {
  const about = { document: name, entity: "e", link: "h", path: `a/${name}`, size: 3, received_at: 5 };
  return { ...about, sender: "Ada", state: "ready", reason: null, passages };
}

beforeEach(() => {
  document.body.innerHTML = page("admin");
  history.replaceState(null, "", "/admin");
  vi.useFakeTimers();
});

describe("parseFound", () => {
  it("marks characters as the server counts them, and passes over marks that make no sense", () => {
    const passage = {
      passage: 3,
      page: 2,
      text: "😀 the rent 😀",
      marks: [[6, 10], [7, 8], ["x", 3], [11, 99], null],
    };
    const { items, nextCursor } = parseFound({ results: [result("a.txt", [passage])], next_cursor: "more" });
    expect(nextCursor).toBe("more");
    expect(items[0]?.passages).toEqual([
      {
        number: 3,
        page: 2,
        pieces: [
          { text: "😀 the ", marked: false },
          { text: "rent", marked: true },
          { text: " ", marked: false },
          { text: "😀", marked: true },
        ],
      },
    ]);
  });

  it("refuses what is no answer", () => {
    expect(() => parseFound({ results: [{ path: 1 }], next_cursor: null })).toThrow(TypeError);
    expect(() => parseDocument({ ...result("a"), text: { passages: 1 } })).toThrow(TypeError);
  });
});

const passage = { number: 4, page: 2, pieces: [{ text: "<b>rent\n</b>\u202e", marked: true }] };
const file: FoundFile = {
  entity: "e e",
  document: "u1",
  link: "h",
  path: "in/a b.txt",
  size: 3,
  receivedAt: 1_000,
  sender: "Ada",
  state: "ready",
  reason: null,
  passages: [passage],
};
const link = { hash: "h", title: "Club", folder: "in", search: true } as ListedLink;

type Answers = (words: string, typing: boolean, cursor: string) => Promise<Page<FoundFile>>;

function panel(answers: Answers): SearchPanel {
  const made = new SearchPanel({ search: answers, isGone: async () => false });
  made.know([link]);
  return made;
}

function all(...items: FoundFile[]): Page<FoundFile> {
  return { items, nextCursor: null };
}

function type(words: string): void {
  const input = document.querySelector<HTMLInputElement>("#search");
  if (input === null) throw new Error("no field");
  input.value = words;
  input.dispatchEvent(new Event("input"));
}

const shown = () => [...document.querySelectorAll("#found > li")];
const says = () => document.querySelector("#search-says")?.textContent;
const more = () => document.querySelector<HTMLButtonElement>("#more-found");

describe("SearchPanel", () => {
  it("shows itself only where a link is searched", () => {
    const made = panel(async () => all());
    const card = document.querySelector<HTMLElement>("#searching");
    expect(card?.hidden).toBe(false);
    made.know([{ ...link, search: false }]);
    expect(card?.hidden).toBe(true);
  });

  it("shows what strangers wrote as text, with the words marked, and where the file is", async () => {
    panel(async () => all(file));
    type("rent");
    await vi.advanceTimersByTimeAsync(1_000);
    const [row] = shown();
    expect(row?.querySelector("mark")?.textContent).toBe("<b>rent </b>⟨U+202E⟩");
    expect(row?.querySelector(".passage")?.textContent).toContain("Page 2");
    expect(row?.querySelector('[data-part="link"]')?.textContent).toBe("Club");
    const address = (name: string) => row?.querySelector(`[data-part="${name}"]`)?.getAttribute("href");
    expect(address("download")).toBe("/api/droppr/requests/h/files/in/a%20b.txt");
    expect(address("path")).toBe("/admin/document?entity=e+e&file=u1&q=rent&passage=4");
    expect(address("alike")).toBe("/admin/document?entity=e+e&file=u1&q=rent#like");
    expect(says()).toBe("1 file, the best first");
    expect(location.search).toBe("?q=rent");
    type("");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(shown()).toEqual([]);
    expect(location.search).toBe("");
  });

  it("asks once for several keys, and never shows the answer to an earlier question", async () => {
    const asked: string[] = [];
    const answers: ((found: Page<FoundFile>) => void)[] = [];
    panel((words, typing) => {
      asked.push(`${words} ${typing}`);
      return new Promise((resolve) => answers.push(resolve));
    });
    type("r");
    type("re");
    await vi.advanceTimersByTimeAsync(1_000);
    type("rent");
    document.querySelector("#search-form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(asked).toEqual(["re true", "rent false"]);
    answers[1]?.(all());
    await vi.advanceTimersByTimeAsync(1_000);
    answers[0]?.(all(file));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(2);
    expect(shown()).toEqual([]);
    expect(says()).toContain("Nothing was found.");
  });

  it("shows more where there is more, and goes on reading there", async () => {
    const asked: string[] = [];
    panel(async (_, __, cursor) => {
      asked.push(cursor);
      return {
        items: [{ ...file, document: `u${asked.length}` }],
        nextCursor: asked.length < 3 ? "next" : null,
      };
    });
    type("rent");
    await vi.advanceTimersByTimeAsync(1_000);
    expect([more()?.hidden, says()]).toEqual([false, "The best 1 file, and there are more"]);
    more()?.click();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(document.activeElement?.closest("li")).toBe(shown()[1]);
    more()?.click();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(["", "next", "next"]);
    expect([shown().length, more()?.hidden, says()]).toEqual([3, true, "3 files, the best first"]);
  });

  it("says that it is looking when that takes long, and what went wrong in the place of files", async () => {
    let fail: (error: unknown) => void = () => {};
    panel(() => new Promise((_, reject) => (fail = reject)));
    type("rent");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(says()).toBe("Looking…");
    fail(new Error("x"));
    await vi.advanceTimersByTimeAsync(10);
    expect(says()).toBe("Something went wrong on this page. Reload it and try again.");
    expect(shown()).toEqual([]);
  });

  it("is walked through with the arrow keys", async () => {
    panel(async () => all(file, { ...file, document: "u2" }));
    type("rent");
    await vi.advanceTimersByTimeAsync(1_000);
    const input = document.querySelector<HTMLInputElement>("#search");
    input?.focus();
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
      );
    const row = () => shown().indexOf(document.activeElement?.closest("li") as Element);
    press("ArrowDown");
    expect(row()).toBe(0);
    press("ArrowDown");
    press("ArrowDown");
    expect(row()).toBe(1);
    press("ArrowUp");
    press("ArrowUp");
    expect(document.activeElement).toBe(input);
  });

  it("comes back to what was looked for", async () => {
    history.replaceState(null, "", "/admin?q=the+rent");
    const asked: string[] = [];
    panel(async (words) => {
      asked.push(words);
      return all(file);
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([asked, shown().length]).toEqual([["the rent"], 1]);
  });
});

describe("Texts", () => {
  it("says how many can be found", () => {
    const of = (states: Record<string, number>) => {
      const counts = new Map(Object.entries(states));
      return textsWords({
        title: "",
        files: [...counts.values()].reduce((a, b) => a + b, 0),
        states: counts,
      });
    };
    expect(of({ ready: 3 })).toBe("3 files can be found.");
    expect(of({ ready: 3, words: 1, waiting: 2, no_text: 1, missing: 1 })).toBe(
      "4 of 8 files can be found. 2 files still to be read. 2 files cannot be found.",
    );
    expect(textsWords(null)).toContain("None");
  });

  it("names what cannot be found with the reason, and asks for that again only when it changes", async () => {
    let lost = 1;
    const asked: number[] = [];
    const api = {
      searched: async () => ({ title: "", files: lost, states: new Map([["no_text", lost]]) }),
      unreadable: async (_: string, count: number) => {
        asked.push(count);
        return [
          { ...file, reason: "It is damaged." },
          { ...file, document: "u2", state: "missing" },
        ].slice(0, lost);
      },
    } as unknown as OwnerApi;
    const texts = new Texts(() => {});
    const { signal } = new AbortController();
    await texts.refresh(api, "e", signal);
    await texts.refresh(api, "e", signal);
    expect(asked).toHaveLength(1);
    expect(texts.element.querySelector("li")?.textContent).toBe("in/a b.txtIt is damaged.");
    lost = 2;
    await texts.refresh(api, "e", signal);
    expect(texts.element.querySelectorAll("li")[1]?.textContent).toContain("moved, changed or deleted");
  });
});

describe("DocumentPage", () => {
  const text = {
    page: 2,
    last_page: 5,
    passages: [
      { passage: 3, text: "A paragraph\nthat is", marks: [], goes_on: false },
      { passage: 4, text: " cut <script>alert(1)</script>", marks: [[6, 12]], goes_on: true },
      { passage: 5, text: "Another.", marks: [], goes_on: false },
    ],
    previous: { page: 1, passage: 0 },
    next: null,
  };

  function answering(reply: (url: string) => unknown): string[] {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      const body = reply(url);
      return body === undefined
        ? new Response('{"code": "unauthorized", "error": "no"}', { status: 401 })
        : new Response(JSON.stringify(body));
    });
    return asked;
  }

  const here = (more = "", hash = "") => ({ search: `?entity=e&file=u1&q=cut${more}`, hash });
  const entity = { entity: "e", title: "Club", link: "h", documents: 1, states: {} };

  beforeEach(() => {
    document.body.innerHTML = page("document");
  });

  it("shows a text with its paragraphs whole, marks in it and nothing that acts", async () => {
    const asked = answering((url) => (url.includes("/files/") ? { ...result("a.pdf"), text } : entity));
    await new DocumentPage(here("&passage=4")).start();
    expect(asked[0]).toBe("/api/entities/e/files/u1?q=cut&typing=true&passage=4");
    const paragraphs = [...document.querySelectorAll("#text p")];
    expect(paragraphs.map((each) => each.textContent)).toEqual([
      "A paragraph\nthat is cut <script>alert(1)</script>",
      "Another.",
    ]);
    expect(document.querySelector("#text script")).toBeNull();
    expect(document.querySelector("mark")?.textContent).toBe("script");
    expect(document.querySelector("#place")?.textContent).toBe("Page 2 of 5");
    const address = (id: string) => document.querySelector(`#${id}`)?.getAttribute("href");
    expect(address("previous")).toBe("/admin/document?entity=e&file=a.pdf&q=cut&passage=0");
    expect(document.querySelector<HTMLElement>("#next")?.hidden).toBe(true);
    expect(address("back")).toBe("/admin?q=cut");
    expect(document.querySelector('[data-part="link"]')?.textContent).toBe("Club");
  });

  it("shows where it is what was found by its meaning", async () => {
    answering((url) => (url.includes("/files/") ? { ...result("a.pdf"), text } : entity));
    await new DocumentPage(here("&passage=5")).start();
    expect(document.querySelector(".meant")?.textContent).toBe("Another.");
  });

  it("says why there is no text, and that one is not logged in", async () => {
    answering((url) =>
      url.includes("/files/")
        ? { ...result("a"), state: "no_text", reason: "It is damaged.", text: null }
        : entity,
    );
    await new DocumentPage(here()).start();
    expect(document.querySelector("#reason")?.textContent).toBe("It is damaged.");
    expect(document.querySelector<HTMLElement>("#like")?.hidden).toBe(true);
    document.body.innerHTML = page("document");
    answering(() => undefined);
    await new DocumentPage(here("&passage=5")).start();
    expect(document.querySelector("#trouble")?.textContent).toContain("not logged in");
    const login = document.querySelector<HTMLAnchorElement>("#back");
    expect(login?.textContent).toBe("Log in");
    expect(afterLogin(login?.search ?? "")).toBe(`/admin/document${here("&passage=5").search}`);
    expect(document.querySelector<HTMLElement>("#document")?.hidden).toBe(true);
  });

  it("finds what is like it at once where the address says so, and more of it", async () => {
    const asked = answering((url) => {
      if (url.includes("/similar")) {
        const isFirst = url.endsWith("cursor=");
        return { results: [result(isFirst ? "b.txt" : "c.txt")], next_cursor: isFirst ? "more" : null };
      }
      return url.includes("/files/") ? { ...result("a.pdf"), text } : entity;
    });
    await new DocumentPage(here("", "#like")).start();
    expect(document.querySelectorAll("#alike > li")).toHaveLength(1);
    document.querySelector<HTMLButtonElement>("#more-alike")?.click();
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.filter((url) => url.includes("/similar")).at(-1)).toContain("cursor=more");
    expect(document.querySelectorAll("#alike > li")).toHaveLength(2);
    expect(document.querySelector("#like-says")?.textContent).toBe("2 files, the most alike first");
  });
});
