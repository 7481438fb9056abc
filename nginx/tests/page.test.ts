import { beforeAll, describe, expect, it } from "vitest";
import { fromDrop, fromInput } from "../src/page/drop";
import { formatBytes, formatDuration, formatPercent, formatSpeed, formatTimeLeft } from "../src/page/format";
import { useLanguage } from "../src/page/i18n";
import { describeLimits, meant, sortOut, takesPictures } from "../src/page/limits";
import { NO_LIMITS } from "./support/links";

beforeAll(() => useLanguage("en"));

const NONE = NO_LIMITS;

const picked = (name: string, size = 1) => ({ file: new File(["x".repeat(size)], name), path: name });

describe("words for numbers", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [1_536, "1.5 kB"],
    [5 * 1024 ** 3, "5 GB"],
    [123 * 1024 ** 2 + 600_000, "124 MB"],
    [3 * 1024 ** 5, "3,072 TB"],
  ])("%i bytes are %s", (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });

  it("says 100 % only when it is true", () => {
    expect(formatPercent(999, 1_000)).toBe("99%");
    expect(formatPercent(1_000, 1_000)).toBe("100%");
    expect(formatPercent(0, 0)).toBe("100%");
  });

  it.each([
    [Number.POSITIVE_INFINITY, ""],
    [3, "a few seconds left"],
    [40, "less than a minute left"],
    [61, "about 2 min left"],
    [3_600, "about 1 hr left"],
    [4_800, "about 1 hr 20 min left"],
    [3 * 86_400, "about 3 days left"],
  ])("%d seconds are '%s'", (seconds, words) => {
    expect(formatTimeLeft(seconds)).toBe(words);
  });

  it("are written as the language does", async () => {
    await useLanguage("de");
    expect([formatBytes(1_536), formatSpeed(2.5 * 1024 ** 2), formatDuration(4_800)]).toEqual([
      "1,5 kB",
      "2,5 MB/s",
      "1 Std. 20 Min.",
    ]);
    await useLanguage("en");
    expect(formatSpeed(2.5 * 1024 ** 2)).toBe("2.5 MB/s");
  });
});

describe("limits", () => {
  it("are told up front", () => {
    expect(describeLimits(NONE, 0)).toEqual(["Files of any size"]);
    const strict = {
      maxFileSize: 1_024,
      maxTotalSize: 2_048,
      maxFiles: 2,
      allowedExtensions: ["pdf"],
      expiresIn: 60,
    };
    const told = describeLimits({ ...NONE, ...strict }, 0);
    expect(told.slice(0, 4)).toEqual([
      "Up to 1 kB per file",
      "Up to 2 kB in all",
      "Up to 2 files",
      "Only .pdf",
    ]);
    expect(told[4]).toContain("Open until");
  });

  it("refuse one file without refusing the next", () => {
    const files = [picked("a.PDF"), picked("b.exe"), picked("c"), picked("big.pdf", 20), picked("d.pdf")];
    const limits = { ...NONE, maxFileSize: 10, allowedExtensions: ["pdf"] };
    const { accepted, refused } = sortOut(files, limits, { files: 0, bytes: 0 });
    expect(accepted.map(({ path }) => path)).toEqual(["a.PDF", "d.pdf"]);
    expect(refused.map(({ path }) => path)).toEqual(["b.exe", "c", "big.pdf"]);
  });

  it("refuse a file that is in the list already", () => {
    const { refused } = sortOut([picked("a")], NONE, { files: 1, bytes: 1, has: ({ path }) => path === "a" });
    expect(refused[0]?.reason).toBe("It is in the list already.");
  });

  it("offer a camera only where pictures are taken", () => {
    expect([takesPictures([]), takesPictures(["pdf", "heic"]), takesPictures(["pdf"])]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("count what was taken before", () => {
    const two = [picked("a"), picked("b")];
    const most = sortOut(two, { ...NONE, maxFiles: 3 }, { files: 2, bytes: 0 });
    expect([most.accepted.length, most.refused[0]?.reason]).toEqual([1, "The limit is 3 files."]);
    const total = sortOut(two, { ...NONE, maxTotalSize: 10 }, { files: 0, bytes: 9 });
    expect([total.accepted.length, total.refused.length]).toEqual([1, 1]);
  });
});

describe("drops", () => {
  const fileEntry = (fullPath: string, readable = true) => ({
    isDirectory: false,
    fullPath,
    file: (yes: (file: File) => void, no: (error: Error) => void) =>
      readable ? yes(new File(["x"], fullPath.split("/").at(-1) ?? "")) : no(new Error("NotReadable")),
  });

  /** Hands out its children a hundred at a time, as Chromium does. */
  const folderEntry = (fullPath: string, children: unknown[]) => ({
    isDirectory: true,
    fullPath,
    createReader: () => {
      const left = [...children];
      return { readEntries: (yes: (some: unknown[]) => void) => yes(left.splice(0, 100)) };
    },
  });

  const drop = (...entries: unknown[]) =>
    ({
      items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry })),
    }) as unknown as DataTransfer;

  it("bring every file of a folder, past the first hundred, with its path", async () => {
    const many = Array.from({ length: 250 }, (_, at) => fileEntry(`/trip/day/${at}.jpg`));
    const { picked } = await fromDrop(
      drop(folderEntry("/trip", [folderEntry("/trip/day", many)]), fileEntry("/a.txt")),
    );
    expect(picked).toHaveLength(251);
    expect([picked[0]?.path, picked[1]?.path, picked[250]?.path]).toEqual([
      "a.txt",
      "trip/day/0.jpg",
      "trip/day/249.jpg",
    ]);
  });

  it("are listed by path, 2 before 10, whatever order the disk gives", async () => {
    const names = ["b/10.jpg", "b.txt", "b/2.jpg", "a/z", "b/2/deep.jpg"];
    const { picked } = await fromDrop(drop(...names.map((name) => fileEntry(`/${name}`))));
    expect(picked.map(({ path }) => path)).toEqual(["a/z", "b/2/deep.jpg", "b/2.jpg", "b/10.jpg", "b.txt"]);
  });

  it("and chosen folders are sorted; chosen files keep the order of the dialog", () => {
    const names = ["b", "a"].map((name) => new File(["x"], name));
    const input = (webkitdirectory: boolean) =>
      ({ files: names, webkitdirectory }) as unknown as HTMLInputElement;
    expect(fromInput(input(true)).picked.map(({ path }) => path)).toEqual(["a", "b"]);
    expect(fromInput(input(false)).picked.map(({ path }) => path)).toEqual(["b", "a"]);
  });

  it("keep folders with nothing in them", async () => {
    const { picked, emptyFolders } = await fromDrop(
      drop(folderEntry("/t", [folderEntry("/t/none", []), fileEntry("/t/a")]), folderEntry("/alone", [])),
    );
    expect([picked.map(({ path }) => path), emptyFolders]).toEqual([["t/a"], ["alone", "t/none"]]);
  });

  it("tell what could not be read and bring the rest", async () => {
    const { picked, unreadable } = await fromDrop(
      drop(folderEntry("/t", [fileEntry("/t/bad", false), fileEntry("/t/good")])),
    );
    expect(picked.map(({ path }) => path)).toEqual(["t/good"]);
    expect(unreadable).toEqual(["t/bad"]);
  });
});

describe("what systems leave in folders", () => {
  it("is not sent, unless it was chosen by itself", () => {
    const inFolder = [
      "a/.DS_Store",
      "a/b/Thumbs.db",
      "a/DESKTOP.INI",
      "a/1.jpg",
      "a/._1.jpg",
      "a/._mine",
      "a/b/._1.jpg",
    ];
    const alone = [".DS_Store", "desktop.ini", "1.jpg", "._1.jpg"];
    const left = meant([...inFolder, ...alone].map((path) => ({ file: new File([], "x"), path })));
    expect(left.map(({ path }) => path)).toEqual(["a/1.jpg", "a/._mine", "a/b/._1.jpg", ...alone]);
  });
});
