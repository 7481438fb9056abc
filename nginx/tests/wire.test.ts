// The same JSON the server's tests read: what one side writes, the other understands.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { sampleDigest } from "../src/adapters/digest";
import { DropprApi, fetchLinkInfo } from "../src/adapters/droppr-api";
import { parseItems, parseQuestions } from "../src/core/asked";
import { errorFromReply } from "../src/core/errors";
import { parseChunkReceipt, parseLinkInfo, parseUploadState } from "../src/core/wire";
import { sendPack } from "../src/utils/pack-sender";
import { Retrier } from "../src/utils/retrier";
import { FakeClock } from "./support/clock";
import { ScriptedTransport } from "./support/script";

const golden = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, `../../tests/fixtures/wire/${name}.json`), "utf8");
const clock = new FakeClock();
const { signal } = new AbortController();

describe("the golden replies", () => {
  it("an opened upload", () => {
    const state = parseUploadState(JSON.parse(golden("opened")));
    expect(state).toMatchObject({ uploadId: "Zk3v9Qd1s8XyTb6u", complete: false });
    expect(state).toMatchObject({ maxParallelChunks: 8, mostParallelChunks: 16 });
    expect(state.missing.toWire()).toEqual([[0, 20_971_519]]);
  });

  it("the status of an upload", () => {
    const state = parseUploadState(JSON.parse(golden("status")));
    expect(state.missing.spans).toEqual([{ start: 8_388_608, stop: 16_777_216 }]);
  });

  it("a chunk that arrived, and the last one", () => {
    const ack = parseChunkReceipt(JSON.parse(golden("chunk-ack")));
    expect(ack).toEqual({ complete: false, receivedBytes: 12_582_912 });
    expect(parseChunkReceipt(JSON.parse(golden("chunk-complete")))).toMatchObject({ complete: true });
  });

  it("a link", () => {
    expect(parseLinkInfo(JSON.parse(golden("info")))).toMatchObject({
      title: "Footage for the spring film",
      requiresPassword: true,
      maxFiles: 100,
      allowedExtensions: ["mov", "mp4", "jpg"],
      askName: "required",
      captchaProvider: "altcha",
    });
    const { items, questions } = parseLinkInfo(JSON.parse(golden("info")));
    expect([parseItems(items), parseQuestions(questions)]).toEqual([items, questions]);
    expect([items.length, questions.length].every((each) => each > 0)).toBe(true);
  });

  it("a refusal with its details", () => {
    const text = golden("error-offset-mismatch");
    const error = errorFromReply({ status: 409, text, retryAfter: null, now: 0 });
    expect(error).toMatchObject({
      code: "offset_mismatch",
      details: { offset: 8_388_608 },
      retryable: false,
    });
    const captcha = golden("error-captcha-required");
    expect(errorFromReply({ status: 403, text: captcha, retryAfter: null, now: 0 }).details).toMatchObject({
      captcha_provider: "altcha",
    });
  });
});

describe("the golden pack", () => {
  const sender = { senderName: "Ada", senderEmail: "ada@example.org" };
  const TEXTS = [
    ["notes/日本語.txt", 'Grüße\n{"not": "a line of the pack"}\n'],
    ["empty.txt", ""],
    ["three.txt", "abc"],
  ] as const;

  it("is what is sent for its files, byte for byte", async () => {
    const files = TEXTS.map(([path, text], at) => {
      const file = new File([text], path, { lastModified: 1_795_299_999_500 });
      const { size, lastModified } = file;
      return {
        file,
        entry: { path, size, lastModified, key: `aM3v9Qd1s8XyTb6uR0aZ2c-${at + 1}`, ...sender },
      };
    });
    const transport = new ScriptedTransport().expect("POST /pack", { text: golden("pack-reply") });
    const api = new DropprApi({
      transport,
      clock,
      chunkUrl: "/api/droppr/requests/h/upload-chunk",
      headers: {},
    });
    const answers = await sendPack(
      { files, api, retrier: new Retrier(clock, 0), onSent: () => undefined },
      signal,
    );
    const body = transport.requests[0]?.body as Blob;
    const sent = resolve(import.meta.dirname, "../../tests/fixtures/wire/pack-request.txt");
    expect(await body.text()).toBe(readFileSync(sent, "utf8"));
    expect(transport.requests[0]?.headers["Content-Type"]).toBe("application/vnd.droppr.pack");
    expect(answers.map((each) => "uploadId" in each && [each.name, each.complete])).toEqual([
      ["日本語.txt", true],
      ["empty.txt", true],
      ["three.txt", true],
    ]);
  });
});

describe("the golden samples", () => {
  it("are what is computed from the files", async () => {
    const { files } = JSON.parse(golden("samples"));
    for (const { size, sample } of files as { size: number; sample: string }[]) {
      const bytes = Uint8Array.from({ length: size }, (_, at) => 31 * at + 7 * (at >> 8));
      expect(await sampleDigest(new File([bytes], "a"), undefined, signal)).toBe(sample);
    }
  });
});

describe("a link without limits", () => {
  it("reads 0, null, absent and * as none", () => {
    const fields = { chunk_size: 1, max_parallel_chunks: 1, max_files: 0, max_file_size: null };
    const info = parseLinkInfo({ ...fields, allowed_extensions: [".PDF", "*"] });
    expect(info).toMatchObject({ maxFiles: null, maxFileSize: null, maxTotalSize: null });
    expect(info.allowedExtensions).toEqual([]);
    expect(parseLinkInfo({ ...fields, allowed_extensions: [".PDF"] }).allowedExtensions).toEqual(["pdf"]);
  });
});

describe("numbers of a server that means no good", () => {
  const state = {
    upload_id: "u",
    chunk_size: 8,
    max_parallel_chunks: 2,
    complete: false,
    missing_ranges: [],
  };

  it("are brought within bounds", () => {
    const huge = { ...state, chunk_size: 2 ** 52, max_parallel_chunks: 10 ** 9 };
    expect(parseUploadState(huge)).toMatchObject({ chunkSize: 2 ** 30, maxParallelChunks: 256 });
    expect(parseLinkInfo(huge)).toMatchObject({ chunkSize: 2 ** 30, maxParallelChunks: 256 });
  });

  it.each([
    [16, 16],
    [10 ** 9, 256],
    [1, 2],
    [undefined, 2],
    [-1, 2],
    [2.5, 2],
    ["16", 2],
  ])("say how many chunks may go at once at most: %s is %i", (most_parallel_chunks, most) => {
    expect(parseUploadState({ ...state, most_parallel_chunks }).mostParallelChunks).toBe(most);
  });

  it.each([0, -1, 1.5, 2 ** 62, 1e300, null, "8", true])(
    "are refused where they make no sense: %s",
    (odd) => {
      expect(() => parseUploadState({ ...state, chunk_size: odd })).toThrow(TypeError);
      expect(() => parseUploadState({ ...state, max_parallel_chunks: odd })).toThrow(TypeError);
      expect(() => parseLinkInfo({ ...state, chunk_size: odd })).toThrow(TypeError);
    },
  );

  it.each([[[-1, 5]], [[5, 3]], [[0, 2 ** 60]], [[0.5, 1]], [[0]], ["0-1"], "all"])(
    "are no gaps: %s",
    (missing_ranges) => {
      expect(() => parseUploadState({ ...state, missing_ranges })).toThrow();
    },
  );
});

describe("DropprApi", () => {
  const api = (transport: ScriptedTransport, headers: Record<string, string> = {}) =>
    new DropprApi({ transport, clock, chunkUrl: "/api/droppr/requests/h/upload-chunk", headers });

  it("opens with the golden body, the password encoded, empty headers left out", async () => {
    const transport = new ScriptedTransport().expect("POST /uploads", { text: golden("opened") });
    const upload = {
      path: "day 1/日本語 clip.mov",
      size: 20_971_520,
      lastModified: 1_795_299_999_500,
      senderName: "Ada",
      senderEmail: "ada@example.org",
      key: "kM3v9Qd1s8XyTb6uR0aZ2c-_",
      sample: `s1:${"5f".repeat(32)}`,
    };
    await api(transport, { "X-Request-Password": "pässword", "X-Captcha-Token": "" }).open(
      upload,
      {},
      signal,
    );
    const [request] = transport.requests;
    expect(JSON.parse(String(request?.body))).toEqual(JSON.parse(golden("open-request")));
    expect(request?.headers).toEqual({
      "Content-Type": "application/json",
      "X-Request-Password": "p%C3%A4ssword",
    });
  });

  it("sends password and captcha token with no chunk, other headers with every request", async () => {
    const transport = new ScriptedTransport().expect("GET /uploads/u%2F1", { text: golden("status") });
    const headers = { "X-Request-Password": "p", "X-Captcha-Token": "t", "X-Trace": "1" };
    await api(transport, headers).status("u/1", signal);
    expect(transport.requests[0]?.headers).toEqual({ "X-Trace": "1" });
  });

  it("says that a page of someone else's was not understood", async () => {
    const transport = new ScriptedTransport().expect("GET ", { text: "<html>Sign in to the hotel" });
    const asked = fetchLinkInfo({ transport, clock }, "h", signal);
    await expect(asked).rejects.toMatchObject({ code: "unexpected_reply", retryable: true });
  });
});
