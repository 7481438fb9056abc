import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { SearchPanel } from "../src/admin/search";
import { type FoundFile, type ListedLink, parseFound } from "../src/admin/wire";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");

function result(name: string, passages: unknown[] = []): Record<string, unknown> {
  return { document: name, link: "h", path: `a/${name}`, received_at: 5, sender: "Ada", passages };
}

beforeEach(() => {
  // Without the head, whose style sheets this DOM would try to load.
  document.body.innerHTML = HTML.slice(HTML.indexOf("<body>") + 6, HTML.lastIndexOf("</body>"));
  vi.useFakeTimers();
});

describe("parseFound", () => {
  it("marks characters as the server counts them, and passes over marks that make no sense", () => {
    const passage = { page: 2, text: "😀 the rent 😀", marks: [[6, 10], [7, 8], ["x", 3], [11, 99], null] };
    const [found] = parseFound({ results: [result("a.txt", [passage])] });
    expect(found?.passages).toEqual([
      {
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
    expect(() => parseFound({ results: [{ path: 1 }] })).toThrow(TypeError);
  });
});

describe("SearchPanel", () => {
  const passage = { page: 2, pieces: [{ text: "<b>rent\n</b>\u202e", marked: true }] };
  const file: FoundFile = {
    document: "u1",
    link: "h",
    path: "in/a b.txt",
    receivedAt: 1_000,
    sender: "Ada",
    passages: [passage],
  };
  const link = { hash: "h", title: "Club", folder: "in", search: true } as ListedLink;

  function panel(answers: (words: string, typing: boolean, signal: AbortSignal) => Promise<FoundFile[]>) {
    const made = new SearchPanel({ search: answers, isGone: async () => false });
    made.know([link]);
    return made;
  }

  function type(words: string): void {
    const input = document.querySelector<HTMLInputElement>("#search");
    if (input === null) throw new Error("no field");
    input.value = words;
    input.dispatchEvent(new Event("input"));
  }

  const shown = () => [...document.querySelectorAll("#found > li")];
  const says = () => document.querySelector("#search-says")?.textContent;

  it("shows itself only where a link is searched", () => {
    const made = panel(async () => []);
    const card = document.querySelector<HTMLElement>("#searching");
    expect(card?.hidden).toBe(false);
    made.know([{ ...link, search: false }]);
    expect(card?.hidden).toBe(true);
  });

  it("shows what strangers wrote as text, with the words marked, and where the file is", async () => {
    panel(async () => [file]);
    type("rent");
    await vi.advanceTimersByTimeAsync(1_000);
    const [row] = shown();
    expect(row?.querySelector("mark")?.textContent).toBe("<b>rent </b>⟨U+202E⟩");
    expect(row?.querySelector(".passage")?.textContent).toContain("Page 2");
    expect(row?.querySelector('[data-part="link"]')?.textContent).toBe("Club");
    expect(row?.querySelector("a")?.getAttribute("href")).toBe("/api/droppr/requests/h/files/in/a%20b.txt");
    expect(says()).toBe("1 file, the best first");
    type("");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(shown()).toEqual([]);
  });

  it("asks once for several keys, and never shows the answer to an earlier question", async () => {
    const asked: string[] = [];
    const answers: ((found: FoundFile[]) => void)[] = [];
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
    answers[1]?.([]);
    await vi.advanceTimersByTimeAsync(1_000);
    answers[0]?.([file]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(2);
    expect(shown()).toEqual([]);
    expect(says()).toBe("Nothing was found.");
  });
});
