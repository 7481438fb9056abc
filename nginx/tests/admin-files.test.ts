import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type FileCopies, parseCopies } from "../src/admin/files/copies";
import { FileGrid, measuresOf } from "../src/admin/files/grid";
import { keyOf } from "../src/admin/files/keys";
import { FileRow, type RowPorts } from "../src/admin/files/row";
import { Selection } from "../src/admin/files/selection";
import { type Entry, Shelf } from "../src/admin/files/shelf";
import { listQuery, PLAIN_VIEW, sortedBy } from "../src/admin/files/view";
import type { FilePage, ReceivedFile } from "../src/admin/wire";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");

function file(number: number, more: Partial<ReceivedFile> = {}): ReceivedFile {
  return {
    uploadId: `u${number}`,
    path: `folder/${number}.bin`,
    size: 1,
    receivedAt: number,
    lastModified: null,
    sha256: "ab".repeat(32),
    sameAs: null,
    sentName: null,
    senderName: null,
    senderEmail: null,
    item: null,
    type: "other",
    passedOn: null,
    ...more,
  };
}

beforeEach(() => {
  // Without the head, whose style sheets this DOM would try to load.
  document.body.innerHTML = HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"));
});

describe("Selection", () => {
  const found = { files: 10, bytes: 1_000 };

  it("counts what is chosen, and knows each once", () => {
    const chosen = new Selection();
    chosen.set(file(1, { size: 30 }), true);
    chosen.set(file(1, { size: 30 }), true);
    chosen.toggle(file(2, { size: 5 }));
    expect(chosen.extentIn(found)).toEqual({ files: 2, bytes: 35 });
    chosen.toggle(file(1));
    expect(chosen.named).toEqual(["u2"]);
    expect([chosen.has("u1"), chosen.has("u2")]).toEqual([false, true]);
    chosen.clear();
    expect(chosen.extentIn(found)).toEqual({ files: 0, bytes: 0 });
  });

  it("is all but some, also of what nobody has seen yet", () => {
    const chosen = new Selection();
    chosen.set(file(7), true);
    chosen.chooseAll();
    expect(chosen.extentIn(found)).toEqual(found);
    chosen.toggle(file(3, { size: 400 }));
    expect([chosen.has("u3"), chosen.has("u7"), chosen.has("never seen")]).toEqual([false, true, true]);
    expect(chosen.named).toEqual(["u3"]);
    expect(chosen.extentIn(found)).toEqual({ files: 9, bytes: 600 });
    chosen.set(file(3), true);
    expect(chosen.extentIn(found)).toEqual(found);
  });

  it("forgets what is gone, on both sides", () => {
    const chosen = new Selection();
    chosen.set(file(1), true);
    chosen.set(file(2), true);
    chosen.drop(["u1", "u9"]);
    expect(chosen.named).toEqual(["u2"]);
    chosen.chooseAll();
    chosen.toggle(file(4));
    chosen.drop(["u4"]);
    expect(chosen.extentIn({ files: 9, bytes: 999 })).toEqual({ files: 9, bytes: 999 });
  });
});

describe("Keys", () => {
  const pressed = (key: string, more: object = {}, target: EventTarget = document.createElement("a")) => ({
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    target,
    ...more,
  });

  it("move, choose and delete in the list alone, and no letter alone does anything", () => {
    expect(keyOf(pressed("ArrowDown", { shiftKey: true }), true, { page: 9 })).toEqual({
      kind: "move",
      to: 1,
      stretch: true,
    });
    expect(keyOf(pressed("PageUp"), true, { page: 9 })).toMatchObject({ to: -9 });
    expect(keyOf(pressed("End"), true, { page: 9 })).toMatchObject({ to: "end" });
    expect(keyOf(pressed("a", { ctrlKey: true }), true, { page: 9 })).toEqual({ kind: "all" });
    expect(keyOf(pressed("Delete"), true, { page: 9 })).toEqual({ kind: "remove" });
    for (const key of ["ArrowDown", "Delete", " ", "Home"])
      expect(keyOf(pressed(key), false, { page: 9 })).toBeNull();
    for (const letter of "abcdefghijklmnopqrstuvwxyz")
      expect(keyOf(pressed(letter), true, { page: 9 })).toBeNull();
    expect(keyOf(pressed("Delete", { altKey: true }), true, { page: 9 })).toBeNull();
    expect(keyOf(pressed("Enter"), true, { page: 9 })).toBeNull();
  });

  it("go by lines and to both sides among tiles, which a list knows nothing of", () => {
    const tiles = { page: 3, columns: 5 };
    const to = (key: string, standing: object = {}) => keyOf(pressed(key), true, { ...tiles, ...standing });
    expect(to("ArrowDown")).toMatchObject({ to: 5 });
    expect(to("ArrowUp")).toMatchObject({ to: -5 });
    expect(to("PageDown")).toMatchObject({ to: 15 });
    expect([to("ArrowRight"), to("ArrowLeft")]).toMatchObject([{ to: 1 }, { to: -1 }]);
    expect(to("ArrowLeft", { onward: "ArrowLeft" })).toMatchObject({ to: 1 });
    expect(to("ArrowRight", { columns: 1 })).toBeNull();
  });

  it("leave a field and a button what is theirs", () => {
    const field = document.createElement("input");
    const button = document.createElement("button");
    expect(keyOf(pressed("/"), false, { page: 9 })).toEqual({ kind: "search" });
    expect(keyOf(pressed("/", {}, field), false, { page: 9 })).toBeNull();
    expect(keyOf(pressed(" "), true, { page: 9 })).toEqual({ kind: "choose", stretch: false });
    expect(keyOf(pressed(" ", {}, button), true, { page: 9 })).toBeNull();
  });
});

describe("Tiles", () => {
  it("are as many beside each other as there is room for, two at least, and fill it", () => {
    for (const [room, columns] of [
      [1060, 5],
      [700, 3],
      [300, 2],
      [100, 2],
    ] as const) {
      const { columns: found, width, height } = measuresOf(room);
      expect(found).toBe(columns);
      expect(width * columns + 12 * (columns - 1)).toBeLessThanOrEqual(room);
      expect(height).toBeGreaterThan((width * 2) / 3);
    }
  });

  it("keep of very many only those that can be seen in the document, each in its place", () => {
    const [list, scroller] = [document.createElement("ul"), document.createElement("div")];
    scroller.append(list);
    document.body.append(scroller);
    Object.defineProperty(list, "clientWidth", { value: 1060 });
    Object.defineProperty(scroller, "clientHeight", { value: 600 });
    const makeTile = () => {
      const element = document.createElement("li");
      const paint = ({ id }: { id: number }) => element.replaceChildren(String(id));
      return { element, paint };
    };
    const grid = new FileGrid<{ id: number }>(list, scroller, makeTile, () => undefined);
    grid.setItems(Array.from({ length: 100_000 }, (_, id) => ({ id })));
    grid.reveal(0);
    expect(list.firstElementChild?.textContent).toBe("0");
    grid.reveal(77_777);
    const shown = [...list.children].map(({ textContent }) => Number(textContent));
    expect(shown).toContain(77_777);
    expect(shown.length).toBeLessThan(60);
    expect(shown).toEqual([...shown].sort((one, other) => one - other));
    const { height } = measuresOf(1060);
    const place = grid.rowOf({ id: 77_777 })?.element as HTMLElement;
    expect(place.style.transform).toBe(
      `translate(${2 * (measuresOf(1060).width + 12)}px, ${15_555 * (height + 12)}px)`,
    );
    expect(grid.reach).toBeGreaterThan(77_777);
    scroller.remove();
  });
});

describe("View", () => {
  it("begins each order the usual way round, and turns it at the second click", () => {
    const byName = sortedBy(PLAIN_VIEW, "name");
    expect([byName.sort, byName.descending]).toEqual(["name", false]);
    expect(sortedBy(byName, "name").descending).toBe(true);
    expect(sortedBy(byName, "size").descending).toBe(true);
    expect(listQuery({ ...byName, text: "a&b", sender: "" })).toEqual({
      sort: "name",
      direction: "asc",
      q: "a&b",
      sender: "",
    });
    expect(listQuery({ ...PLAIN_VIEW, repeated: true })).toMatchObject({ repeated: "true" });
  });
});

/** A server with so many files, the newest first. */
function server(count: number) {
  const files = Array.from({ length: count }, (_, at) => file(count - at));
  const load = vi.fn(
    async (_: Record<string, string>, cursor: string, limit: number, count: boolean): Promise<FilePage> => {
      const from = cursor === "" ? 0 : files.findIndex(({ uploadId }) => uploadId === cursor) + 1;
      const items = files.slice(from, from + limit);
      const last = from + limit < files.length ? (items.at(-1)?.uploadId ?? null) : null;
      const found = {
        files: files.length,
        bytes: files.length,
        newestAt: files[0]?.receivedAt ?? null,
        restorable: true,
        again: null,
      };
      return { items, nextCursor: last, found: count ? found : null };
    },
  );
  const changed = vi.fn();
  const shelf = new Shelf({
    load,
    changed,
    filled: () => undefined,
    failed: (error) => Promise.reject(error),
  });
  return { files, load, changed, shelf };
}

const named = (entries: readonly Entry[]) => entries.map((entry) => entry.file?.uploadId);

describe("Shelf", () => {
  it("has a place for every file at once, and asks for those that somebody comes near", async () => {
    const { shelf, load, changed } = server(5_000);
    await shelf.show(PLAIN_VIEW);
    expect(shelf.items).toHaveLength(5_000);
    expect(shelf.loaded).toHaveLength(200);
    const before = shelf.items;
    shelf.want(100);
    await vi.waitFor(() => expect(shelf.loaded).toHaveLength(1_200));
    expect(shelf.items).toBe(before);
    expect(changed).toHaveBeenCalledTimes(1);
    shelf.want(4_990);
    await vi.waitFor(() => expect(shelf.loaded).toHaveLength(5_000));
    expect(new Set(named(shelf.items)).size).toBe(5_000);
    expect(load).toHaveBeenCalledTimes(6);
    shelf.want(4_999);
    expect(load).toHaveBeenCalledTimes(6);
  });

  it("takes no answer to what was asked before another view", async () => {
    const { shelf, load } = server(300);
    let late: (page: FilePage) => void = () => undefined;
    load.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
    const first = shelf.show({ ...PLAIN_VIEW, text: "slow" });
    await shelf.show(PLAIN_VIEW);
    late({ items: [file(9_999)], nextCursor: null, found: null });
    await first;
    expect(shelf.items).toHaveLength(300);
    expect(named(shelf.items)).not.toContain("u9999");
  });

  it("fills in what came later where it stands, and moves nothing while somebody reads", async () => {
    const { shelf, files } = server(3);
    files[1] = file(2, { sha256: null });
    await shelf.show(PLAIN_VIEW);
    const places = shelf.items;
    files[1] = file(2, { sha256: "cd".repeat(32) });
    expect(await shelf.compare(() => false)).toBeNull();
    expect(shelf.items).toBe(places);
    expect(shelf.items[1]?.file?.sha256).toBe("cd".repeat(32));
    files.unshift(file(5), file(4));
    expect(await shelf.compare(() => false)).toBe(2);
    expect(shelf.items).toBe(places);
    expect(await shelf.compare(() => true)).toBeNull();
    expect(named(shelf.items)).toEqual(["u5", "u4", "u3", "u2", "u1"]);
    // Those that stay keep their rows.
    expect(shelf.items[2]).toBe(places[0]);
  });

  it("takes out what is gone, and is as long as what is left", async () => {
    const { shelf, files } = server(1_500);
    await shelf.show(PLAIN_VIEW);
    const gone = new Set(["u1500", "u1400"]);
    files.splice(100, 1);
    files.splice(0, 1);
    expect(shelf.remove(gone)).toBe(true);
    expect(shelf.items).toHaveLength(1_498);
    expect(shelf.found).toMatchObject({ files: 1_498, bytes: 1_498 });
    expect(named(await shelf.all())).toEqual(files.map(({ uploadId }) => uploadId));
    expect(shelf.remove(new Set(["never here"]))).toBe(false);
  });

  it("ends where the list does, whatever was counted before", async () => {
    const { shelf, files } = server(2_000);
    await shelf.show(PLAIN_VIEW);
    files.splice(500, 100);
    expect(await shelf.all()).toHaveLength(1_900);
    expect(shelf.items.every((entry) => entry.file !== null)).toBe(true);
  });
});

describe("FileRow", () => {
  const entry = (of: ReceivedFile | null, id = 1): Entry => ({ id, file: of });

  function row(more: Partial<RowPorts> = {}): FileRow {
    const made = new FileRow({
      hash: "h",
      isChosen: () => false,
      isCurrent: () => false,
      isUnfolded: () => true,
      toggle: () => undefined,
      unfold: () => undefined,
      open: () => false,
      picture: () => undefined,
      rename: async () => undefined,
      share: async () => undefined,
      remove: () => undefined,
      passOn: async () => undefined,
      itemTitle: (item) => (item === "passport" ? "Passport" : ""),
      isGone: async () => false,
      copies: async () => ({ copies: [], more: false }),
      ...more,
    });
    document.body.append(made.element);
    return made;
  }

  const shown = (made: FileRow, part: string) =>
    made.element.querySelector<HTMLElement>(`[data-part="${part}"]`);

  it("shows the name before its folder, and the whole of it where one rests", () => {
    const made = row();
    made.paint(entry(file(1, { path: "a/b/photo\u202egpj.exe", senderEmail: "x@example.org", size: 2_048 })));
    const name = made.element.querySelector<HTMLAnchorElement>(".file-name");
    expect([...(name?.children ?? [])].map((each) => each.textContent)).toEqual([
      "photo⟨U+202E⟩gpj.exe",
      "a/b",
      "",
    ]);
    made.paint(entry(file(2, { path: "a.jpg", sameAs: "b\u202e.jpg" })));
    expect(made.element.querySelector(".file-same")?.textContent).toBe("same as b⟨U+202E⟩.jpg");
    made.paint(entry(file(1, { path: "a/b/photo\u202egpj.exe", senderEmail: "x@example.org", size: 2_048 })));
    expect(name?.title).toBe("a/b/photo⟨U+202E⟩gpj.exe");
    expect(name?.getAttribute("href")).toContain("/requests/h/files/a/b/photo%E2%80%AEgpj.exe");
    expect(made.element.querySelector(".file-type")?.textContent).toBe("EXE");
    expect(made.element.querySelector(".file-sender")?.textContent).toBe("x@example.org");
    expect(made.element.querySelector("button.file-remove")?.getAttribute("aria-label")).toContain(
      "Delete a/b/",
    );
  });

  it("tells for which item a file was sent, and nothing of it for the others", () => {
    const made = row();
    made.paint(entry(file(1, { item: "passport" })));
    expect([shown(made, "item")?.textContent, shown(made, "item-line")?.hidden]).toEqual(["Passport", false]);
    made.paint(entry(file(2), 2));
    expect(shown(made, "item-line")?.hidden).toBe(true);
  });

  it("names other links that have it, once it is hashed, and those of no other file", async () => {
    const other = { hash: "x y", name: "Tax\u202e", path: "else/1.bin" };
    const waiting: ((found: FileCopies) => void)[] = [];
    const copies = vi.fn((_: string) => new Promise<FileCopies>((done) => waiting.push(done)));
    const line = () => made.element.querySelector<HTMLElement>(".copies");
    const made = row({ copies });
    made.paint(entry(file(1, { sha256: null })));
    expect(copies).not.toHaveBeenCalled();
    made.paint(entry(file(1, { sha256: "a".repeat(64) })));
    made.paint(entry(file(2, { sha256: "b".repeat(64) }), 2));
    expect(copies.mock.calls).toEqual([["u1"], ["u2"]]);
    waiting[0]?.({ copies: [other], more: false });
    await Promise.resolve();
    expect(line()?.hidden).toBe(true);
    waiting[1]?.({ copies: [other, { ...other, name: "Same name", path: "2.bin" }], more: true });
    await vi.waitFor(() => expect(line()?.hidden).toBe(false));
    expect([...(line()?.querySelectorAll("li") ?? [])].map((each) => each.textContent)).toEqual([
      "Tax⟨U+202E⟩ else/1.bin",
      "Same name 2.bin",
      "and in more",
    ]);
    expect(line()?.querySelector("a")?.getAttribute("href")).toBe("/admin/links/x%20y");
  });

  it("reads what the server says of them with doubt", () => {
    const good = { hash: "h", title: "", folder: "tax/2026", path: "a", upload_id: "u", received_at: 1 };
    expect(parseCopies({ copies: [good, { title: "x" }], more: true })).toEqual({
      copies: [{ hash: "h", name: "tax/2026", path: "a" }],
      more: true,
    });
    expect(parseCopies({})).toEqual({ copies: [], more: false });
    expect(() => parseCopies("nonsense")).toThrow(TypeError);
  });

  it("tells nothing of the file before when it is used again", async () => {
    const made = row({ isGone: async () => true });
    made.paint(entry(file(1)));
    const name = made.element.querySelector<HTMLAnchorElement>(".file-name");
    name?.addEventListener("click", (event) => event.preventDefault());
    name?.click();
    const gone = made.element.querySelector<HTMLElement>(".problem");
    await vi.waitFor(() => expect(gone?.textContent).toContain("no longer in its place"));
    made.paint(entry(file(2), 2));
    expect(gone?.hidden).toBe(true);
    made.paint(entry(null, 3));
    expect(made.element.classList.contains("pending")).toBe(true);
    expect(name?.textContent).toBe("");
    expect(name?.hasAttribute("href")).toBe(false);
  });

  it("has one stop for the Tab key in the whole list", () => {
    const made = row({ isCurrent: ({ id }) => id === 2 });
    made.paint(entry(file(1)));
    const stops = () =>
      [...made.element.querySelectorAll<HTMLElement>(".file-name, .file-acts > *, input")].map(
        (each) => each.tabIndex,
      );
    expect(new Set(stops())).toEqual(new Set([-1]));
    made.paint(entry(file(2), 2));
    expect(new Set(stops())).toEqual(new Set([0]));
  });

  it("asks whoever looks at files before the browser downloads one", () => {
    const open = vi.fn(() => true);
    const toggle = vi.fn();
    const made = row({ open, toggle });
    made.paint(entry(file(1)));
    const name = made.element.querySelector<HTMLAnchorElement>(".file-name");
    const click = (init: MouseEventInit) => {
      const event = new MouseEvent("click", { bubbles: true, cancelable: true, ...init });
      name?.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(click({})).toBe(true);
    expect(open).toHaveBeenCalledTimes(1);
    expect(click({ ctrlKey: true })).toBe(true);
    expect(toggle).toHaveBeenLastCalledWith(expect.objectContaining({ id: 1 }), false);
    expect(click({ shiftKey: true })).toBe(true);
    expect(toggle).toHaveBeenLastCalledWith(expect.objectContaining({ id: 1 }), true);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it("tells how a file gets on to elsewhere, and lets a failed one be tried again", async () => {
    const passOn = vi.fn(async () => undefined);
    const FULL = { answer: "The store says QuotaExceeded.", reason: "full", said: "QuotaExceeded" };
    const made = row({ passOn });
    const telling = (passedOn: ReceivedFile["passedOn"]) => {
      made.paint(entry(file(1, { passedOn })));
      return [shown(made, "passed-on")?.textContent, shown(made, "pass-on")?.hidden];
    };
    telling(null);
    expect(shown(made, "passed-on-line")?.hidden).toBe(true);
    expect(telling({ state: "sending", why: null, remote: null })).toEqual(["Is being passed on", true]);
    expect(telling({ state: "failed", why: FULL, remote: null })).toEqual([
      "Could not be passed on. It is full there. The other server said: “QuotaExceeded”.",
      false,
    ]);
    shown(made, "pass-on")?.click();
    expect(passOn).toHaveBeenCalledWith("folder/1.bin");
    expect(telling({ state: "done", why: null, remote: "s3://b/1.bin" })).toEqual([
      "Passed on to s3://b/1.bin",
      true,
    ]);
  });

  it("fills in a hash that came later, and tells of changes on days that there are", () => {
    const made = row();
    made.paint(entry(file(1, { sha256: null, lastModified: 1e300 })));
    expect([shown(made, "hash")?.textContent, shown(made, "copy-hash")?.hidden]).toEqual([
      "is being computed",
      true,
    ]);
    expect(shown(made, "changed-line")?.hidden).toBe(true);
    made.paint(entry(file(1, { lastModified: Date.UTC(1999, 4, 3, 12) })));
    expect([shown(made, "hash")?.title, shown(made, "copy-hash")?.hidden]).toEqual(["ab".repeat(32), false]);
    expect(shown(made, "changed-line")?.textContent).toContain("changed May 3, 1999");
  });
});
