import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { field, part } from "../src/admin/parts";
import { Renaming } from "../src/admin/sharing/renaming";
import { Sharing, shareWords } from "../src/admin/sharing/sharing";
import { parseRenamed, parseShares, type Share } from "../src/admin/sharing/sharing-wire";
import type { ReceivedFile } from "../src/admin/wire";
import { UploadError } from "../src/core/errors";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const SAID = {
  hash: "h".repeat(32),
  url: `/download/${"h".repeat(32)}`,
  title: "",
  requires_password: true,
  expires_at: null,
  expired: false,
  max_downloads: 5,
  downloads: 1,
  files: 2,
};
const flush = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((done) => setTimeout(done));
};

type Asked = [method: string, path: string, body: unknown];

let asked: Asked[];
let shares: object[];
let refusal: Error | null;

const api = {
  ask: async <T>(method: string, path: string, parse: (value: unknown) => T, body?: object): Promise<T> => {
    asked.push([method, path, body]);
    if (refusal !== null && method !== "GET") throw refusal;
    if (method === "PATCH")
      return parse({ upload_id: "u1", path: (body as { path: string }).path, name: "n" });
    return parse(method === "GET" ? { shares } : SAID);
  },
  tell: async (method: string, path: string): Promise<void> => {
    asked.push([method, path, undefined]);
    shares = [];
  },
};

beforeEach(() => {
  document.body.innerHTML = HTML.slice(HTML.indexOf("<main"), HTML.lastIndexOf("</body>"));
  asked = [];
  shares = [SAID];
  refusal = null;
});

const dialog = (): HTMLDialogElement => {
  const found = document.querySelector<HTMLDialogElement>("dialog.over-page");
  if (found === null) throw new Error("There is no dialog");
  return found;
};
const send = async (): Promise<void> => {
  part(dialog(), "form", HTMLFormElement).dispatchEvent(new Event("submit", { cancelable: true }));
  await flush();
};

describe("Sharing", () => {
  it("makes an address of what was chosen, and keeps no password", async () => {
    new Sharing("link", api).open({ ids: ["u1", "u2"], words: "2 files" });
    await flush();
    expect(part(dialog(), "what", HTMLElement).textContent).toBe("2 files");
    const form = part(dialog(), "form", HTMLFormElement);
    field(form, "title", HTMLInputElement).value = "Papers";
    field(form, "password", HTMLInputElement).value = "pw";
    field(form, "downloads", HTMLInputElement).value = "5";
    await send();
    expect(asked[1]).toEqual([
      "POST",
      "/shares",
      {
        link: "link",
        uploads: ["u1", "u2"],
        title: "Papers",
        sharer: "",
        password: "pw",
        expires_hours: 168,
        max_downloads: 5,
      },
    ]);
    expect(part(dialog(), "url", HTMLInputElement).value).toMatch(/^http.*\/download\/h{32}$/);
    expect(form.hidden).toBe(true);
    expect(field(form, "password", HTMLInputElement).value).toBe("");
    expect(part(dialog(), "locked", HTMLElement).hidden).toBe(false);
  });

  it("shares all without naming any, and says what the server says against it", async () => {
    new Sharing("link", api).open({ ids: null, words: "All" });
    refusal = new UploadError("Nothing is here.", { code: "file_not_found", status: 404 });
    await send();
    const [, , body] = asked.find(([method]) => method === "POST") ?? [];
    expect(body).not.toHaveProperty("uploads");
    expect(part(dialog(), "problem", HTMLElement).textContent).toContain("Nothing is here.");
    expect(part(dialog(), "form", HTMLFormElement).hidden).toBe(false);
  });

  it("lists what is shared, and ends it", async () => {
    new Sharing("link", api).open({ ids: null, words: "All" });
    await flush();
    const row = dialog().querySelector(".share-row");
    expect(row?.textContent).toContain("Without a title");
    row?.querySelector<HTMLButtonElement>("button.danger")?.click();
    await flush();
    expect(asked.at(-2)).toEqual(["DELETE", `/shares/${SAID.hash}`, undefined]);
    expect(part(dialog(), "shared", HTMLElement).hidden).toBe(true);
  });

  it("says of a share how it stands", () => {
    const [share] = parseShares({ shares: [SAID] });
    expect(shareWords(share as Share)).toBe("2 files · without an end · 1 of 5 downloads · password");
    const open = { ...(share as Share), files: null, maxDownloads: 0, hasPassword: false, isExpired: true };
    expect(shareWords({ ...open, expiresAt: 5 })).toBe("all that had arrived · expired · 1 download");
  });

  it("doubts what the server says", () => {
    for (const said of [null, {}, { shares: {} }, { shares: [null] }, { shares: [{ hash: 1 }] }])
      expect(() => parseShares(said)).toThrow(TypeError);
    expect(() => parseRenamed({ path: 5 })).toThrow(TypeError);
  });
});

describe("Renaming", () => {
  const file = { uploadId: "u1", path: "a b/ü.txt" } as ReceivedFile;

  it("begins with the name as it is, and tells what it is then", async () => {
    const renamed = vi.fn();
    new Renaming("link", api, renamed).open(file);
    const input = field(dialog(), "path", HTMLInputElement);
    expect(input.value).toBe("a b/ü.txt");
    input.value = "b.txt";
    await send();
    expect(asked).toEqual([
      ["PATCH", "/requests/link/files/a%20b/%C3%BC.txt", { path: "b.txt", upload_id: "u1" }],
    ]);
    expect(renamed).toHaveBeenCalledWith(file, "b.txt");
    expect(document.querySelector("dialog.over-page[open]")).toBeNull();
  });

  it("stays open where the name is taken", async () => {
    const renamed = vi.fn();
    new Renaming("link", api, renamed).open(file);
    refusal = new UploadError("Another file has that name.", { code: "name_taken", status: 409 });
    await send();
    expect(part(dialog(), "problem", HTMLElement).textContent).toContain("Another file");
    expect(renamed).not.toHaveBeenCalled();
  });
});
