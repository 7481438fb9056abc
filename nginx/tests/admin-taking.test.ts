import { describe, expect, it, vi } from "vitest";
import { Selection } from "../src/admin/files/selection";
import { PLAIN_VIEW } from "../src/admin/files/view";
import { inBatches } from "../src/admin/many";
import { part } from "../src/admin/parts";
import { Taking } from "../src/admin/taking";
import type { ManyReply } from "../src/admin/wire";
import { UploadError } from "../src/core/errors";

const HASH = "h".repeat(32);
const refusal = new UploadError("The file is just being passed on.", { code: "file_in_use", status: 409 });

function made(more: object = {}) {
  document.body.innerHTML = `
    <div id="live"></div>
    <p data-part="problem" hidden></p>
    <a data-part="take-all" hidden></a><a data-part="take-new" hidden></a>
    <button data-part="share-all" hidden></button>
    <p data-part="deleted" hidden><bdi data-part="deleted-words"></bdi><button data-part="undo"></button></p>`;
  const calls = {
    removeMany: vi.fn(async (_: string, ids: readonly string[]) => ({
      done: ids,
      told: ids.map((): number | null => 7),
      failed: 0,
      error: null as unknown,
    })),
    restoreMany: vi.fn(async (_: string, ids: readonly string[]) => ({
      done: ids,
      told: ids.map((id) => `${id} (1).txt`),
      failed: 0,
      error: null as unknown,
    })),
    select: vi.fn(async () => ["one", "two"]),
    ...more,
  };
  const changed = vi.fn();
  return { taking: new Taking(document, HASH, calls, changed), calls, changed };
}

function shown(name: string): HTMLElement {
  return part(document, name, HTMLElement);
}

describe("What can be taken away", () => {
  it("is everything, where there is anything", () => {
    const { taking } = made();
    taking.show(0, 0, null);
    expect(shown("take-all").hidden).toBe(true);
    taking.show(1, 2_000, null);
    expect(shown("take-all").hidden).toBe(false);
    expect(shown("take-all").getAttribute("href")).toContain(`/requests/${HASH}/archive`);
    expect(shown("take-new").hidden).toBe(true);
  });

  it("is what has arrived since all was taken, here or elsewhere", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    const { taking } = made();
    taking.show(1, 2_000, null);
    shown("take-all").dispatchEvent(new MouseEvent("click"));
    taking.show(1, 2_000, null);
    expect(shown("take-new").hidden).toBe(true);
    vi.advanceTimersByTime(1_000);
    taking.show(2, 3_500, null);
    expect(shown("take-new").hidden).toBe(false);
    const address = new URL(shown("take-new").getAttribute("href") ?? "", "http://x");
    const since = Number(address.searchParams.get("since"));
    expect(since).toBeGreaterThanOrEqual(2);
    expect(since).toBeLessThan(2.001);
    taking.show(2, 3_500, 3_500);
    expect(shown("take-new").hidden).toBe(true);
    // What the server knew a moment ago takes nothing back.
    taking.show(3, 4_500, 2_000);
    expect(shown("take-new").getAttribute("href")).toContain("since=3.5");
    vi.useRealTimers();
  });

  it("is taken once by two clicks, and nothing moves below the pointer in between", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    const { taking } = made();
    const click = (name: string): boolean =>
      shown(name).dispatchEvent(new MouseEvent("click", { cancelable: true }));
    taking.show(1, 2_000, null);
    expect([click("take-all"), click("take-all")]).toEqual([true, false]);
    vi.advanceTimersByTime(1_000);
    taking.show(2, 3_500, null);
    expect([click("take-new"), click("take-new")]).toEqual([true, false]);
    taking.show(2, 3_500, null);
    expect(shown("take-new").hidden).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(shown("take-new").hidden).toBe(true);
    // What arrives meanwhile is told once that is over.
    taking.show(3, 4_500, null);
    click("take-new");
    taking.show(4, 5_500, null);
    vi.advanceTimersByTime(1_000);
    expect(shown("take-new").hidden).toBe(false);
    expect(click("take-all")).toBe(true);
    vi.useRealTimers();
  });

  it("is what is chosen, by an address that stays short", async () => {
    const asked: URLSearchParams[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      asked.push(new URL(this.href, "http://x").searchParams);
    });
    const { taking, calls } = made();
    const found = { files: 90, bytes: 90, newestAt: 1700.123456, restorable: true, again: null };
    const chosen = new Selection();
    const choose = (from: number, to: number) => {
      for (let at = from; at < to; at += 1) chosen.set({ uploadId: `u${at}`, size: 1 }, true);
    };
    choose(0, 2);
    await taking.download(chosen, PLAIN_VIEW, found);
    choose(2, 80);
    await taking.download(chosen, PLAIN_VIEW, found);
    expect(calls.select).toHaveBeenCalledTimes(1);
    chosen.chooseAll();
    await taking.download(chosen, { ...PLAIN_VIEW, text: "a b" }, found);
    chosen.toggle({ uploadId: "u3", size: 1 });
    await taking.download(chosen, PLAIN_VIEW, found);
    expect(calls.select).toHaveBeenLastCalledWith(HASH, ["u3"]);
    expect(asked.map(String)).toEqual([
      "files=u0%2Cu1",
      "selection=one%2Ctwo",
      "q=a+b&until=1700.123456",
      "until=1700.123456&but=one%2Ctwo",
    ]);
    vi.restoreAllMocks();
  });
});

describe("Files that are deleted", () => {
  it("can be had back by the button beside the words", async () => {
    const { taking, calls, changed } = made();
    expect(await taking.remove(["a", "b"], "2 files", true)).toEqual(new Set(["a", "b"]));
    expect(shown("deleted").textContent).toContain("2 files deleted.");
    shown("undo").click();
    await vi.waitFor(() => expect(shown("deleted").textContent).toContain("2 files are back."));
    expect(calls.restoreMany).toHaveBeenCalledWith(HASH, ["a", "b"]);
    expect(shown("undo").hidden).toBe(true);
    expect(changed.mock.calls).toEqual([[false], [true]]);
  });

  it("are named where it is one, by the name that it has then", async () => {
    const { taking } = made();
    await taking.remove(["a"], "a.txt", true);
    expect(shown("deleted").textContent).toContain("a.txt is deleted.");
    shown("undo").click();
    await vi.waitFor(() => expect(shown("deleted").textContent).toContain("a (1).txt is back."));
  });

  it("are deleted for good only by whoever says so twice", async () => {
    let clock = 1_000;
    vi.spyOn(performance, "now").mockImplementation(() => clock);
    const { taking, calls } = made();
    await taking.remove(["a", "b"], "2 files", false);
    expect(calls.removeMany).not.toHaveBeenCalled();
    expect(shown("deleted").textContent).toContain("2 files cannot be restored.");
    clock += 300;
    await taking.remove(["a", "b"], "2 files", false);
    expect(calls.removeMany).not.toHaveBeenCalled();
    clock += 2_000;
    await taking.remove(["a", "c"], "2 files", false);
    expect(calls.removeMany).not.toHaveBeenCalled();
    clock += 2_000;
    await taking.remove(["a", "c"], "2 files", false);
    expect(calls.removeMany).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });

  it("take no others along by a second click", async () => {
    const { taking, calls } = made();
    await taking.remove(["a"], "a.txt", true);
    await taking.remove(["b"], "b.txt", true);
    expect(calls.removeMany).toHaveBeenCalledTimes(1);
  });

  it("are told from those that cannot be, and why", async () => {
    const removeMany = async () => ({ done: ["a"], told: [null], failed: 2, error: refusal });
    const { taking, changed } = made({ removeMany });
    expect(await taking.remove(["a", "b", "c"], "3 files", true)).toEqual(new Set(["a"]));
    expect(shown("deleted").textContent).toContain("1 file deleted.");
    expect(shown("undo").hidden).toBe(true);
    expect(shown("problem").textContent).toBe("2 files could not: The file is just being passed on.");
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("change nothing where none could be", async () => {
    const { taking, changed } = made({
      removeMany: async () => ({ done: [], told: [], failed: 1, error: refusal }),
    });
    expect((await taking.remove(["a"], "a.txt", true)).size).toBe(0);
    expect(shown("problem").textContent).toContain("just being passed on");
    expect(changed).not.toHaveBeenCalled();
  });
});

describe("inBatches", () => {
  const ids = Array.from({ length: 450 }, (_, at) => `u${at}`);
  const yes = (uploadId: string) => ({ uploadId, result: 7, refusal: null });

  it("goes on where a call ended early, until each was tried", async () => {
    const calls: number[] = [];
    const heard: number[] = [];
    const outcome = await inBatches(
      ids,
      async (some): Promise<ManyReply> => {
        calls.push(some.length);
        return { outcomes: some.slice(0, 150).map(yes) };
      },
      (done) => heard.push(done),
    );
    expect(outcome.done).toEqual(ids);
    expect(calls).toEqual([200, 200, 150]);
    expect(heard).toEqual([150, 300, 450]);
  });

  it("tells what was done before a call broke, and takes what is gone for done", async () => {
    let call = 0;
    const outcome = await inBatches(ids, async (some): Promise<ManyReply> => {
      call += 1;
      if (call === 2) throw refusal;
      const [gone, used, ...rest] = some;
      return {
        outcomes: [
          { uploadId: gone ?? "", result: null, refusal: { words: "", code: "file_not_found", status: 404 } },
          {
            uploadId: used ?? "",
            result: null,
            refusal: { words: "In use.", code: "file_in_use", status: 409 },
          },
          ...rest.map(yes),
        ],
      };
    });
    expect([outcome.done.length, outcome.failed]).toEqual([199, 251]);
    expect(outcome.told[0]).toBeNull();
    expect(outcome.error).toMatchObject({ code: "file_in_use", message: "In use." });
  });
});
