import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalSessions } from "../src/adapters/local-sessions";
import type { Transport, TransportReply, TransportRequest } from "../src/ports";
import { UploadManager, type UploadManagerConfig } from "../src/utils/upload-manager";
import { FakeClock } from "./support/clock";

const clock = new FakeClock();

/** Answers each opening by the file's path; whatever opens is complete at once. */
class Desk implements Transport {
  readonly opened: string[] = [];
  readonly refusals = new Map<string, { status: number; code: string }>();
  open = 0;
  most = 0;

  async send(request: TransportRequest): Promise<TransportReply> {
    const { path } = JSON.parse(String(request.body));
    this.opened.push(path);
    this.most = Math.max(this.most, ++this.open);
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.open -= 1;
    const refusal = this.refusals.get(path);
    this.refusals.delete(path);
    if (refusal) return reply(refusal.status, { error: "No.", code: refusal.code });
    const ranges = { received_bytes: 0, missing_ranges: [] };
    return reply(201, { upload_id: path, chunk_size: 8, max_parallel_chunks: 2, complete: true, ...ranges });
  }
}

function reply(status: number, json: object): TransportReply {
  return { status, text: JSON.stringify(json), header: () => null };
}

let desk: Desk;

function manager(extra: Partial<UploadManagerConfig> = {}): UploadManager {
  const uploadUrl = "/api/droppr/requests/abc/upload-chunk";
  const sessions = new LocalSessions(clock);
  const options = () => ({ uploadUrl, sessions, clock, transport: desk, maxRetries: 0 });
  return new UploadManager({ options, clock, smallSize: 4, ...extra });
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

  it("keeps the path a folder gave", async () => {
    const files = manager();
    files.add(file("a"), "folder/a");
    await files.finished();
    expect(desk.opened).toEqual(["folder/a"]);
  });
});
