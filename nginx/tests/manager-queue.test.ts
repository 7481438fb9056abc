// The queue of UploadManager: order, pausing, packs, totals, and that ten thousand files are no more work each than ten.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalSessions } from "../src/adapters/local-sessions";
import { networkError } from "../src/core/errors";
import { type UploadItem, UploadManager, type UploadManagerConfig } from "../src/utils/upload-manager";
import { FakeClock } from "./support/clock";
import { refusal, reply, Server } from "./support/server";

const LINK = { uploadUrl: "/api/droppr/requests/abc/upload-chunk" };
const PACK = { maxFiles: 1000, maxBytes: 64 * 2 ** 20 };

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

let clock: FakeClock;
let server: Server;

function manager(extra: Partial<UploadManagerConfig> = {}): UploadManager {
  const sessions = new LocalSessions(clock);
  const options = () => ({ ...LINK, sessions, clock, transport: server, maxRetries: 3 });
  return new UploadManager({ options, clock, smallSize: 4, filesAtOnce: 1, ...extra });
}

const small = (name: string, text = name): File => new File([text], name);
const big = (name: string): File => new File(["a big one"], name);
const statesOf = (items: readonly UploadItem[]): string => items.map(({ state }) => state).join(" ");

/** Requests of a kind wait until `open` is called. */
function gate(what: string): { open: () => void; reached: () => Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  let waiting = 0;
  server.before = (asked, { signal }) => {
    if (asked !== what) return undefined;
    waiting += 1;
    const aborted = new Promise<undefined>((resolve) =>
      signal.addEventListener("abort", () => resolve(undefined)),
    );
    return Promise.race([opened, aborted]);
  };
  return { open, reached: async () => void (await vi.waitUntil(() => waiting > 0, { interval: 1 })) };
}

beforeEach(() => {
  localStorage.clear();
  clock = new FakeClock();
  server = new Server();
});

describe("the order", () => {
  it("can be changed while files wait", async () => {
    const files = manager();
    files.hold();
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => files.add(big(name))) as UploadItem[];
    files.move(d as UploadItem, a as UploadItem);
    files.move(b as UploadItem, null);
    expect(files.items.map(({ path }) => path).join("")).toBe("dacb");
    files.release();
    await files.finished();
    expect(server.delivered).toEqual(["d", "a", "c", "b"]);
    expect(c?.state).toBe("done");
  });

  it("lets small files go between big ones", async () => {
    const files = manager({ filesAtOnce: 1 });
    for (const name of ["A", "B", "C"]) files.add(big(name));
    for (const name of ["1", "2"]) files.add(small(name));
    await files.finished();
    expect(server.delivered.indexOf("2")).toBeLessThan(server.delivered.indexOf("C"));
  });
});

describe("pausing", () => {
  it("stops a file that is sent, lets others go, and goes on where it was", async () => {
    const { reached, open } = gate("POST upload-chunk");
    const files = manager();
    const first = files.add(big("first"));
    await reached();
    files.pause(first);
    expect(first).toMatchObject({ state: "paused" });
    expect(first.uploadId).not.toBeNull();
    open();
    files.add(big("second"));
    await files.finished();
    expect(server.delivered).toEqual(["second"]);
    expect(files.busy).toBe(false);
    files.resume(first);
    await files.finished();
    expect(first.state).toBe("done");
    expect(server.asked.filter((asked) => asked === "POST uploads")).toHaveLength(2);
    expect(server.asked).toContain(`GET ${first.uploadId}`);
  });

  it("stops all, packs included, and sends them again under their keys", async () => {
    const { reached, open } = gate("POST pack");
    const files = manager({ pack: PACK });
    for (let at = 0; at < 5; at += 1) files.add(small(`${at}`));
    const waiting = files.add(big("big"));
    await reached();
    files.pauseAll();
    await settled();
    expect(statesOf(files.items)).toBe("paused paused paused paused paused paused");
    expect(files.totals()).toMatchObject({ paused: 6, going: 0, loaded: 0 });
    open();
    files.pause(waiting);
    files.resumeAll();
    await files.finished();
    expect(files.totals()).toMatchObject({ done: 6, safe: 14, loaded: 14, size: 14 });
    expect(server.delivered.toSorted()).toEqual(["0", "1", "2", "3", "4", "big"]);
  });
});

describe("packs", () => {
  it("take small files together, big and odd ones go by themselves", async () => {
    server.chunkSize = 2 ** 21;
    const files = manager({ pack: PACK, smallSize: 2 ** 21 });
    for (let at = 0; at < 50; at += 1) files.add(small(`${at}`), `folder/${at}`);
    files.add(small("long"), `${"x".repeat(2_400)}/long`);
    files.add(new File([new Uint8Array(2 ** 20 + 1)], "more"));
    await files.finished();
    expect(files.totals()).toMatchObject({ files: 52, done: 52, failed: 0 });
    expect(server.packs.flat()).toHaveLength(50);
    expect(server.asked.filter((asked) => asked === "POST uploads")).toHaveLength(2);
    expect(files.items[3]).toMatchObject({ state: "done", name: "3", safe: 1, loaded: 1 });
  });

  it("hold at most 500 files and 8 MiB", async () => {
    const files = manager({ pack: PACK, smallSize: 2 ** 20 });
    const bulky = new Uint8Array(2 ** 20 - 100_000);
    for (let at = 0; at < 600; at += 1) files.add(small(`${at}`));
    for (let at = 0; at < 12; at += 1) files.add(new File([bulky], `bulky ${at}`));
    await files.finished();
    expect(server.packs.map(({ length }) => length).toSorted((a, b) => b - a)).toEqual([500, 108, 4]);
    expect(files.totals().done).toBe(612);
  });

  it("deliver each file once though the answer is lost", async () => {
    let lost = 0;
    server.after = (what) => {
      if (what === "POST pack" && lost++ < 2) throw networkError();
    };
    const files = manager({ pack: PACK });
    for (let at = 0; at < 9; at += 1) files.add(small(`${at}`));
    await files.finished();
    expect(lost).toBeGreaterThan(2);
    expect(files.totals().done).toBe(9);
    expect(server.uploads.size).toBe(9);
  });

  it("fail one file for what stands against it, and no other", async () => {
    server.refuse = (path) => (path === "1" ? { code: "type_not_allowed", status: 415 } : undefined);
    const files = manager({ pack: PACK });
    const items = ["0", "1", "2"].map((name) => files.add(small(name)));
    const unreadable = files.add({
      name: "3",
      size: 1,
      lastModified: 0,
      slice: () =>
        ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) }) as Blob,
    });
    await files.finished();
    expect(statesOf(items)).toBe("done failed done");
    expect(items[1]?.error).toMatchObject({ code: "type_not_allowed", status: 415 });
    expect(unreadable.error?.code).toBe("file_unreadable");
  });

  it("give a file that may pass later a way of its own, with its key", async () => {
    server.refuse = (path) => (path === "1" ? { code: "busy", status: 503 } : undefined);
    const files = manager({ pack: PACK });
    for (const name of ["0", "1", "2"]) files.add(small(name));
    await files.finished();
    expect(statesOf(files.items)).toBe("done done done");
    expect(server.asked.filter((asked) => asked === "POST uploads")).toHaveLength(1);
  });

  it.each([404, 405, 413])(
    "are given up when the server answers %i, and the files go one by one",
    async (status) => {
      server.before = async (what) => (what === "POST pack" ? refusal(status, "not_found") : undefined);
      const files = manager({ pack: PACK });
      for (let at = 0; at < 8; at += 1) files.add(small(`${at}`));
      await files.finished();
      expect(files.totals()).toMatchObject({ done: 8, failed: 0 });
      expect(server.asked.filter((asked) => asked === "POST pack")).toHaveLength(1);
    },
  );

  it("wait for the person as one, and keep their order", async () => {
    let asked = 0;
    server.before = async (what) =>
      what === "POST pack" && asked++ === 0 ? refusal(401, "password_required") : undefined;
    const onHeld = vi.fn();
    const files = manager({ pack: PACK, onHeld });
    for (let at = 0; at < 6; at += 1) files.add(small(`${at}`));
    await vi.waitUntil(() => onHeld.mock.calls.length > 0);
    expect(statesOf(files.items)).toBe(Array(6).fill("waiting").join(" "));
    files.release();
    await files.finished();
    expect(onHeld).toHaveBeenCalledOnce();
    expect(server.packs).toEqual([["0", "1", "2", "3", "4", "5"]]);
  });

  it("take back what was cancelled on its way", async () => {
    const { reached, open } = gate("POST pack");
    const files = manager({ pack: PACK });
    const [one, two] = ["1", "2"].map((name) => files.add(small(name))) as [UploadItem, UploadItem];
    await reached();
    await files.cancel(one);
    open();
    await files.finished();
    await vi.waitUntil(() => server.asked.some((asked) => asked.startsWith("DELETE")));
    expect([one.state, two.state]).toEqual(["cancelled", "done"]);
    expect(server.delivered).toEqual(["2"]);
  });

  it("take back by its key what was cancelled and delivered though no answer came", async () => {
    server.after = (what) => {
      if (what !== "POST pack") return;
      void files.cancel(one);
      throw networkError();
    };
    const files = manager({ pack: PACK });
    const one = files.add(small("1"));
    await vi.waitUntil(() => server.asked.some((asked) => asked.startsWith("DELETE")));
    await settled();
    expect(server.delivered).toEqual([]);
    expect(server.uploads.size).toBe(0);
    expect(server.asked.slice(-2)).toEqual(["POST uploads", expect.stringMatching(/^DELETE/)]);
    expect(one.state).toBe("cancelled");
    server.after = () => undefined;
    files.retry(one);
    await files.finished();
    expect(server.delivered).toEqual(["1"]);
  });

  it("say so where a cancelled file cannot be taken back, and send no twin of it", async () => {
    const { reached, open } = gate("POST pack");
    const gated = server.before;
    server.before = (what, request) =>
      what.startsWith("DELETE") ? Promise.reject(networkError()) : gated(what, request);
    const files = manager({ pack: PACK });
    const one = files.add(small("1"));
    await reached();
    await files.cancel(one);
    open();
    await vi.waitUntil(() => one.state === "failed");
    expect(one.error).toMatchObject({ code: "not_cancelled", retryable: true });
    expect(server.delivered).toEqual(["1"]);
    files.retry(one);
    await files.finished();
    expect(one.state).toBe("done");
    expect(server.delivered).toEqual(["1"]);
  });

  it("take back what was paused in the air and cancelled then", async () => {
    server.after = (what) => {
      if (what === "POST pack") files.pauseAll();
    };
    const files = manager({ pack: PACK });
    const one = files.add(small("1"));
    await vi.waitUntil(() => one.state === "paused");
    await vi.waitUntil(() => !files.busy);
    expect(server.delivered).toEqual(["1"]);
    await files.cancel(one);
    expect(one).toMatchObject({ state: "cancelled", cancelling: false });
    expect(server.delivered).toEqual([]);
  });

  it("show as done what arrived before it was cancelled and may not be taken back any more", async () => {
    const { reached, open } = gate("POST pack");
    const gated = server.before;
    server.before = async (what, request) =>
      what.startsWith("DELETE") ? refusal(409, "upload_complete") : gated(what, request);
    const files = manager({ pack: PACK });
    const one = files.add(small("1"));
    await reached();
    await files.cancel(one);
    open();
    await vi.waitUntil(() => one.state === "done");
    expect(server.delivered).toEqual(["1"]);
  });
});

describe("a file that is cancelled", () => {
  const asked = (): number => server.asked.filter((each) => each.startsWith("DELETE")).length;

  it("is so once the server has confirmed it, and may be sent again only then", async () => {
    const { reached, open } = gate("POST upload-chunk");
    const files = manager();
    const one = files.add(big("regretted"));
    await reached();
    const gated = server.before;
    server.before = (what, request) =>
      what.startsWith("DELETE") && asked() < 3 ? Promise.reject(networkError()) : gated(what, request);
    const cancelled = files.cancel(one);
    expect(one).toMatchObject({ state: "cancelled", cancelling: true });
    files.retry(one);
    files.remove(one);
    expect(files.items).toEqual([one]);
    expect(one).toMatchObject({ state: "cancelled", cancelling: true });
    await cancelled;
    open();
    expect(one).toMatchObject({ state: "cancelled", cancelling: false, uploadId: null });
    expect(asked()).toBe(3);
    expect(server.uploads.size).toBe(0);
    expect(localStorage.length).toBe(0);
  });

  it("says so where the server cannot be told, and is told of later", async () => {
    const { reached, open } = gate("POST upload-chunk");
    const files = manager();
    const one = files.add(big("regretted"));
    await reached();
    server.before = (what) => (what.startsWith("DELETE") ? Promise.reject(networkError()) : undefined);
    await files.cancel(one);
    open();
    expect(one).toMatchObject({ state: "failed", cancelling: false, error: { code: "not_cancelled" } });
    expect(server.uploads.size).toBe(1);
    expect(localStorage.length).toBe(1);
    server.before = () => undefined;
    await files.cancel(one);
    expect(one).toMatchObject({ state: "cancelled", error: null });
    expect(server.uploads.size).toBe(0);
    expect(localStorage.length).toBe(0);
    expect(files.totals()).toMatchObject({ files: 0, size: 0, failed: 0 });
  });
});

describe("the end of a file", () => {
  it("can be undone while the server allows it", async () => {
    const files = manager();
    const item = files.add(big("regretted"));
    await files.finished();
    await files.undo(item);
    expect(item).toMatchObject({ state: "cancelled", safe: 0 });
    expect(server.uploads.size).toBe(0);
    files.retry(item);
    await files.finished();
    expect(server.delivered).toEqual(["regretted"]);
    server.before = async (what) => (what.startsWith("DELETE") ? refusal(409, "upload_complete") : undefined);
    await expect(files.undo(item)).rejects.toMatchObject({ code: "upload_complete" });
    expect(item.state).toBe("done");
  });

  it("is announced by finishing: all sent, nothing confirmed", async () => {
    const seen: string[] = [];
    const files = manager({ onChange: ({ state, loaded, safe }) => seen.push(`${state} ${loaded} ${safe}`) });
    files.add(new File(["12345678"], "a"));
    await files.finished();
    expect(seen).toContain("finishing 8 0");
    expect(seen.at(-1)).toBe("done 8 8");
  });
});

describe("another file in place of the one that was begun", () => {
  it("fails by a code of its own, and can be sent as a new upload", async () => {
    server.uploads.set("old", { path: "a", size: 9, bytes: 4 });
    server.before = async (what) =>
      what === "GET old"
        ? reply(200, { ...STATE, upload_id: "old", size: 9, sample: "s1:other" })
        : undefined;
    const files = manager();
    const item = files.add(big("a"), "a", { uploadId: "old" });
    await files.finished();
    expect(item).toMatchObject({ state: "failed", error: { code: "different_file" } });
    files.sendAnew(item);
    await files.finished();
    expect(item.state).toBe("done");
    expect(item.uploadId).not.toBe("old");
    expect(server.uploads.get("old")?.bytes).toBe(4);
  });

  const STATE = {
    chunk_size: 8,
    max_parallel_chunks: 1,
    complete: false,
    received_bytes: 4,
    missing_ranges: [[4, 8]],
  };
});

describe("all at once", () => {
  it("cancels what is not done, retries what failed, and forgets what is removed", async () => {
    const { reached, open } = gate("POST upload-chunk");
    const files = manager();
    for (const name of ["a", "b", "c"]) files.add(big(name));
    await reached();
    await files.cancelAll();
    open();
    await files.finished();
    expect(statesOf(files.items)).toBe("cancelled cancelled cancelled");
    expect(files.totals()).toMatchObject({ files: 0, size: 0, loaded: 0, safe: 0 });
    server.before = async (what) => (what === "POST uploads" ? refusal(415, "type_not_allowed") : undefined);
    for (const item of files.items) files.retry(item);
    await files.finished();
    expect(files.totals()).toMatchObject({ files: 3, failed: 3 });
    server.before = () => undefined;
    files.retryAll();
    await files.finished();
    for (const item of [...files.items]) files.remove(item);
    expect(files.totals()).toMatchObject({ files: 0, done: 0, size: 0 });
    expect(files.items).toEqual([]);
  });
});

describe("ten thousand files", () => {
  it("cost no more work each than ten: twenty times as many take about twenty times as long", async () => {
    const timed = async (count: number): Promise<number> => {
      server = new Server();
      const files = manager({ pack: PACK });
      files.hold();
      // Of a processor: a clock goes on while others have it.
      const began = process.cpuUsage();
      const blob = new Blob(["x"]);
      const alike = { size: 1, lastModified: 0, slice: () => blob };
      for (let at = 0; at < count; at += 1) files.add({ ...alike, name: `${at}` });
      for (const item of files.items) files.pause(item);
      files.resumeAll();
      for (let at = 0; at < 20_000; at += 1) files.totals();
      const { user, system } = process.cpuUsage(began);
      files.release();
      await files.finished();
      expect(files.totals()).toMatchObject({ done: count, safe: count });
      return (user + system) / 1_000;
    };
    await timed(500);
    const [few, many] = [await timed(500), await timed(10_000)];
    // Were any of it a pass over the list, it would be four hundred times as long.
    expect(many).toBeLessThan(few * 40 + 200);
  }, 60_000);
});
