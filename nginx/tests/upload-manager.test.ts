import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalSessions } from "../src/adapters/local-sessions";
import { networkError } from "../src/core/errors";
import type { Transport, TransportReply, TransportRequest } from "../src/ports";
import { UploadManager, type UploadManagerConfig } from "../src/utils/upload-manager";
import { FakeClock } from "./support/clock";

const clock = new FakeClock();

/** Answers each opening by the file's path; whatever opens is complete at once. */
class Desk implements Transport {
  readonly opened: string[] = [];
  readonly refusals = new Map<string, { status: number; code: string }>();
  /** Asked on every opening; a path waits here until its condition says true. */
  readonly slow = new Map<string, () => unknown>();
  open = 0;
  most = 0;

  async send(request: TransportRequest): Promise<TransportReply> {
    const { path } = JSON.parse(String(request.body));
    this.opened.push(path);
    this.most = Math.max(this.most, ++this.open);
    // Long enough for others to come meanwhile: sampling a file takes its time.
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
    for (let turns = 0; this.slow.has(path) && turns < 100; turns += 1) {
      this.slow.get(path)?.();
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
    }
    this.open -= 1;
    const refusal = this.refusals.get(path);
    this.refusals.delete(path);
    if (refusal) return reply(refusal.status, { error: "No.", code: refusal.code });
    const ranges = { received_bytes: 0, missing_ranges: [] };
    return reply(201, { upload_id: path, chunk_size: 8, max_parallel_chunks: 2, complete: true, ...ranges });
  }
}

/** Does all it is asked, but its first answer to each question is lost. Opening twice makes two uploads, as in truth. */
class Forgetful implements Transport {
  readonly delivered: string[] = [];
  readonly #paths: string[] = [];
  readonly #complete = new Set<string>();
  readonly #asked = new Set<string>();

  async send(request: TransportRequest): Promise<TransportReply> {
    const answer = this.#answer(request);
    const question = `${request.method} ${request.url} ${request.headers["X-Upload-Id"] ?? request.body}`;
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.#asked.has(question)) return reply(200, answer);
    this.#asked.add(question);
    throw networkError();
  }

  #answer({ method, url, body, headers }: TransportRequest): object {
    if (method === "GET") return this.#state(url.split("/").at(-1) ?? "");
    if (url.endsWith("/uploads"))
      return this.#state(`${this.#paths.push(JSON.parse(String(body)).path) - 1}`);
    const id = headers["X-Upload-Id"] ?? "";
    if (!this.#complete.has(id)) this.delivered.push(this.#paths[Number(id)] ?? "unknown");
    this.#complete.add(id);
    return this.#state(id);
  }

  #state(id: string): object {
    const complete = this.#complete.has(id);
    const ranges = { received_bytes: complete ? 2 : 0, missing_ranges: complete ? [] : [[0, 1]] };
    return { upload_id: id, chunk_size: 8, max_parallel_chunks: 2, complete, ...ranges };
  }
}

function reply(status: number, json: object): TransportReply {
  return { status, text: JSON.stringify(json), header: () => null };
}

const LINK = { uploadUrl: "/api/droppr/requests/abc/upload-chunk" };

let desk: Desk;

function manager(extra: Partial<UploadManagerConfig> = {}): UploadManager {
  const sessions = new LocalSessions(clock);
  const options = () => ({ ...LINK, sessions, clock, transport: desk, maxRetries: 0 });
  return new UploadManager({ options, clock, smallSize: 4, filesAtOnce: 1, ...extra });
}

const file = (name: string, text = "ab"): File => new File([text], name);

beforeEach(() => {
  localStorage.clear();
  desk = new Desk();
});

describe("UploadManager", () => {
  it("sends small files two at a time and big ones alone", async () => {
    const files = manager();
    for (const name of ["a", "b", "c"]) files.add(file(name));
    await files.finished();
    expect(desk.most).toBe(2);
    desk.most = 0;
    for (const name of ["d", "e"]) files.add(file(name, "a big one"));
    await files.finished();
    expect(desk.most).toBe(1);
    expect(files.totals()).toMatchObject({ files: 5, done: 5, failed: 0, loaded: 24, size: 24 });
  });

  it("sends up to six small files at once, as long as together they are small", async () => {
    const files = manager({ smallSize: 100 });
    for (let at = 0; at < 20; at += 1) files.add(file(`${at}`));
    await files.finished();
    expect(desk.most).toBe(6);
    expect(desk.opened).toHaveLength(20);
    desk.most = 0;
    for (let at = 0; at < 20; at += 1) files.add(file(`half ${at}`, "x".repeat(33)));
    await files.finished();
    expect(desk.most).toBe(3);
  });

  it("lets two small files pass by a big one, and starts a big one beside small ones", async () => {
    const hurdle = new Promise<void>((resolve) => {
      desk.slow.set("big", () => desk.opened.includes("6") && resolve());
    });
    const files = manager();
    files.add(file("0"));
    files.add(file("big", "a big one"));
    files.add(file("next", "a big one"));
    for (let at = 1; at <= 6; at += 1) files.add(file(`${at}`));
    await hurdle;
    expect(desk.opened).not.toContain("next");
    await files.finished();
    expect(desk.most).toBe(3);
    expect(files.totals().done).toBe(9);
  });

  it("asks the person once for all files that were refused together", async () => {
    const onHeld = vi.fn();
    const onTaken = vi.fn();
    const files = manager({ smallSize: 100, onHeld, onTaken });
    for (const name of ["a", "b", "c", "d"]) files.add(file(name));
    for (const name of ["b", "c", "d"]) desk.refusals.set(name, { status: 429, code: "rate_limited" });
    await vi.waitUntil(() => onHeld.mock.calls.length > 0);
    await vi.waitUntil(() => files.items.filter(({ state }) => state === "waiting").length === 3);
    files.release();
    await files.finished();
    expect(files.totals().done).toBe(4);
    expect([onHeld.mock.calls.length, onTaken.mock.calls.length]).toEqual([1, 2]);
  });

  it("delivers each small file once though every reply is lost once", async () => {
    const server = new Forgetful();
    const options = () => ({ ...LINK, sessions: new LocalSessions(clock), clock, transport: server });
    const files = new UploadManager({ options, clock });
    for (let at = 0; at < 12; at += 1) files.add(file(`${at}`));
    await files.finished();
    expect(files.totals().done).toBe(12);
    expect(server.delivered.toSorted()).toEqual(Array.from({ length: 12 }, (_, at) => `${at}`).toSorted());
  });

  it("is stuck while nothing of any file gets through", async () => {
    const held = new FakeClock();
    held.holdSleep = true;
    const options = () => ({
      ...LINK,
      sessions: new LocalSessions(held),
      clock: held,
      transport: new Forgetful(),
    });
    const files = new UploadManager({ options, clock: held });
    files.add(file("a"));
    expect(files.totals().stuck).toBe(false);
    await vi.waitUntil(() => held.asleep !== null);
    expect(files.totals().stuck).toBe(true);
    held.holdSleep = false;
    held.asleep?.();
    await files.finished();
    expect(files.totals()).toMatchObject({ stuck: false, done: 1 });
  });

  it("lets no file fail for another", async () => {
    desk.refusals.set("bad", { status: 415, code: "type_not_allowed" });
    const files = manager();
    const items = ["good", "bad", "fine"].map((name) => files.add(file(name)));
    await expect(files.finished()).resolves.toHaveLength(3);
    expect(items.map(({ state }) => state)).toEqual(["done", "failed", "done"]);
    expect(items[1]?.error).toMatchObject({ code: "type_not_allowed", message: "No." });
  });

  it("sends a failed file again when asked", async () => {
    desk.refusals.set("a", { status: 503, code: "busy" });
    const files = manager();
    const item = files.add(file("a"));
    await files.finished();
    expect(item.state).toBe("failed");
    files.retry(item);
    await files.finished();
    expect(item).toMatchObject({ state: "done", error: null });
  });

  it("sends what the owner cancelled again only when asked, and then as another upload", async () => {
    const keys: string[] = [];
    const transport: Transport = {
      send: (request) => {
        keys.push(JSON.parse(String(request.body)).key);
        return desk.send(request);
      },
    };
    desk.refusals.set("a", { status: 404, code: "upload_cancelled" });
    const files = manager({ options: () => ({ ...LINK, clock, transport, maxRetries: 3 }) });
    const item = files.add(file("a"));
    await files.finished();
    expect(item).toMatchObject({ state: "failed", uploadId: null, error: { code: "upload_cancelled" } });
    expect(keys).toHaveLength(1);
    files.retry(item);
    await files.finished();
    expect(item).toMatchObject({ state: "done", error: null });
    expect(new Set(keys).size).toBe(2);
  });

  it.each(["password_required", "captcha_required", "too_many_attempts"])(
    "waits for the person on %s, and the file keeps its place",
    async (code) => {
      desk.refusals.set("a", { status: 401, code });
      const onHeld = vi.fn();
      const files = manager({ onHeld });
      const items = [file("a", "a big one"), file("b", "a big one")].map((each) => files.add(each));
      await vi.waitUntil(() => onHeld.mock.calls.length > 0);
      expect(onHeld.mock.calls[0]?.[0]).toMatchObject({ code });
      expect(items.map(({ state }) => state)).toEqual(["waiting", "waiting"]);
      files.release();
      await files.finished();
      expect(desk.opened).toEqual(["a", "a", "b"]);
    },
  );

  it("gives up on all that wait once the link is closed", async () => {
    desk.refusals.set("a", { status: 410, code: "request_closed" });
    const files = manager();
    const items = [file("a", "a big one"), file("b")].map((each) => files.add(each));
    await files.finished();
    expect(items.map(({ state }) => state)).toEqual(["failed", "failed"]);
    expect(desk.opened).toEqual(["a"]);
  });

  it("takes out a waiting file that is cancelled", async () => {
    const files = manager();
    const [, second] = [file("a", "a big one"), file("b", "a big one")].map((each) => files.add(each));
    if (second) await files.cancel(second);
    await files.finished();
    expect(desk.opened).toEqual(["a"]);
    expect(files.totals()).toMatchObject({ files: 1, done: 1 });
  });

  it("frees what the server has of a failed file that is taken out", async () => {
    const asked: string[] = [];
    const opened = { upload_id: "u1", chunk_size: 8, max_parallel_chunks: 2, complete: false };
    const transport: Transport = {
      send: async ({ method, url }) => {
        asked.push(`${method} ${url.split("/").at(-1)}`);
        if (url.endsWith("/upload-chunk")) throw networkError();
        return reply(200, { ...opened, received_bytes: 0, missing_ranges: [[0, 1]] });
      },
    };
    const files = manager({
      options: () => ({ ...LINK, sessions: new LocalSessions(clock), clock, transport, maxRetries: 0 }),
    });
    const item = files.add(file("a"));
    await files.finished();
    expect(item.state).toBe("failed");
    await files.cancel(item);
    expect(asked).toEqual(["POST uploads", "POST upload-chunk", "DELETE u1"]);
    expect(localStorage.length).toBe(0);
  });

  it("keeps the path a folder gave", async () => {
    const files = manager();
    files.add(file("a"), "folder/a");
    await files.finished();
    expect(desk.opened).toEqual(["folder/a"]);
  });
});
