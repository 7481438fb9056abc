import { beforeEach, describe, expect, it, vi } from "vitest";
import { part } from "../src/admin/parts";
import { Taking } from "../src/admin/taking";
import type { ReceivedFile } from "../src/admin/wire";
import { UploadError } from "../src/core/errors";

const HASH = "h".repeat(32);

function file(name: string, receivedAt: number): ReceivedFile {
  return {
    path: name,
    size: 1,
    receivedAt,
    lastModified: null,
    uploadId: `id-${name}`,
    sha256: null,
    senderName: null,
    senderEmail: null,
    passedOn: null,
  };
}

function made(api: Partial<{ remove: () => Promise<boolean>; restore: () => Promise<string> }> = {}) {
  document.body.innerHTML = `
    <div id="live"></div>
    <p data-part="problem" hidden></p>
    <a data-part="take-all" hidden></a><a data-part="take-new" hidden></a>
    <p data-part="deleted" hidden><bdi data-part="deleted-words"></bdi><button data-part="undo"></button></p>`;
  const calls = { remove: vi.fn(async () => true), restore: vi.fn(async () => "a (1).txt"), ...api };
  const changed = vi.fn();
  return { taking: new Taking(document, HASH, calls, changed), calls, changed };
}

function shown(name: string): HTMLElement {
  return part(document, name, HTMLElement);
}

describe("What can be taken away", () => {
  beforeEach(() => localStorage.clear());

  it("is everything, where there is anything", () => {
    const { taking } = made();
    taking.show([]);
    expect(shown("take-all").hidden).toBe(true);
    taking.show([file("a", 2_000)]);
    expect(shown("take-all").hidden).toBe(false);
    expect(shown("take-all").getAttribute("href")).toContain(`/requests/${HASH}/archive`);
    expect(shown("take-new").hidden).toBe(true);
  });

  it("is what has arrived since this browser took the last time", () => {
    const { taking } = made();
    taking.show([file("a", 2_000)]);
    shown("take-all").dispatchEvent(new MouseEvent("click"));
    taking.show([file("a", 2_000)]);
    expect(shown("take-new").hidden).toBe(true);
    taking.show([file("b", 3_500), file("a", 2_000)]);
    expect(shown("take-new").hidden).toBe(false);
    const since = Number(
      new URL(shown("take-new").getAttribute("href") ?? "", "http://x").searchParams.get("since"),
    );
    expect(since).toBeGreaterThanOrEqual(2);
    expect(since).toBeLessThan(2.001);
  });
});

describe("A file that is deleted", () => {
  it("can be had back by the button beside the words", async () => {
    const { taking, calls, changed } = made();
    await taking.remove(file("a.txt", 1));
    expect(calls.remove).toHaveBeenCalledWith(HASH, "a.txt", "id-a.txt");
    expect(shown("deleted").textContent).toContain("a.txt is deleted.");
    shown("undo").click();
    await vi.waitFor(() => expect(shown("deleted").textContent).toContain("a (1).txt is back."));
    expect(calls.restore).toHaveBeenCalledWith(HASH, "id-a.txt");
    expect(shown("undo").hidden).toBe(true);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("offers nothing where the server has no bin", async () => {
    const { taking } = made({ remove: vi.fn(async () => false) });
    await taking.remove(file("a.txt", 1));
    expect(shown("undo").hidden).toBe(true);
  });

  it("takes no other one along by a second click", async () => {
    const { taking, calls } = made();
    await taking.remove(file("a.txt", 1));
    await taking.remove(file("b.txt", 1));
    expect(calls.remove).toHaveBeenCalledTimes(1);
  });

  it("says why where it cannot be done", async () => {
    const refusal = new UploadError("The file is just being passed on.", {
      code: "file_in_use",
      status: 409,
    });
    const { taking, changed } = made({ remove: vi.fn(async () => Promise.reject(refusal)) });
    await taking.remove(file("a.txt", 1));
    expect(shown("problem").textContent).toContain("just being passed on");
    expect(changed).not.toHaveBeenCalled();
  });
});
