// The rules of the library that a person does not see: pausing, being offline, telling files apart, trying again.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalSessions } from "../src/adapters/local-sessions";
import { abortedError } from "../src/core/errors";
import type { Connectivity } from "../src/ports";
import { ParallelUploader, type ParallelUploaderConfig } from "../src/utils/parallel-upload";
import { FakeClock } from "./support/clock";
import { type Answer, ScriptedTransport } from "./support/script";

const URL = "/api/droppr/requests/abc/upload-chunk";
const OPEN = "POST /uploads";
const STATUS = "GET /uploads/u1";
const GIVE_UP = "DELETE /uploads/u1";
const chunk = (range: string): string => `POST /upload-chunk ${range}`;

let clock: FakeClock;
let server: ScriptedTransport;

const file = (text = "abcdefgh", lastModified = 1_000): File =>
  new File([text], "note.txt", { lastModified });

function uploader(extra: Partial<ParallelUploaderConfig> = {}): ParallelUploader {
  const sessions = new LocalSessions(clock);
  const base = { file: file(), uploadUrl: URL, chunkSize: 4, maxParallelChunks: 1 };
  return new ParallelUploader({ ...base, transport: server, clock, sessions, ...extra });
}

function state(missing: [number, number][], extra: object = {}): Answer {
  const json = { upload_id: "u1", chunk_size: 1_000, max_parallel_chunks: 8, complete: false };
  return { json: { ...json, received_bytes: 0, missing_ranges: missing, ...extra } };
}

function ack(complete = false, extra: object = {}): Answer {
  return { json: { upload_id: "u1", complete, received_bytes: 4, missing_ranges: [], offset: 4, ...extra } };
}

const gone: Answer = { status: 404, json: { error: "Gone.", code: "upload_not_found" } };
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const bodyOf = (at: number): Record<string, unknown> => JSON.parse(String(server.requests[at]?.body));

beforeEach(() => {
  localStorage.clear();
  clock = new FakeClock();
  server = new ScriptedTransport();
});

describe("pausing", () => {
  it("stops what is on its way, waits, and goes on with what the server has not got", async () => {
    const onComplete = vi.fn();
    const upload: ParallelUploader = uploader({ onComplete });
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-3/8"), ack());
    server.expect(chunk("4-7/8"), { hangs: true, first: () => queueMicrotask(() => upload.pause()) });
    const started = upload.start();
    await vi.waitUntil(() => server.requests.length === 3);
    await settled();
    expect([upload.paused, server.requests[2]?.signal.aborted, onComplete.mock.calls.length]).toEqual([
      true,
      true,
      0,
    ]);
    expect(upload.getChunkMap()).toMatchObject({ safe: [{ start: 0, stop: 4 }], inFlight: [] });
    server.expect(STATUS, state([[4, 7]])).expect(chunk("4-7/8"), ack(true));
    upload.resume();
    await started;
    server.done();
    expect(onComplete).toHaveBeenCalledOnce();
  });

  it("before the start sends nothing until it goes on", async () => {
    const upload = uploader({ chunkSize: 8 });
    upload.pause();
    const started = upload.start();
    await settled();
    expect(server.asked).toEqual([]);
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), ack(true));
    upload.resume();
    await started;
  });

  it("can be paused and resumed over and over, and aborted while paused", async () => {
    const upload: ParallelUploader = uploader({ chunkSize: 8 });
    const hanging = { hangs: true, first: () => queueMicrotask(() => upload.pause()) };
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), hanging);
    const started = upload.start();
    for (let times = 0; times < 3; times += 1) {
      await vi.waitUntil(() => upload.paused);
      await settled();
      server.expect(STATUS, state([[0, 7]])).expect(chunk("0-7/8"), hanging);
      upload.resume();
    }
    await vi.waitUntil(() => upload.paused);
    upload.abort();
    await expect(started).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("telling files apart", () => {
  // SHA-256 of the size as eight bytes and the eight bytes of the file, computed with Python's hashlib.
  const SAMPLE = "s1:a94adf2f22b3a5b585d979cf8d0740cc3879d593989528f9ca3f0d9d8e3b34ef";

  async function begun(sample: object = {}): Promise<ParallelUploader> {
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-3/8"), ack());
    server.expect(chunk("4-7/8"), { hangs: true });
    const upload: ParallelUploader = uploader({
      onChunkComplete: () => queueMicrotask(() => upload.abort()),
    });
    await expect(upload.start()).rejects.toMatchObject({ code: "aborted" });
    const opened = bodyOf(0);
    expect(opened.sample).toMatch(/^s1:[0-9a-f]{64}$/);
    server = new ScriptedTransport();
    server.expect(STATUS, state([[4, 7]], { sample: opened.sample, size: 8, ...sample }));
    return uploader();
  }

  it("opens with a key and a sample digest, a new key for each upload", async () => {
    server.expect(OPEN, state([], { complete: true })).expect(OPEN, state([], { complete: true }));
    await uploader().start();
    await uploader().start();
    expect(bodyOf(0).key).toMatch(/^[\w-]{22,64}$/);
    expect(bodyOf(0).key).not.toBe(bodyOf(1).key);
    expect([bodyOf(0).sample, bodyOf(1).sample]).toEqual([SAMPLE, SAMPLE]);
  });

  it("repeats a lost opening under the same key", async () => {
    server.expect(OPEN, { lost: true }).expect(OPEN, state([], { complete: true }));
    await uploader().start();
    expect(bodyOf(0)).toEqual(bodyOf(1));
  });

  it("takes a new key when the old upload is gone", async () => {
    const again = await begun();
    server = new ScriptedTransport().expect(STATUS, gone).expect(OPEN, state([], { complete: true }));
    await uploader({ key: "k".repeat(24) }).start();
    expect(bodyOf(1).key).not.toBe("k".repeat(24));
    expect(again.uploadId).toBeNull();
  });

  it("finds what was begun, and goes on with it", async () => {
    const upload = await begun();
    const [previous] = await upload.findPreviousUploads();
    expect(previous).toMatchObject({ uploadId: "u1", safe: 4, path: "note.txt" });
    server.expect(STATUS, state([[4, 7]])).expect(chunk("4-7/8"), ack(true));
    upload.resumeFromPreviousUpload(previous ?? { uploadId: "" });
    await upload.start();
    server.done();
  });

  it("finds nothing that the server no longer has, or that is complete, or of other files", async () => {
    const upload = await begun();
    server = new ScriptedTransport().expect(STATUS, gone);
    expect(await uploader().findPreviousUploads()).toEqual([]);
    server.expect(STATUS, state([], { complete: true }));
    expect(await uploader().findPreviousUploads()).toEqual([]);
    expect(await uploader({ file: file("other size") }).findPreviousUploads()).toEqual([]);
    expect(upload.uploadId).toBeNull();
  });

  it("refuses another file of the same name, size and date for an upload that was named", async () => {
    await begun();
    const other = uploader({ file: file("ABCDEFGH") });
    other.resumeFromPreviousUpload({ uploadId: "u1" });
    await expect(other.start()).rejects.toMatchObject({ code: "different_file", retryable: false });
    server.done();
  });

  it("refuses a file of another size, and by its date where there is no sample", async () => {
    server.expect(STATUS, state([[0, 8]], { size: 9 })).expect(STATUS, state([[4, 7]], { size: 8 }));
    const wrongSize = uploader();
    wrongSize.resumeFromPreviousUpload({ uploadId: "u1" });
    await expect(wrongSize.start()).rejects.toMatchObject({ code: "different_file" });
    const wrongDate = uploader();
    wrongDate.resumeFromPreviousUpload({ uploadId: "u1", lastModified: 5 });
    await expect(wrongDate.start()).rejects.toMatchObject({ code: "different_file" });
  });

  it("sends another file of the same name, size and date anew, and says so", async () => {
    await begun();
    server.expect(GIVE_UP, { status: 204 });
    server.expect(OPEN, state([[0, 7]], { upload_id: "u2" })).expect(chunk("0-7/8"), ack(true));
    const onDifferentFile = vi.fn();
    await uploader({ file: file("ABCDEFGH"), chunkSize: 8, onDifferentFile }).start();
    expect(onDifferentFile.mock.calls[0]?.[0]).toMatchObject({ uploadId: "u1" });
    expect(server.requests[3]?.headers["X-Upload-Id"]).toBe("u2");
    server.done();
  });

  it("goes on with the same bytes under a new date, as phones give one at every choice", async () => {
    await begun();
    server.expect(chunk("4-7/8"), ack(true));
    await uploader({ file: file("abcdefgh", 9_000) }).start();
    server.done();
  });

  it("goes by the date where neither side has a sample", async () => {
    await begun({ sample: null });
    const saved = localStorage.key(0) ?? "";
    const { sample: _, ...without } = JSON.parse(localStorage.getItem(saved) ?? "{}");
    localStorage.setItem(saved, JSON.stringify(without));
    server.expect(GIVE_UP, { status: 204 });
    server.expect(OPEN, state([[0, 7]], { upload_id: "u2" })).expect(chunk("0-7/8"), ack(true));
    await uploader({ file: file("abcdefgh", 9_000), chunkSize: 8 }).start();
    server.done();
  });

  it("takes no file back that has arrived, and gives nothing up that is being sent", async () => {
    await begun({ complete: true });
    server.expect(OPEN, state([[0, 7]], { upload_id: "u2" })).expect(chunk("0-7/8"), ack(true));
    await uploader({ file: file("ABCDEFGH"), chunkSize: 8 }).start();
    server.done();

    server = new ScriptedTransport().expect(OPEN, state([[0, 7]])).expect(chunk("0-3/8"), ack());
    server.expect(chunk("4-7/8"), { hangs: true });
    const first = uploader();
    const started = first.start();
    await vi.waitUntil(() => server.requests.length === 3);
    server.expect(OPEN, state([[0, 7]], { upload_id: "u2" })).expect(chunk("0-7/8"), ack(true));
    const onDifferentFile = vi.fn();
    await uploader({ file: file("ABCDEFGH"), chunkSize: 8, onDifferentFile }).start();
    expect(onDifferentFile).not.toHaveBeenCalled();
    first.abort();
    await expect(started).rejects.toMatchObject({ code: "aborted" });
    server.done();
  });
});

describe("offline", () => {
  class Network implements Connectivity {
    online = true;
    #back: (() => void)[] = [];

    whenOnline(signal: AbortSignal): Promise<void> {
      if (signal.aborted) return Promise.reject(abortedError());
      if (this.online) return Promise.resolve();
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(abortedError()));
        this.#back.push(resolve);
      });
    }

    return(): void {
      this.online = true;
      for (const each of this.#back.splice(0)) each();
    }
  }

  it("costs no retry and no waiting: it goes on when the network is back", async () => {
    const connectivity = new Network();
    const drop = (): void => {
      connectivity.online = false;
    };
    server.expect(OPEN, state([[0, 7]]));
    for (let outages = 0; outages < 3; outages += 1) {
      server.expect(chunk("0-7/8"), { lost: true, first: drop }).expect(STATUS, state([[0, 7]]));
    }
    server.expect(chunk("0-7/8"), ack(true));
    const started = uploader({ chunkSize: 8, connectivity, maxRetries: 0 }).start();
    for (let outages = 0; outages < 3; outages += 1) {
      await vi.waitUntil(() => !connectivity.online);
      const before = server.requests.length;
      await settled();
      expect(server.requests.length).toBe(before);
      connectivity.return();
    }
    await started;
    server.done();
    expect(clock.slept).toEqual([]);
  });

  it("can be aborted meanwhile", async () => {
    const connectivity = new Network();
    connectivity.online = false;
    const upload = uploader({ connectivity });
    const started = upload.start();
    await settled();
    upload.abort();
    await expect(started).rejects.toMatchObject({ code: "aborted" });
    expect(server.asked).toEqual([]);
  });
});

describe("trying again", () => {
  it("asks whether to, and gives up at once where not", async () => {
    const busy = { status: 503, json: { error: "Busy.", code: "busy" } };
    server.expect(OPEN, busy).expect(OPEN, busy);
    const asked: [string, number][] = [];
    const onShouldRetry = (error: { code: string }, retries: number): boolean => {
      asked.push([error.code, retries]);
      return retries < 1;
    };
    await expect(uploader({ onShouldRetry }).start()).rejects.toMatchObject({
      code: "busy",
      message: "Busy.",
    });
    expect(asked).toEqual([
      ["busy", 0],
      ["busy", 1],
    ]);
  });

  it("lets another chunk go while one waits for its turn", async () => {
    clock.holdSleep = true;
    server.expect(OPEN, state([[0, 11]]));
    // While another got through, the lost one would be tried again at once.
    const first = async (): Promise<void> => void (await vi.waitUntil(() => clock.asleep !== null));
    server.expect(chunk("0-3/12"), { lost: true }).expect(chunk("8-11/12"), { ...ack(), first });
    server.expect(chunk("4-7/12"), ack());
    const upload = uploader({ file: file("abcdefghijkl"), maxParallelChunks: 2 });
    const started = upload.start();
    await vi.waitUntil(() => server.requests.length === 4 && clock.asleep !== null);
    server.expect(STATUS, state([[0, 3]])).expect(chunk("0-3/12"), ack(true));
    clock.asleep?.();
    await started;
    server.done();
  });
});

describe("the end", () => {
  it("tells what stands where, and the SHA-256 of what was sent where asked to", async () => {
    const removable = { name: "note (1).txt", removable_until: 1_795_390_000 };
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), ack(true, removable));
    const hasher = { sha256: async (hashed: { size: number }) => `hash of ${hashed.size} bytes` };
    const result = await uploader({
      chunkSize: 8,
      relPath: "a/note.txt",
      hasher,
      hashWholeFile: true,
    }).start();
    expect(result).toEqual({
      uploadId: "u1",
      path: "a/note.txt",
      name: "note (1).txt",
      size: 8,
      sha256: "hash of 8 bytes",
      removableUntil: 1_795_390_000_000,
    });
  });

  it("uses the hasher for digests where the browser cannot hash", async () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), ack(true));
    const hasher = { sha256: async () => "00ff".repeat(16) };
    await uploader({ chunkSize: 8, hasher })
      .start()
      .finally(() => vi.unstubAllGlobals());
    expect(bodyOf(0).sample).toBe(`s1:${"00ff".repeat(16)}`);
    const digest = Buffer.from("00ff".repeat(16), "hex").toString("base64");
    expect(server.requests[1]?.headers["Content-Digest"]).toBe(`sha-256=:${digest}:`);
  });
});
