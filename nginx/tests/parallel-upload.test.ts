import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalSessions } from "../src/adapters/local-sessions";
import type { Transport } from "../src/ports";
import {
  getOptimalParallelChunks,
  ParallelUploader,
  type ParallelUploaderConfig,
} from "../src/utils/parallel-upload";
import { poolFor } from "../src/utils/uploader-config";
import { FakeClock } from "./support/clock";
import { type Answer, ScriptedTransport } from "./support/script";

const URL = "/api/droppr/requests/abc/upload-chunk";
const STATUS = "GET /uploads/u1";
const OPEN = "POST /uploads";

let clock: FakeClock;
let server: ScriptedTransport;

function file(text = "abcdefgh", lastModified = 1_000): File {
  return new File([text], "note.txt", { lastModified });
}

function uploader(extra: Partial<ParallelUploaderConfig> = {}): ParallelUploader {
  const sessions = new LocalSessions(clock);
  const base = { file: file(), uploadUrl: URL, chunkSize: 4, maxParallelChunks: 1 };
  return new ParallelUploader({ ...base, transport: server, clock, sessions, ...extra });
}

function state(missing: [number, number][], extra: object = {}): Answer {
  const json = { upload_id: "u1", chunk_size: 1_000, max_parallel_chunks: 8, complete: false };
  return { json: { ...json, received_bytes: 0, missing_ranges: missing, ...extra } };
}

function ack(complete = false): Answer {
  return { json: { upload_id: "u1", complete, received_bytes: 4, missing_ranges: [], offset: 4 } };
}

function refusal(status: number, code: string, extra: Partial<Answer> = {}): Answer {
  return { status, json: { error: `Because of ${code}.`, code }, ...extra };
}

const chunk = (range: string): string => `POST /upload-chunk ${range}`;

beforeEach(() => {
  localStorage.clear();
  clock = new FakeClock();
  server = new ScriptedTransport();
});

describe("an upload that is far away", () => {
  const AHEAD = { chunkSize: 4, maxParallelChunks: 8 };

  /** Of a link from which an answer took so many milliseconds. */
  function distant(ms: number, extra: Partial<ParallelUploaderConfig> = {}): ParallelUploader {
    const line = { adaptive: false, chunkSize: 4, maxParallelChunks: 3 };
    const pool = poolFor(line, clock, server);
    pool.pace.answered(ms);
    return uploader({ ...line, pool, ahead: AHEAD, ...extra });
  }

  const until = async (holds: () => boolean): Promise<void> =>
    void (await vi.waitUntil(holds, { interval: 1 }));

  const namedBy = (at: number): unknown => {
    const { "X-Upload-Id": id, "X-Upload-Key": key } = server.requests[at]?.headers ?? {};
    return { id, key };
  };

  it("waits for the opening where its parts go straight into a store", async () => {
    const ahead = { ...AHEAD, store: "https://s3.example.org" };
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    await distant(200, { ahead }).start();
    expect(server.asked).toEqual([OPEN, chunk("0-3/8"), chunk("4-7/8")]);
  });

  it("is opened while its first chunks are on their way, under its key, the head first", async () => {
    const opened = vi.fn();
    const waits = { first: () => until(() => server.asked.length === 3) };
    server
      .expect(OPEN, { ...state([[0, 7]]), first: async () => void opened(await waits.first()) })
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    const key = "k".repeat(22);
    const upload = distant(200, { key });
    await upload.start();
    server.done();
    expect(server.asked).toEqual([OPEN, chunk("0-3/8"), chunk("4-7/8")]);
    expect(JSON.parse(String(server.requests[0]?.body))).toMatchObject({ key, size: 8 });
    expect([namedBy(1), namedBy(2)]).toEqual([{ key }, { key }]);
    expect(opened).toHaveBeenCalledOnce();
    expect(upload.uploadId).toBe("u1");
  });

  it("goes on by its id, and remembers it, once that is known", async () => {
    const onChunkComplete = vi.fn();
    server
      .expect(OPEN, state([[0, 11]]))
      .expect(chunk("0-3/12"), { ...ack(), first: () => until(() => localStorage.length > 0) })
      .expect(chunk("8-11/12"), ack())
      .expect(chunk("4-7/12"), ack(true));
    await distant(200, { file: file("abcdefghijkl"), maxParallelChunks: 2, onChunkComplete }).start();
    server.done();
    expect(namedBy(server.asked.indexOf(chunk("4-7/12")))).toEqual({ id: "u1" });
    expect(onChunkComplete).toHaveBeenCalledTimes(3);
  });

  it("has a chunk that overtook its opening wait for it, which is no failure", async () => {
    let refused = 0;
    const early = {
      ...refusal(409, "upload_not_opened"),
      first: () => {
        refused += 1;
      },
    };
    server
      .expect(OPEN, { ...state([[0, 7]]), first: () => until(() => refused === 2) })
      .expect(chunk("0-3/8"), early)
      .expect(chunk("4-7/8"), early)
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    const onShouldRetry = vi.fn(() => true);
    await distant(200, { onShouldRetry }).start();
    server.done();
    expect([namedBy(3), namedBy(4)]).toEqual([{ id: "u1" }, { id: "u1" }]);
    expect(onShouldRetry).not.toHaveBeenCalled();
    expect(clock.slept).toEqual([]);
  });

  it("asks for what became of a chunk whose reply was lost only when its id is known", async () => {
    let lost = false;
    server
      .expect(OPEN, { ...state([[0, 7]]), first: () => until(() => lost) })
      .expect(chunk("0-3/8"), {
        lost: true,
        first: () => {
          lost = true;
        },
      })
      .expect(chunk("4-7/8"), ack())
      .expect(STATUS, state([], { complete: true }));
    await distant(200).start();
    server.done();
  });

  it.each([
    ["its opening is refused", refusal(403, "captcha_required")],
    ["its opening is refused at once", refusal(410, "request_closed")],
  ])("stops all chunks, and says why, when %s", async (_, answer) => {
    const failed = vi.fn();
    server
      .expect(OPEN, answer)
      .expect(chunk("0-3/8"), { hangs: true })
      .expect(chunk("4-7/8"), { ...refusal(409, "upload_not_opened") });
    const upload = distant(200, { onError: failed });
    await expect(upload.start()).rejects.toMatchObject({ status: answer.status });
    expect(failed).toHaveBeenCalledOnce();
    expect(upload.uploadId).toBeNull();
    expect(localStorage.length).toBe(0);
  });

  it("opens again when the answer was lost, while its chunks wait or go", async () => {
    server
      .expect(OPEN, { lost: true })
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), refusal(409, "upload_not_opened"))
      .expect(OPEN, state([[4, 7]]))
      .expect(chunk("4-7/8"), ack(true));
    await distant(200).start();
    server.done();
  });

  it.each([
    ["is near by", 20, {}],
    ["may be refused for who sends it", 200, { ahead: null }],
    [
      "goes to a server that takes one chunk after the other",
      200,
      { ahead: { ...AHEAD, maxParallelChunks: 1 } },
    ],
  ])("is opened first where it %s", async (_, ms, extra) => {
    server
      .expect(OPEN, { ...state([[0, 7]]), first: () => expect(server.asked).toEqual([OPEN]) })
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    await distant(ms, extra).start();
    expect(namedBy(1)).toEqual({ id: "u1" });
  });

  it("is looked up first where it was begun before", async () => {
    const sessions = new LocalSessions(clock);
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), { hangs: true });
    const first = distant(200, { sessions });
    const started = first.start().catch(() => undefined);
    await until(() => first.safe === 4);
    first.abort();
    await started;
    server.expect(STATUS, state([[4, 7]], { size: 8 })).expect(chunk("4-7/8"), ack(true));
    await distant(200, { sessions }).start();
    server.done();
  });
});

describe("an upload", () => {
  it("opens first, sends every byte once with its digest, and completes once", async () => {
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    const onComplete = vi.fn();
    const onProgress = vi.fn();
    const upload = uploader({ onComplete, onProgress });
    await upload.start();
    await upload.start();
    server.done();
    const hash = createHash("sha256").update("abcd").digest("base64");
    expect(server.requests[1]?.headers).toEqual({
      "Content-Type": "application/octet-stream",
      "Content-Range": "bytes 0-3/8",
      "X-Upload-Id": "u1",
      "X-Chunk-Index": "0",
      "Content-Digest": `sha-256=:${hash}:`,
    });
    expect(onComplete).toHaveBeenCalledOnce();
    expect(onProgress).toHaveBeenLastCalledWith(8, 8);
    expect(upload.getStats()).toMatchObject({
      completedChunks: 2,
      totalChunks: 2,
      activeUploads: 0,
      failedChunks: 0,
    });
    expect(localStorage.length).toBe(0);
  });

  it("of 0 bytes is complete when opened", async () => {
    server.expect(OPEN, state([], { complete: true }));
    await uploader({ file: file("") }).start();
    server.done();
  });

  it("sends without a digest where the browser cannot hash", async () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), ack(true));
    await uploader({ chunkSize: 100 })
      .start()
      .finally(() => vi.unstubAllGlobals());
    expect(server.requests[1]?.headers).not.toHaveProperty("Content-Digest");
  });

  it.each([
    ["a fixed number", { maxParallelChunks: 6 }, { most_parallel_chunks: 5 }, 3],
    ["one that adapts", { maxParallelChunks: 6, adaptive: true }, { most_parallel_chunks: 5 }, 4],
    ["one that adapts, to an older server", { maxParallelChunks: 6, adaptive: true }, {}, 3],
  ])(
    "sends chunks at once, the head first, never more than the server wants: %s",
    async (_, wish, told, expected) => {
      let active = 0;
      let most = 0;
      const slow: Answer = {
        ...ack(),
        first: async () => {
          active += 1;
          most = Math.max(most, active);
          // The first ones wait for each other: how long a browser takes to hash is no matter here.
          if (most < expected) await vi.waitUntil(() => most === expected, { interval: 1 });
          await new Promise<void>((resolve) => setImmediate(resolve));
          active -= 1;
        },
      };
      server.expect(OPEN, state([[0, 7]], { max_parallel_chunks: 3, ...told }));
      for (let at = 0; at < 8; at += 1) server.expect(chunk(`${at}-${at}/8`), slow);
      server.expect(STATUS, state([], { complete: true }));
      await uploader({ chunkSize: 1, adaptiveChunkSizing: false, ...wish }).start();
      expect(most).toBe(expected);
      expect(server.asked[1]).toBe(chunk("0-0/8"));
    },
  );

  it("takes the server's chunk size where that is smaller", async () => {
    server
      .expect(OPEN, state([[0, 7]], { chunk_size: 5 }))
      .expect(chunk("0-4/8"), ack())
      .expect(chunk("5-7/8"), ack(true));
    await uploader({ chunkSize: 100 }).start();
    server.done();
  });

  it("in order, one at a time, when the server takes no chunks in parallel", async () => {
    server.expect(OPEN, state([[0, 7]], { max_parallel_chunks: 1 }));
    server
      .expect(chunk("0-3/8"), refusal(503, "busy"))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    await uploader({ maxParallelChunks: 8 }).start();
    expect(server.asked.slice(1)).toEqual([chunk("0-3/8"), chunk("0-3/8"), chunk("4-7/8")]);
  });

  it("asks for the status when everything was acknowledged but nothing said complete", async () => {
    server
      .expect(OPEN, state([[0, 3]]))
      .expect(chunk("0-3/8"), ack())
      .expect(STATUS, state([[4, 7]]));
    server
      .expect(chunk("4-7/8"), ack())
      .expect(STATUS, state([]))
      .expect(STATUS, state([], { complete: true }));
    await uploader().start();
    server.done();
    expect(clock.slept).toEqual([1_000]);
  });

  it("makes its opening headers anew for each attempt", async () => {
    let token = 0;
    server.expect(OPEN, { lost: true }).expect(OPEN, state([], { complete: true }));
    const openingHeaders = async () => ({ "X-Captcha-Token": `t${++token}` });
    await uploader({ openingHeaders }).start();
    expect(server.requests.map(({ headers }) => headers["X-Captcha-Token"])).toEqual(["t1", "t2"]);
  });

  it("says when opening by which protocol the browser came to the server, where that is known", async () => {
    const call = (name: string, nextHopProtocol: string): object => ({ name, nextHopProtocol });
    const entries = vi.spyOn(performance, "getEntriesByType");
    const own = call("https://files.example/drop/api/droppr/requests/abc", "h2");
    const foreign = call("https://files.example/api/droppr/requests/abc", "");
    for (const seen of [[call("https://other.example/a.js", "h3"), own], [foreign], []]) {
      entries.mockReturnValue(seen as PerformanceEntryList);
      server.expect(OPEN, state([], { complete: true }));
      await uploader().start();
    }
    entries.mockRestore();
    expect(server.requests.map(({ headers }) => headers["X-Next-Hop-Protocol"])).toEqual([
      "h2",
      undefined,
      undefined,
    ]);
  });

  it("reports each accepted chunk", async () => {
    const onChunkComplete = vi.fn();
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    await uploader({ onChunkComplete }).start();
    expect(onChunkComplete.mock.calls).toEqual([
      [0, 4],
      [4, 8],
    ]);
  });
});

describe("retrying", () => {
  it("waits 1, 2, 4, 8, 16 s, then fails with the server's sentence", async () => {
    server.expect(OPEN, state([[0, 7]]));
    for (let tries = 0; tries < 6; tries += 1) server.expect(chunk("0-7/8"), refusal(503, "busy"));
    const onError = vi.fn();
    const upload = uploader({ chunkSize: 8, onError });
    await expect(upload.start()).rejects.toMatchObject({ code: "busy", status: 503, retryable: true });
    expect(clock.slept).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(onError).toHaveBeenCalledOnce();
    expect(onError.mock.calls[0]?.[0].message).toBe("Failed to upload after 5 retries. Because of busy.");
    expect(upload.getStats()).toMatchObject({ failedChunks: 1, activeUploads: 0 });
    expect(localStorage.length).toBe(1);
  });

  it("obeys Retry-After", async () => {
    server.expect(OPEN, state([[0, 7]]));
    server.expect(chunk("0-7/8"), refusal(503, "busy", { headers: { "Retry-After": "9" } }));
    server.expect(chunk("0-7/8"), ack(true));
    await uploader({ chunkSize: 8 }).start();
    expect(clock.slept).toEqual([9_000]);
  });

  it("fails rather than wait for an hour", async () => {
    server.expect(OPEN, refusal(429, "rate_limited", { headers: { "Retry-After": "3600" } }));
    await expect(uploader().start()).rejects.toMatchObject({ code: "rate_limited", retryAfter: 3_600 });
    expect(clock.slept).toEqual([]);
  });

  it("counts anew once bytes have moved", async () => {
    server.expect(OPEN, state([[0, 7]]));
    for (const range of ["0-3/8", "4-7/8"]) {
      server
        .expect(chunk(range), refusal(502, "bad_gateway"))
        .expect(chunk(range), refusal(502, "bad_gateway"));
      server.expect(chunk(range), ack(range === "4-7/8"));
    }
    await uploader({ maxRetries: 2 }).start();
    expect(clock.slept).toEqual([1_000, 2_000, 1_000, 2_000]);
  });

  it("gives a full disk more time", async () => {
    server.expect(OPEN, refusal(507, "storage_full")).expect(OPEN, state([], { complete: true }));
    await uploader().start();
    expect(clock.slept).toEqual([15_000]);
  });

  it("asks whether a chunk arrived before sending it again after a lost reply", async () => {
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), { lost: true })
      .expect(STATUS, state([[4, 7]]));
    server.expect(chunk("4-7/8"), { lost: true }).expect(STATUS, state([], { complete: true }));
    await uploader().start();
    server.done();
  });

  it("cuts a chunk whose connection broke anew, so that free lanes can help with the rest", async () => {
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-7/8"), { lost: true })
      .expect(STATUS, state([[0, 7]]));
    const half = vi.fn();
    const both = (): Promise<boolean> => vi.waitUntil(() => server.requests.length === 5, { interval: 1 });
    server.expect(chunk("0-3/8"), { ...ack(), first: async () => half(await both()) });
    server.expect(chunk("4-7/8"), { ...ack(true), first: async () => half(await both()) });
    await uploader({
      chunkSize: 8,
      adaptiveChunkSizing: true,
      minChunkSize: 2,
      maxParallelChunks: 2,
    }).start();
    server.done();
    expect(half).toHaveBeenCalledTimes(2);
  });

  it("sends the chunk again when it did not arrive, also when the network stays away for a while", async () => {
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-7/8"), { lost: true })
      .expect(STATUS, { lost: true });
    server.expect(STATUS, state([[0, 7]])).expect(chunk("0-7/8"), ack(true));
    await uploader({ chunkSize: 8 }).start();
    server.done();
    expect(clock.slept).toEqual([1_000, 2_000]);
  });

  it("says Network error when the network never returns", async () => {
    for (let tries = 0; tries < 3; tries += 1) server.expect(OPEN, { lost: true });
    await expect(uploader({ maxRetries: 2 }).start()).rejects.toThrow("Network error");
  });

  it("a damaged chunk is sent again", async () => {
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), refusal(400, "checksum_mismatch"));
    server.expect(chunk("0-7/8"), ack(true));
    await uploader({ chunkSize: 8 }).start();
    server.done();
  });

  it.each([
    [400, "invalid_range"],
    [404, "request_not_found"],
    [409, "chunk_conflict"],
    [410, "request_closed"],
    [411, "length_required"],
    [413, "chunk_too_large"],
    [415, "type_not_allowed"],
    [500, "internal_error"],
  ])("%i %s is final and stops the other chunks", async (status, code) => {
    const both = (): Promise<boolean> => vi.waitUntil(() => server.requests.length === 3, { interval: 1 });
    server.expect(OPEN, state([[0, 7]])).expect(chunk("4-7/8"), { hangs: true });
    server.expect(chunk("0-3/8"), refusal(status, code, { first: async () => void (await both()) }));
    const upload = uploader({ maxParallelChunks: 2 });
    await expect(upload.start()).rejects.toMatchObject({ code, status, message: `Because of ${code}.` });
    server.done();
    expect(clock.slept).toEqual([]);
    expect(upload.getStats().activeUploads).toBe(0);
    expect(localStorage.length).toBe(status === 500 ? 1 : 0);
  });

  it.each([
    [401, "password_required"],
    [403, "captcha_required"],
    [429, "too_many_attempts"],
  ])("%i %s on opening is left to the person", async (status, code) => {
    server.expect(OPEN, refusal(status, code));
    await expect(uploader().start()).rejects.toMatchObject({ code });
    server.done();
  });

  it("a file that can no longer be read fails with a sentence of its own", async () => {
    const gone = file();
    vi.spyOn(gone, "slice").mockReturnValue({
      size: 8,
      arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")),
    } as Blob);
    server.expect(OPEN, state([[0, 7]]));
    await expect(uploader({ file: gone }).start()).rejects.toMatchObject({ code: "file_unreadable" });
  });
});

describe("a body limit on the way", () => {
  const SIZE = 2_200_000;
  const page = { status: 413, text: "<h1>413 Request Entity Too Large</h1>", header: () => null };

  /** Takes chunks up to `most` bytes, of `most` at once; keeps the spans that arrived and the sizes that did not. */
  function limited(most: number, parallel: number): Transport & { spans: number[][]; refused: number[] } {
    const spans: number[][] = [];
    const refused: number[] = [];
    const reply = (json: object) => ({ status: 200, text: JSON.stringify(json), header: () => null });
    return {
      spans,
      refused,
      async send({ url, body, headers }) {
        const begun = { upload_id: "u1", chunk_size: 8 * 1024 * 1024, max_parallel_chunks: parallel };
        const missing = { received_bytes: 0, missing_ranges: [[0, SIZE - 1]] };
        if (url.endsWith("/uploads")) return reply({ ...begun, complete: false, ...missing });
        if (!(body instanceof Blob)) throw new Error("Nothing else is asked.");
        if (body.size > most) {
          refused.push(body.size);
          return page;
        }
        const [first = 0, last = 0] = (headers["Content-Range"] ?? "")
          .split(/[ \-/]/)
          .slice(1)
          .map(Number);
        spans.push([first, last + 1]);
        const received = spans.reduce((sum, [start = 0, stop = 0]) => sum + stop - start, 0);
        return reply({ complete: received === SIZE, received_bytes: received });
      },
    };
  }

  it.each([
    [1, true],
    [1, false],
    [8, true],
    [8, false],
  ])("makes chunks smaller, each byte once (%i at once, adaptive: %s)", async (parallel, adaptive) => {
    const transport = limited(300_000, parallel);
    await uploader({
      file: file("x".repeat(SIZE)),
      transport,
      chunkSize: 8 * 1024 * 1024,
      maxParallelChunks: parallel,
      adaptiveChunkSizing: adaptive,
    }).start();
    const spans = transport.spans.toSorted(([a = 0], [b = 0]) => a - b);
    expect(spans[0]?.[0]).toBe(0);
    expect(spans.at(-1)?.[1]).toBe(SIZE);
    for (const [at, [start]] of spans.slice(1).entries()) expect(start).toBe(spans[at]?.[1]);
    expect(transport.refused.length).toBeGreaterThan(0);
    expect(transport.refused.length).toBeLessThanOrEqual(parallel * 3);
  });

  it("of less than the smallest chunk is told, and what was begun is kept", async () => {
    const transport = limited(1, 1);
    const upload = uploader({ file: file("x".repeat(SIZE)), transport, chunkSize: 8 * 1024 * 1024 });
    await expect(upload.start()).rejects.toMatchObject({ code: "http_413", status: 413 });
    expect(Math.min(...transport.refused)).toBe(256 * 1024);
    expect(clock.slept).toEqual([]);
    expect(localStorage.length).toBe(1);
  });
});

describe("what somebody on the way answers", () => {
  it.each([
    [200, "<!doctype html><title>Sign in</title>"],
    [401, "<form>"],
    [403, "<form>"],
    [302, ""],
    [404, "<h1>404 page not found</h1>"],
    [520, "<h1>Unknown error</h1>"],
    [522, ""],
    [524, "error code: 524"],
  ])("passes, and is no progress: %i %s", async (status, text) => {
    server
      .expect(OPEN, { status, text })
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-7/8"), { status, text })
      .expect(chunk("0-7/8"), ack(true));
    const moved = vi.fn();
    await uploader({ chunkSize: 8, onChunkComplete: moved }).start();
    server.done();
    expect(moved).toHaveBeenCalledOnce();
    expect(clock.slept).toEqual([1_000, 1_000]);
  });

  it("for ever is told as what it is", async () => {
    const text = "<!doctype html><title>Sign in</title>";
    server.expect(OPEN, state([[0, 7]]));
    for (let tries = 0; tries < 3; tries += 1) server.expect(chunk("0-7/8"), { text });
    const upload = uploader({ chunkSize: 8, maxRetries: 2 });
    await expect(upload.start()).rejects.toMatchObject({
      code: "unexpected_reply",
      message: expect.stringContaining("log in"),
    });
    server.done();
  });
});

describe("resuming", () => {
  async function interrupted(): Promise<void> {
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), { hangs: true });
    const upload: ParallelUploader = uploader({
      onChunkComplete: () => queueMicrotask(() => upload.abort()),
    });
    await expect(upload.start()).rejects.toMatchObject({ code: "aborted" });
    server = new ScriptedTransport();
  }

  it("sends only what the server says is missing", async () => {
    await interrupted();
    server.expect(STATUS, state([[4, 7]])).expect(chunk("4-7/8"), ack(true));
    const onProgress = vi.fn();
    await uploader({ onProgress }).start();
    server.done();
    expect(onProgress.mock.calls[0]).toEqual([4, 8]);
  });

  it("believes the server, not its own memory", async () => {
    await interrupted();
    server
      .expect(STATUS, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    await uploader().start();
    server.done();
  });

  it("of a file whose last reply was lost finds it complete", async () => {
    await interrupted();
    server.expect(STATUS, state([], { complete: true }));
    await uploader().start();
    server.done();
  });

  it.each(["upload_not_found", "upload_expired"])("opens anew, once, when the answer is %s", async (code) => {
    await interrupted();
    const gone = refusal(code === "upload_expired" ? 410 : 404, code);
    server
      .expect(STATUS, gone)
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-7/8"), gone);
    await expect(uploader({ chunkSize: 8 }).start()).rejects.toMatchObject({ code });
    server.done();
  });

  it("does not begin anew by itself what the owner has cancelled", async () => {
    await interrupted();
    const cancelled = refusal(404, "upload_cancelled");
    server.expect(STATUS, state([[4, 7]])).expect(chunk("4-7/8"), cancelled);
    await expect(uploader().start()).rejects.toMatchObject({ code: "upload_cancelled" });
    server.done();
    expect(localStorage.length).toBe(0);
    await interrupted();
    server.expect(STATUS, cancelled);
    expect(await uploader().findPreviousUploads()).toEqual([]);
    server.expect(STATUS, cancelled);
    await expect(uploader().start()).rejects.toMatchObject({ code: "upload_cancelled" });
    server.done();
  });

  it("opens anew when the upload vanishes while a resumed file is being sent", async () => {
    await interrupted();
    server.expect(STATUS, state([[4, 7]])).expect(chunk("4-7/8"), refusal(404, "upload_not_found"));
    server
      .expect(OPEN, state([[0, 7]]))
      .expect(chunk("0-3/8"), ack())
      .expect(chunk("4-7/8"), ack(true));
    await uploader().start();
    server.done();
  });

  it("does not mix in another file of the same name and size", async () => {
    await interrupted();
    server.expect(STATUS, state([[4, 7]])).expect("DELETE /uploads/u1", { status: 204 });
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-7/8"), ack(true));
    await uploader({ file: file("ABCDEFGH", 2_000), chunkSize: 8 }).start();
    server.done();
  });

  it("starts over once clearSession() was called", async () => {
    await interrupted();
    uploader().clearSession();
    server.expect(OPEN, state([], { complete: true }));
    await uploader().start();
    server.done();
  });

  it("takes the server's word on the next byte after offset_mismatch", async () => {
    server
      .expect(OPEN, state([[0, 7]], { max_parallel_chunks: 1 }))
      .expect(chunk("0-3/8"), refusal(409, "offset_mismatch"));
    server.expect(STATUS, state([[4, 7]])).expect(chunk("4-7/8"), ack(true));
    await uploader().start();
    server.done();
  });

  it("gives up on offset_mismatch for ever", async () => {
    server.expect(OPEN, state([[0, 7]]));
    for (let tries = 0; tries < 3; tries += 1) server.expect(chunk("0-7/8"), refusal(409, "offset_mismatch"));
    for (let tries = 0; tries < 2; tries += 1) server.expect(STATUS, state([[0, 7]]));
    const upload = uploader({ chunkSize: 8, maxRetries: 2 });
    await expect(upload.start()).rejects.toMatchObject({ code: "offset_mismatch" });
    server.done();
  });
});

describe("aborting", () => {
  it("stops every request at once, keeps the session, and tells no error", async () => {
    const onError = vi.fn();
    server.expect(OPEN, state([[0, 7]])).expect(chunk("0-3/8"), { hangs: true });
    const upload: ParallelUploader = uploader({ maxParallelChunks: 2, onError });
    server.expect(chunk("4-7/8"), { hangs: true, first: () => queueMicrotask(() => upload.abort()) });
    await expect(upload.start()).rejects.toMatchObject({ code: "aborted" });
    expect(server.requests.slice(1).every(({ signal }) => signal.aborted)).toBe(true);
    expect(onError).not.toHaveBeenCalled();
    expect(localStorage.length).toBe(1);
  });

  it("ends a wait between retries", async () => {
    clock.holdSleep = true;
    server.expect(OPEN, { lost: true });
    const upload = uploader();
    const started = upload.start();
    await vi.waitUntil(() => clock.asleep !== null);
    upload.abort();
    await expect(started).rejects.toMatchObject({ code: "aborted" });
    expect(server.asked).toEqual([OPEN]);
  });

  it("before the start sends nothing", async () => {
    const upload = uploader();
    upload.abort();
    await expect(upload.start()).rejects.toMatchObject({ code: "aborted" });
    expect(server.asked).toEqual([]);
  });

  it("follows the caller's signal", async () => {
    const caller = new AbortController();
    server.expect(OPEN, { hangs: true, first: () => queueMicrotask(() => caller.abort()) });
    await expect(uploader({ signal: caller.signal }).start()).rejects.toMatchObject({ code: "aborted" });
  });

  it("with cancel() also frees the server's space and forgets the session", async () => {
    const upload: ParallelUploader = uploader({ chunkSize: 8 });
    server.expect(OPEN, state([[0, 7]])).expect("DELETE /uploads/u1", { status: 204, text: "" });
    let cancelled: Promise<void> | undefined;
    const cancel = (): void => {
      cancelled = upload.cancel();
    };
    server.expect(chunk("0-7/8"), { hangs: true, first: () => queueMicrotask(cancel) });
    await expect(upload.start()).rejects.toMatchObject({ code: "aborted" });
    await cancelled;
    server.done();
    expect(localStorage.length).toBe(0);
  });
});

describe("cancel()", () => {
  it("tries again, and rejects where the server could not be told", async () => {
    const upload: ParallelUploader = uploader({ chunkSize: 8, maxRetries: 1 });
    server.expect(OPEN, state([[0, 7]]));
    server.expect("DELETE /uploads/u1", { lost: true }).expect("DELETE /uploads/u1", { lost: true });
    let cancelled: Promise<void> | undefined;
    const cancel = (): void => {
      cancelled = upload.cancel();
    };
    server.expect(chunk("0-7/8"), { hangs: true, first: () => queueMicrotask(cancel) });
    await expect(upload.start()).rejects.toMatchObject({ code: "aborted" });
    await expect(cancelled).rejects.toMatchObject({ code: "network_error" });
    server.done();
    expect(localStorage.length).toBe(1);
  });
});

describe("getOptimalParallelChunks", () => {
  it.each([
    ["4g", 6],
    ["3g", 3],
    ["2g", 1],
    [undefined, 4],
  ])("on %s is %i", (effectiveType, chunks) => {
    vi.stubGlobal("navigator", effectiveType ? { connection: { effectiveType } } : {});
    expect(getOptimalParallelChunks()).toBe(chunks);
    vi.unstubAllGlobals();
  });
});
