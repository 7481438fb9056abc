// Files that go in one request each, which opens them, too.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalSessions } from "../src/adapters/local-sessions";
import { networkError } from "../src/core/errors";
import type { TransportRequest } from "../src/ports";
import { type UploadItem, UploadManager, type UploadManagerConfig } from "../src/utils/upload-manager";
import type { ParallelUploaderConfig } from "../src/utils/uploader-config";
import { FakeClock } from "./support/clock";
import { refusal, Server } from "./support/server";

const LINK = { uploadUrl: "/api/droppr/requests/abc/upload-chunk" };
const WHOLE = "POST whole";

let clock: FakeClock;
let server: Server;
let sessions: LocalSessions;

/** Chunks of 8 bytes, two at once, whole files of up to 16 bytes. */
function manager(
  extra: Partial<UploadManagerConfig> = {},
  more: Partial<ParallelUploaderConfig> = {},
): UploadManager {
  const fixed = { chunkSize: 8, maxParallelChunks: 2, maxRetries: 3 };
  const options = () => ({ ...LINK, sessions, clock, transport: server, ...fixed, ...more });
  return new UploadManager({ options, clock, smallSize: 4, wholeFileBytes: 16, ...extra });
}

const photo = (name: string, text = "a photo!"): File => new File([text], name);
const times = (what: string): number => server.asked.filter((asked) => asked === what).length;
const wholes = (): TransportRequest[] =>
  server.requests.filter(({ headers }) => "X-Upload-Opening" in headers);
const openingOf = ({ headers }: TransportRequest): Record<string, unknown> =>
  JSON.parse(headers["X-Upload-Opening"] ?? "");
const keyOpened = (): unknown[] =>
  server.requests
    .filter(({ url }) => url.endsWith("/uploads"))
    .map(({ body }) => JSON.parse(String(body)).key);

/** Adds a file that shows that the server takes files, and then the others. */
async function send(files: UploadManager, ...others: readonly File[]): Promise<UploadItem[]> {
  files.add(photo("first"));
  await files.finished();
  server.asked.length = 0;
  server.requests.length = 0;
  return others.map((file) => files.add(file));
}

/** Requests of these kinds wait in the air until `open` is called, which they do not hear of once they are aborted. */
function hurdle(...kinds: string[]): { open: () => void; reached: (count: number) => Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  const held = kinds.length > 0 ? kinds : [WHOLE];
  let waiting = 0;
  server.before = (asked, { signal }) => {
    if (!held.includes(asked)) return undefined;
    waiting += 1;
    const aborted = new Promise<undefined>((resolve) =>
      signal.addEventListener("abort", () => resolve(undefined)),
    );
    return Promise.race([opened, aborted]);
  };
  return {
    open,
    reached: async (count) => void (await vi.waitUntil(() => waiting >= count, { interval: 1 })),
  };
}

beforeEach(() => {
  localStorage.clear();
  clock = new FakeClock();
  sessions = new LocalSessions(clock);
  server = new Server();
});

describe("a file goes whole", () => {
  it("once one was taken, as long as others fill the line", async () => {
    const files = manager();
    const items = ["0", "1", "2", "3", "4"].map((name) => files.add(photo(name)));
    await files.finished();
    expect([times("POST uploads"), times("POST upload-chunk"), times(WHOLE)]).toEqual([1, 1, 4]);
    // Digests are ready in any order.
    expect(server.delivered.toSorted()).toEqual(["0", "1", "2", "3", "4"]);
    expect(items[4]).toMatchObject({ state: "done", name: "4", safe: 8, loaded: 8 });
    expect(items[4]?.uploadId).toBe(
      wholes()
        .map(openingOf)
        .find(({ path }) => path === "4")?.key,
    );
    expect(sessions.all()).toEqual([]);
  });

  it("with its digest, without a sample of it, and says all of the opening in ASCII", async () => {
    const files = manager(
      {},
      { senderName: "Zoë", headers: { "X-Request-Password": "pässwort", "X-Own": "1" } },
    );
    const slices = vi.spyOn(File.prototype, "slice");
    await send(files, photo("grüße 🌊.jpg"), photo("b"));
    slices.mockClear();
    await files.finished();
    const [request] = wholes() as [TransportRequest];
    expect(request.headers).toMatchObject({
      "Content-Range": "bytes 0-7/8",
      "Content-Digest": expect.stringMatching(/^sha-256=:.{44}:$/),
      "X-Request-Password": "p%C3%A4sswort",
      "X-Own": "1",
    });
    expect(request.headers).not.toHaveProperty("X-Upload-Id");
    expect(request.headers["X-Upload-Opening"]).toMatch(/^[ -~]+$/);
    expect(openingOf(request)).toMatchObject({ path: "grüße 🌊.jpg", size: 8, sender_name: "Zoë" });
    expect(openingOf(request)).not.toHaveProperty("sample");
    expect(slices).not.toHaveBeenCalled();
    expect(wholes().every(({ body }) => body instanceof File)).toBe(true);
    slices.mockRestore();
  });

  it("as many at once as the line carries, but beside a big file no more than two", async () => {
    const files = manager({ filesAtOnce: 1 }, { maxParallelChunks: 4 });
    const { open, reached } = hurdle();
    await send(files, ...["0", "1", "2", "3", "4", "5"].map((name) => photo(name)));
    await reached(4);
    expect(server.most).toBe(4);
    open();
    await files.finished();

    server.most = 0;
    // The big file stays under way as well.
    const again = hurdle(WHOLE, "POST upload-chunk");
    files.add(new File(["a file that is not so small"], "big"));
    for (const name of ["a", "b", "c", "d"]) files.add(photo(name));
    await vi.waitUntil(() => times(WHOLE) === 6 + 2 && times("POST upload-chunk") > 0, { interval: 1 });
    expect(times(WHOLE)).toBe(6 + 2);
    again.open();
    await files.finished();
    expect(files.totals()).toMatchObject({ done: 12, failed: 0 });
  });
});

describe("a file is opened first", () => {
  it.each([
    ["larger than a chunk", "nine byte", {}, {}],
    ["larger than the server takes", "a photo!", { wholeFileBytes: 7 }, {}],
    [
      "larger than what a limit of the speed has sent at once",
      "a".repeat(300_001),
      { wholeFileBytes: 2 ** 20 },
      {
        chunkSize: 2 ** 20,
        speedLimit: 150_000,
      },
    ],
    ["empty", "", {}, {}],
    ["of too long a name for a header", "a photo!", {}, {}],
  ])(
    "that is %s",
    async (what, text, extra, more) => {
      const files = manager(extra, more);
      const name = what.includes("name") ? "ü".repeat(700) : "a";
      await send(files, photo(name, text), photo("b", text));
      await files.finished();
      expect(times(WHOLE)).toBe(what.includes("name") ? 1 : 0);
      expect(files.totals()).toMatchObject({ done: 3, failed: 0 });
      // The one with a limit takes four seconds by itself.
    },
    20_000,
  );

  it("that has the line to itself", async () => {
    const files = manager();
    await send(files, photo("alone"));
    await files.finished();
    expect(times(WHOLE)).toBe(0);
  });

  it("after the server has asked the person for something, until it takes one again", async () => {
    let refused = 0;
    server.before = async (what) =>
      what === WHOLE && refused++ === 0 ? refusal(401, "password_required") : undefined;
    const onHeld = vi.fn();
    const files = manager({ onHeld });
    await send(files, ...["a", "b", "c"].map((name) => photo(name)));
    await vi.waitUntil(() => onHeld.mock.calls.length > 0);
    await vi.waitUntil(() => files.items.every(({ state }) => state !== "sending"));
    server.asked.length = 0;
    files.release();
    await files.finished();
    expect(server.asked[0]).toBe("POST uploads");
    expect(files.totals()).toMatchObject({ done: 4, failed: 0 });
  });

  it("of which something was begun", async () => {
    server.uploads.set("begun", { path: "a", size: 8, bytes: 0 });
    const files = manager();
    files.add(photo("first"));
    await files.finished();
    files.add(photo("a"), "a", { uploadId: "begun" });
    files.add(photo("b"));
    await files.finished();
    expect(server.asked).toContain("GET begun");
    expect(wholes().map((request) => openingOf(request).path)).not.toContain("a");
    expect(files.totals()).toMatchObject({ done: 3, failed: 0 });
  });
});

describe("a whole file that does not get through", () => {
  it.each([
    ["no answer", () => Promise.reject(networkError())],
    ["503", async () => refusal(503, "busy")],
    ["a stranger's 502", async () => ({ status: 502, text: "<html>", header: () => null })],
    ["a stranger's 431", async () => ({ status: 431, text: "", header: () => null })],
    ["a stranger's 413", async () => ({ status: 413, text: "<html>", header: () => null })],
  ])("goes as an upload under the same key after %s", async (_, answer) => {
    let refused = 0;
    server.before = (what) => (what === WHOLE && refused++ === 0 ? answer() : undefined);
    const files = manager();
    await send(files, photo("a"), photo("b"));
    await files.finished();
    const [failed] = wholes() as [TransportRequest];
    expect(keyOpened()).toEqual([openingOf(failed).key]);
    expect(server.delivered.toSorted()).toEqual(["a", "b", "first"]);
    expect(files.totals()).toMatchObject({ done: 3, failed: 0, loaded: 24, safe: 24 });
  });

  it("is not sent again where only the answer was lost", async () => {
    server.after = (what) => {
      if (what === WHOLE) throw networkError();
    };
    const files = manager();
    await send(files, photo("a"), photo("b"));
    await files.finished();
    expect([times(WHOLE), times("POST uploads"), times("POST upload-chunk")]).toEqual([2, 2, 0]);
    expect(files.totals()).toMatchObject({ done: 3, failed: 0 });
  });

  it("has later ones cut where it was too large for somebody on the way", async () => {
    const limited = { status: 413, text: "", header: () => null };
    server.before = async (_, { body }) =>
      body instanceof Blob && body.size > 300_000 ? limited : undefined;
    const files = manager({ wholeFileBytes: 2 ** 20 }, { chunkSize: 2 ** 20 });
    server.chunkSize = 2 ** 20;
    await send(files, ...["a", "b", "c"].map((name) => photo(name, "x".repeat(400_000))));
    await files.finished();
    expect(times(WHOLE)).toBeLessThan(3);
    expect(files.totals()).toMatchObject({ done: 4, failed: 0 });
  });

  it("fails at once where it is refused for good", async () => {
    server.before = async (what) => (what === WHOLE ? refusal(415, "type_not_allowed") : undefined);
    const files = manager();
    const [a] = await send(files, photo("a"), photo("b"));
    await files.finished();
    expect(a).toMatchObject({ state: "failed", error: { code: "type_not_allowed" } });
    await files.cancel(a as UploadItem);
    expect([times("POST uploads"), times("DELETE")]).toEqual([0, 0]);
  });
});

describe("a whole file in the air", () => {
  it("tells how far it is, and what is on its way", async () => {
    const { open, reached } = hurdle();
    const files = manager();
    const seen: number[] = [];
    const [a] = (await send(files, photo("a"), photo("b"))) as [UploadItem];
    await reached(2);
    expect(a).toMatchObject({ state: "sending", loaded: 0, safe: 0 });
    expect(files.statsOf(a)).toMatchObject({ activeUploads: 1, failedChunks: 0, stuck: false });
    expect(files.chunkMapOf(a)).toMatchObject({
      safe: [],
      inFlight: [{ start: 0, stop: 8, sent: 0 }],
      missing: [],
    });
    const ofA = wholes().find((request) => openingOf(request).path === a.path);
    ofA?.onSent?.(5);
    seen.push(a.loaded);
    ofA?.onSent?.(8);
    expect([...seen, a.loaded, a.state]).toEqual([5, 8, "finishing"]);
    open();
    await files.finished();
    expect(a).toMatchObject({ state: "done", safe: 8 });
  });

  it("is deleted once its answer tells by which id, when it is cancelled", async () => {
    const { open, reached } = hurdle();
    const files = manager();
    const [a] = (await send(files, photo("a"), photo("b"))) as [UploadItem];
    await reached(2);
    const cancelled = files.cancel(a);
    expect(a).toMatchObject({ state: "cancelled", cancelling: true });
    open();
    await cancelled;
    await files.finished();
    expect(a).toMatchObject({ state: "cancelled", cancelling: false });
    expect(times("POST uploads")).toBe(0);
    expect(server.delivered.toSorted()).toEqual(["b", "first"]);
    expect(server.uploads.size).toBe(2);
  });

  it("is looked for by its key when it is cancelled and no answer comes", async () => {
    const { open, reached } = hurdle();
    const files = manager();
    const [a] = (await send(files, photo("a"), photo("b"))) as [UploadItem];
    await reached(2);
    server.after = (what) => {
      if (what === WHOLE) throw networkError();
    };
    const cancelled = files.cancel(a);
    open();
    await cancelled;
    await files.finished();
    expect(a).toMatchObject({ state: "cancelled", cancelling: false });
    expect(times("POST upload-chunk")).toBe(0);
    expect(server.delivered.toSorted()).toEqual(["b", "first"]);
    expect(server.uploads.size).toBe(2);
  });

  it("stops when it is paused, and asks by its key before it goes on", async () => {
    const { open, reached } = hurdle();
    const files = manager();
    const [a] = (await send(files, photo("a"), photo("b"))) as [UploadItem];
    await reached(2);
    files.pause(a);
    open();
    await files.finished();
    expect(a.state).toBe("paused");
    expect(server.delivered.toSorted()).toEqual(["b", "first"]);
    files.resume(a);
    files.add(photo("c"));
    await files.finished();
    // Which of both went first depends on whose digest was ready.
    const whole = wholes()
      .map(openingOf)
      .find(({ path }) => path === "a");
    expect(keyOpened()).toEqual([whole?.key]);
    expect(server.delivered.toSorted()).toEqual(["a", "b", "c", "first"]);
    expect(server.uploads.size).toBe(4);
  });

  it("can be taken back when it has arrived", async () => {
    const files = manager();
    const [a] = (await send(files, photo("a"), photo("b"))) as [UploadItem];
    await files.finished();
    await files.undo(a);
    expect(a.state).toBe("cancelled");
    expect(server.delivered.toSorted()).toEqual(["b", "first"]);
  });
});

describe("small files that are opened first", () => {
  it("go as many at once as leave no connection idle", async () => {
    const files = manager({ wholeFileBytes: 0, smallSize: 8 }, { maxParallelChunks: 4 });
    await send(files, ...["0", "1", "2", "3", "4", "5"].map((name) => photo(name)));
    const { open, reached } = hurdle("POST upload-chunk");
    await reached(4);
    open();
    await files.finished();
    expect(server.most).toBe(4);
    expect(files.totals().done).toBe(7);
  });
});
