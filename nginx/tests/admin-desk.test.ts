import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Arrived, goesOf, goUrl } from "../src/admin/desk/arrived";
import { Behind } from "../src/admin/desk/behind";
import { type Choice, fits } from "../src/admin/desk/choosing";
import { whenWords } from "../src/admin/when";
import type { ListedLink, ReceivedFile } from "../src/admin/wire";
import { endsSoon } from "../src/admin/words";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const MINUTE = 60_000;
const NOW = new Date(2026, 10, 25, 12, 0).getTime();

function link(hash: string, change: Partial<ListedLink> = {}): ListedLink {
  const made: Partial<ListedLink> = {
    hash,
    title: `Title ${hash}`,
    folder: "in",
    active: true,
    state: "open",
    uploadsOpen: 0,
    lastReceivedAt: null,
    filesArrived: 0,
    filesNew: 0,
    takenUntil: null,
    ...change,
  };
  return made as ListedLink;
}

function file(id: string, receivedAt: number, senderName: string | null = "Anna"): ReceivedFile {
  return {
    uploadId: id,
    path: `below/${id}.pdf`,
    size: 1_024,
    receivedAt,
    lastModified: null,
    sha256: null,
    sameAs: null,
    sentName: null,
    senderName,
    senderEmail: null,
    passedOn: null,
    item: null,
    type: "document",
  };
}

describe("times in lists", () => {
  it("are what people call them, and a day where they are far", () => {
    const words = (day: number, hour: number, minute = 0) =>
      whenWords(new Date(2026, 10, day, hour, minute).getTime(), NOW);
    expect(words(25, 12)).toBe("just now");
    expect(words(25, 11, 48)).toBe("12 minutes ago");
    expect(words(25, 7)).toBe("5 hours ago");
    expect(words(24, 23, 59)).toBe("yesterday");
    expect(words(25, 0)).toBe("12 hours ago");
    expect(words(24, 0)).toBe("yesterday");
    expect(words(23, 23)).toBe("Monday");
    expect(words(19, 0)).toBe("Thursday");
    expect(words(18, 23)).toBe("Nov 18, 2026");
    // A clock that is ahead a little, and one that is wrong.
    expect(words(25, 12, 1)).toBe("just now");
    expect(words(27, 12)).toBe("Nov 27, 2026");
  });

  it("are soon within two days", () => {
    expect(endsSoon({ expiresAt: NOW + 47 * 60 * MINUTE }, NOW)).toBe(true);
    expect(endsSoon({ expiresAt: NOW + 49 * 60 * MINUTE }, NOW)).toBe(false);
    expect(endsSoon({ expiresAt: null }, NOW)).toBe(false);
  });
});

describe("a choice of links", () => {
  it("is what the server calls so", () => {
    const kinds: Record<Exclude<Choice, "all">, ListedLink> = {
      not_begun: link("a", { state: "expired" }),
      due: link("h", { standing: "soon", lastReceivedAt: 5 }),
      late: link("i", { standing: "late", lastReceivedAt: 5 }),
      new: link("b", { filesNew: 1, lastReceivedAt: 5 }),
      open: link("c", { lastReceivedAt: 5 }),
      full: link("d", { state: "full", lastReceivedAt: 5 }),
      expired: link("e", { state: "expired", lastReceivedAt: 5 }),
      closed: link("f", { state: "closed", active: false }),
    };
    const all = Object.values(kinds);
    const found = (choice: Choice) => all.filter((each) => fits(each, choice)).map(({ hash }) => hash);
    expect(found("all")).toHaveLength(8);
    expect(found("due")).toEqual(["h"]);
    expect(found("late")).toEqual(["i"]);
    expect(found("not_begun")).toEqual(["a"]);
    expect(found("new")).toEqual(["b"]);
    expect(found("open")).toEqual(["h", "i", "b", "c"]);
    expect(found("expired")).toEqual(["a", "e"]);
    expect(found("closed")).toEqual(["f"]);
    expect(fits(link("g", { uploadsOpen: 1 }), "not_begun")).toBe(false);
  });
});

describe("goes", () => {
  it("are one sender's, the newest first, whatever the order in which files became known", () => {
    const files = [
      file("a", NOW),
      file("b", NOW - 60 * MINUTE),
      file("c", NOW - 5 * MINUTE),
      file("d", NOW, null),
    ];
    const goes = goesOf(link("x", { filesNew: 4 }), files);
    expect(goes.map(({ batch }) => batch.uploadIds)).toEqual([["a", "c"], ["d"], ["b"]]);
    expect(goes.some(({ isLong }) => isLong)).toBe(false);
    expect(goesOf(link("x", { filesNew: 5 }), files).map(({ isLong }) => isLong)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("are downloaded by their files, and by sender and time where an address cannot hold these", () => {
    const few = goesOf(link("x"), [file("a", NOW), file("b", NOW)]);
    expect(few.map(goUrl)).toEqual(["/api/droppr/requests/x/archive?files=a%2Cb"]);
    const many = Array.from({ length: 200 }, (_, at) => file(`u${at}`, NOW - at));
    const [go] = goesOf(link("x"), many);
    const query = new URL(go === undefined ? "" : goUrl(go), "http://x").searchParams;
    expect(query.get("sender")).toBe("Anna");
    expect(Number(query.get("since"))).toBeLessThan((NOW - 199) / 1_000);
    expect(Number(query.get("until"))).toBeGreaterThan(NOW / 1_000);
    expect(query.has("files")).toBe(false);
  });
});

describe("what has arrived", () => {
  const signal = new AbortController().signal;

  beforeEach(() => {
    document.body.innerHTML = HTML.slice(HTML.indexOf("<main"), HTML.lastIndexOf("</body>"));
  });

  function shown() {
    const files: Record<string, ReceivedFile[]> = {
      a: [file("a1", NOW), file("a2", NOW - 40 * MINUTE, "Ben")],
      b: [file("b1", NOW - MINUTE, null)],
      c: [file("c1", NOW - 90 * MINUTE)],
      d: [file("d1", NOW - 99 * MINUTE)],
    };
    const newFiles = vi.fn(async (hash: string) => files[hash] ?? []);
    const see = vi.fn(async () => undefined);
    const [changed, all] = [vi.fn(), vi.fn()];
    const links = Object.entries(files).map(([hash, its]) =>
      link(hash, { filesNew: its.length, filesArrived: 7, lastReceivedAt: its[0]?.receivedAt ?? null }),
    );
    return { arrived: new Arrived({ newFiles, see }, changed, all), links, newFiles, see, changed, all };
  }

  const root = (): HTMLElement => document.getElementById("arrived") as HTMLElement;
  const text = (): string[] =>
    [...root().querySelectorAll(".go-words")].map((each) =>
      (each.textContent ?? "").replace(/\s+/g, " ").trim(),
    );

  it("is three goes of any links, and how many files come besides", async () => {
    const { arrived, links, newFiles, all } = shown();
    await arrived.show([...links].reverse(), signal);
    expect(root().hidden).toBe(false);
    expect(text()).toEqual([
      "Anna sent 1 file, 1 kB to Title a",
      "Somebody sent 1 file, 1 kB to Title b",
      "Ben sent 1 file, 1 kB to Title a",
    ]);
    expect(newFiles.mock.calls.map(([hash]) => hash)).toEqual(["a", "b", "c"]);
    const more = root().querySelector<HTMLButtonElement>("#more-arrived");
    expect(more?.textContent).toBe("2 more new files: show their links");
    more?.click();
    expect(all).toHaveBeenCalledOnce();
    // Nothing has changed, so nothing is asked.
    await arrived.show(links, signal);
    expect(newFiles).toHaveBeenCalledTimes(3);
  });

  it("is gone where nothing is new", async () => {
    const { arrived, links } = shown();
    await arrived.show(links, signal);
    await arrived.show(
      links.map((each) => ({ ...each, filesNew: 0 })),
      signal,
    );
    expect(root().hidden).toBe(true);
    expect(text()).toEqual([]);
  });

  it("is marked as seen up to what the list told, once", async () => {
    const { arrived, links, see, changed } = shown();
    await arrived.show(links, signal);
    const button = root().querySelector<HTMLButtonElement>('[data-part="seen"]');
    button?.click();
    button?.click();
    await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce());
    expect(see.mock.calls).toEqual([["a", 7]]);
  });

  it("tells what went wrong instead", async () => {
    const { arrived, links, see } = shown();
    see.mockRejectedValueOnce(new Error("no"));
    await arrived.show(links, signal);
    root().querySelector<HTMLButtonElement>('[data-part="seen"]')?.click();
    await vi.waitFor(() => expect(document.getElementById("arrived-problem")?.hidden).toBe(false));
  });
});

describe("a page that nobody looks at", () => {
  let isHidden = false;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(document, "hidden", "get").mockImplementation(() => isHidden);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const look = (yes: boolean): void => {
    isHidden = !yes;
    document.dispatchEvent(new Event("visibilitychange"));
  };

  it("tells once a minute what is new, also after the server was away", async () => {
    const count = vi
      .fn<() => Promise<number>>()
      .mockRejectedValueOnce(new Error("away"))
      .mockResolvedValue(3);
    const tell = vi.fn();
    new Behind(count, tell);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(count).not.toHaveBeenCalled();
    look(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tell).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tell.mock.calls).toEqual([[3]]);
    look(true);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(count).toHaveBeenCalledTimes(2);
  });

  it("asks no second time while it waits, and says nothing that whoever is back knows better", async () => {
    let answer = (_: number): void => undefined;
    const count = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)));
    const tell = vi.fn();
    new Behind(count, tell);
    look(false);
    await vi.advanceTimersByTimeAsync(180_000);
    expect(count).toHaveBeenCalledOnce();
    look(true);
    answer(9);
    await vi.advanceTimersByTimeAsync(1);
    expect(tell).not.toHaveBeenCalled();
  });
});
