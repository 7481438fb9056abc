import { beforeAll, describe, expect, it, vi } from "vitest";
import { UploadError } from "../src/core/errors";
import { type FolderActions, FolderRow } from "../src/page/folder-row";
import { AT_A_GLANCE, type Entry, type Folder, Folders, isFolder, standingOf } from "../src/page/folders";
import { useLanguage } from "../src/page/i18n";
import type { UploadItem } from "../src/utils/upload-manager";

beforeAll(() => useLanguage("en"));

let ids = 0;

function file(path: string, change: Partial<UploadItem> = {}): UploadItem {
  return {
    id: ids++,
    file: new File(["ab"], "a"),
    path,
    item: "",
    state: "waiting",
    cancelling: false,
    loaded: 0,
    safe: 0,
    error: null,
    uploadId: null,
    name: null,
    removableUntil: null,
    ...change,
  };
}

const many = (folder: string, count = AT_A_GLANCE, change: Partial<UploadItem> = {}): UploadItem[] =>
  Array.from({ length: count }, (_, at) => file(`${folder}${at}.jpg`, change));
const named = (entries: readonly Entry[]): string[] =>
  entries.map((each) => (isFolder(each) ? each.name : each.path));

describe("Folders", () => {
  it("show what is seen at one glance as it is, in its order", () => {
    const files = [file("a.txt"), ...many("few/", AT_A_GLANCE - 1), file("b.txt")];
    expect(new Folders().arrange(files)).toEqual(files);
  });

  it("stand where the first of their files does, wherever the others are", () => {
    const [first, ...others] = many("day/");
    const files = [file("a.txt"), ...(first === undefined ? [] : [first]), file("b.txt"), ...others];
    expect(named(new Folders().arrange(files))).toEqual(["a.txt", "day/", "b.txt"]);
  });

  it("open, with their files behind them, and close", () => {
    const folders = new Folders();
    const files = [...many("day/"), file("b.txt")];
    const [day] = folders.arrange(files) as [Folder];
    folders.toggle(day);
    const open = folders.arrange(files);
    expect(open.length).toBe(1 + files.length);
    expect(open.map((each) => folders.placeOf(each).depth)).toEqual([0, ...many("").map(() => 1), 0]);
    expect(open[0]?.id).toBe(day.id);
    folders.toggle(day);
    expect(named(folders.arrange(files))).toEqual(["day/", "b.txt"]);
  });

  it("in folders are rows of their own, and a folder with nothing but a folder in it is one row with that", () => {
    const folders = new Folders();
    const files = [...many("all/2026/one/"), ...many("all/2026/two/"), file("all/2026/note.txt")];
    const [all] = folders.arrange(files) as [Folder];
    expect(all.name).toBe("all/2026/");
    folders.toggle(all);
    expect(named(folders.arrange(files))).toEqual(["all/2026/", "one/", "two/", "all/2026/note.txt"]);
    folders.reveal(files[0] ?? file(""));
    expect(folders.arrange(files).length).toBe(1 + 1 + AT_A_GLANCE + 1 + 1);
  });

  it("tell names apart that begin alike", () => {
    expect(named(new Folders().arrange([...many("day/"), ...many("day 2/")]))).toEqual(["day/", "day 2/"]);
  });

  it("come to what their files come to, without those that were cancelled", () => {
    const lost = file("f", { state: "failed" });
    const sends = file("s", { state: "sending", loaded: 2, safe: 1 });
    const files = [file("w"), lost, file("d", { state: "done", safe: 2, loaded: 2 }), sends];
    const all = standingOf([...files, file("x", { state: "cancelled" }), file("g", { state: "failed" })]);
    const counted = { count: 5, waiting: 1, going: 1, paused: 0, done: 1, failed: 2 };
    expect(all).toEqual({ ...counted, size: 10, loaded: 4, safe: 3, sends, lost });
  });
});

function row(files: UploadItem[], change: Partial<FolderActions> = {}) {
  const did: [string, number][] = [];
  const note = (what: string) => (all: readonly UploadItem[]) => did.push([what, all.length]);
  const actions: FolderActions = {
    statsOf: () => null,
    isOffline: () => false,
    isGoing: () => true,
    isFolderOpen: () => false,
    toggleFolder: () => did.push(["toggle", 0]),
    goTo: ({ id }) => did.push(["go", id]),
    placeOf: () => ({ folder: null, depth: 0 }),
    version: () => 0,
    forAll: { pause: note("pause"), resume: note("resume"), retry: note("retry"), cancel: note("cancel") },
    ...change,
  };
  const made = new FolderRow(actions);
  const folder: Folder = { id: -1, path: "day/", name: "day/", files };
  made.paint(folder);
  const shown = (): HTMLButtonElement[] =>
    [...made.element.querySelectorAll("button")].filter(({ hidden }) => !hidden);
  const press = (label: string): void =>
    shown()
      .find((each) => each.getAttribute("aria-label")?.includes(label))
      ?.click();
  const words = (): string => made.element.querySelector(".file-about")?.textContent ?? "";
  return { made, folder, did, shown, press, words };
}

describe("the row of a folder", () => {
  const moving = { activeUploads: 1, completedChunks: 0, totalChunks: 1, failedChunks: 0, speed: 1, eta: 3 };

  it.each<[string, UploadItem[], string]>([
    ["waits", many("day/"), "6 files · 12 bytesWaiting"],
    ["has arrived", many("day/", 6, { state: "done", safe: 2 }), "6 files · 12 bytesArrived"],
    ["was cancelled", many("day/", 6, { state: "cancelled" }), "6 files · 0 bytesCancelled"],
    ["is paused", many("day/", 6, { state: "paused", safe: 1 }), "6 files · 12 bytesPaused · 50%"],
    [
      "is being sent",
      [...many("day/", 5, { state: "done", safe: 2 }), file("day/now.jpg", { state: "sending" })],
      "6 files · 12 bytes83% · 5 of 6 files arrived",
    ],
  ])("says that it %s", (_, files, words) => {
    expect(row(files).words()).toBe(words);
  });

  it("says what is being sent by itself, and that it is stuck, or that there is no line", () => {
    const files = [...many("day/"), file("day/in/now.mov", { state: "sending" })];
    const sent = (stuck: boolean) => () => ({ ...moving, stuck });
    expect(row(files, { statsOf: sent(false) }).words()).toContain("now.mov");
    expect(row(files, { statsOf: sent(true) }).words()).toContain("connection trouble");
    expect(row(files, { isOffline: () => true }).words()).toContain("waiting for the connection");
  });

  it("says what failed and why, and leads there", () => {
    const error = new UploadError("No.", { code: "type_disguised", status: 415 });
    const lost = file("day/x.jpg", { state: "failed", error });
    const { made, did } = row([...many("day/", 6, { state: "done" }), lost]);
    const button = made.element.querySelector<HTMLButtonElement>(".folder-lost");
    expect(button?.textContent).toContain("1 file could not be sent. Its content is not what its name says");
    expect(made.element.className).toContain("failed");
    button?.click();
    expect(did).toEqual([["go", lost.id]]);
  });

  it("sends again what failed, and what was cancelled only where all of it was", () => {
    const error = new UploadError("No.", { code: "network_error", status: 0 });
    const failed = row([
      ...many("day/", 6, { state: "cancelled" }),
      file("day/x", { state: "failed", error }),
    ]);
    failed.press("Try again");
    const cancelled = row(many("day/", 6, { state: "cancelled" }));
    cancelled.press("Try again");
    expect([failed.did, cancelled.did]).toEqual([[["retry", 1]], [["retry", 6]]]);
  });

  it("is cancelled by the second click only, and not when that comes late", () => {
    vi.useFakeTimers();
    const { press, did, shown } = row(many("day/"));
    press("Cancel day");
    expect([did, shown().at(-1)?.textContent]).toEqual([[], "Really cancel all?"]);
    vi.advanceTimersByTime(6_000);
    press("Cancel day");
    expect(did).toEqual([]);
    press("Really cancel all?");
    expect(did).toEqual([["cancel", 6]]);
    vi.useRealTimers();
  });

  it("does not ask of another folder what was asked of the one before", () => {
    const { made, press, shown, folder } = row(many("day/"));
    press("Cancel day");
    made.paint({ ...folder, id: -2, path: "night/", name: "night/" });
    expect(shown().at(-1)?.getAttribute("aria-label")).toBe("Cancel night");
  });
});
