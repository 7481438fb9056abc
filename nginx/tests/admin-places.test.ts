import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { batchesOf, namesWords, sentWords } from "../src/admin/batches";
import { History } from "../src/admin/history";
import { afterLogin, loginAddress, placeAddress, placeOf } from "../src/admin/places";
import type { ReceivedFile } from "../src/admin/wire";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const MINUTE = 60_000;

function file(id: string, sender: string | null, minute: number, path = `${id}.txt`): ReceivedFile {
  return {
    uploadId: id,
    path,
    size: 10,
    receivedAt: minute * MINUTE,
    lastModified: null,
    sha256: null,
    sameAs: null,
    sentName: null,
    senderName: sender,
    senderEmail: null,
    item: null,
    type: "other",
    passedOn: null,
  };
}

describe("placeOf", () => {
  const at = (pathname: string, hash = "") => placeOf({ pathname, hash });

  it("tells a link's page from the desk, and which part of it is wanted", () => {
    expect(at("/admin")).toEqual({ kind: "desk" });
    expect(at("/admin/links/aB_-9")).toEqual({ kind: "link", hash: "aB_-9", tab: "files" });
    expect(at("/drop/admin/links/x", "#terms")).toEqual({ kind: "link", hash: "x", tab: "terms" });
    expect(at("/admin/links/x", "#nothing")).toMatchObject({ tab: "files" });
  });

  it("bears what is no address of a link", () => {
    expect(at("/admin/links/")).toEqual({ kind: "desk" });
    expect(at("/admin/links/x/y")).toEqual({ kind: "desk" });
    expect(at("/admin/links/%E0%A4%A")).toMatchObject({ hash: "%E0%A4%A" });
  });

  it("is found again by the address that it is given", () => {
    for (const tab of ["files", "terms", "activity"] as const) {
      const address = new URL(placeAddress("a b/c", tab), "http://droppr.test");
      expect(placeOf(address)).toEqual({ kind: "link", hash: "a b/c", tab });
    }
  });
});

describe("afterLogin", () => {
  const back = (search: string, hash = "") =>
    afterLogin(new URL(loginAddress({ search, hash }), "http://droppr.test").search);

  it("is the text that was asked for before, with its part of the page", () => {
    expect(back("?entity=e&file=u&q=a%26b+c", "#like")).toBe(
      "/admin/document?entity=e&file=u&q=a%26b+c#like",
    );
    expect(back("")).toBe("/admin/document?");
  });

  it("leads nowhere else, and nowhere at all without one", () => {
    for (const text of ["//evil.example", "https://evil.example/", "javascript:alert(1)", "../../x", "#x"]) {
      const address = new URL(
        afterLogin(`?${new URLSearchParams({ text, part: text })}`) ?? "",
        "http://droppr.test",
      );
      expect(address.origin + address.pathname).toBe("http://droppr.test/admin/document");
    }
    expect(afterLogin("?q=words")).toBeNull();
  });
});

describe("batchesOf", () => {
  it("puts together what one sender sent in one go, newest first", () => {
    const files = [
      file("5", "Anna", 100),
      file("4", "Tom", 99),
      file("3", "Anna", 90, "in a folder/3.txt"),
      file("2", "Anna", 74),
      file("1", null, 1),
    ];
    const batches = batchesOf(files);
    expect(batches.map(({ sender, files }) => [sender, files])).toEqual([
      ["Anna", 2],
      ["Tom", 1],
      ["Anna", 1],
      ["", 1],
    ]);
    const [first] = batches;
    expect(first).toMatchObject({ id: "3", bytes: 20, from: 90 * MINUTE, to: 100 * MINUTE });
    expect(first && namesWords(first)).toBe("5.txt, 3.txt");
  });

  it("names three and counts the rest, and hides nothing in a name", () => {
    const [batch] = batchesOf([3, 2, 1, 0].map((at) => file(`${at}\u202e`, "Anna", at)));
    expect(batch && namesWords(batch)).toBe("3⟨U+202E⟩.txt, 2⟨U+202E⟩.txt, 1⟨U+202E⟩.txt and 1 more");
    expect(batch && sentWords(batch)).toBe("4 files, 40 bytes");
  });

  it("takes a hundred thousand files in one walk", () => {
    const files = Array.from({ length: 100_000 }, (_, at) =>
      file(String(at), `s${at % 1000}`, 1e6 - at / 1000),
    );
    const batches = batchesOf(files);
    expect(batches.length).toBe(1000);
    expect(batches.reduce((sum, { files }) => sum + files, 0)).toBe(100_000);
  });
});

describe("History", () => {
  beforeEach(() => {
    document.body.innerHTML = HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"));
  });

  it("says when there is nothing, and how much more there was", () => {
    const shown = new History(Date.UTC(2026, 0, 2));
    const words = () => shown.element.querySelector<HTMLElement>("ul + p");
    shown.show([], 0, "Nothing has arrived yet.");
    expect(words()?.textContent).toBe("Nothing has arrived yet.");
    expect(words()?.hidden).toBe(false);
    shown.show([file("1", "Anna", 1)], 1, "");
    expect(words()?.hidden).toBe(true);
    shown.show([file("1", "Anna", 1)], 3, "");
    expect(words()?.hidden).toBe(false);
    expect(words()?.textContent).toBe("Before that, 2 more files arrived.");
    expect(shown.element.textContent).toContain("The link was made on January 2, 2026");
  });

  it("leaves the row of a go in its place while it grows", () => {
    const shown = new History(0);
    shown.show([file("1", null, 1)], 1, "");
    const row = shown.element.querySelector(".batch");
    shown.show([file("2", null, 2), file("1", null, 1)], 2, "");
    expect(shown.element.querySelectorAll(".batch")).toHaveLength(1);
    expect(shown.element.querySelector(".batch")).toBe(row);
    expect(row?.textContent).toContain("Somebody sent 2 files, 20 bytes");
  });
});
