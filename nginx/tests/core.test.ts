import { describe, expect, it } from "vitest";
import { waitBefore } from "../src/core/backoff";
import { bearable, ChunkQueue, chunkCount, completedChunks } from "../src/core/chunks";
import { errorFromReply, networkError, parseRetryAfter, sizeAfter, UploadError } from "../src/core/errors";
import { Meter } from "../src/core/meter";
import { firstChunkSize, parallelChunksFor } from "../src/core/network";
import { ByteRanges, type Span, span } from "../src/core/ranges";
import { randomFrom } from "./support/random";

function bytesOf(spans: readonly Span[]): number[] {
  return spans.flatMap(({ start, stop }) => Array.from({ length: stop - start }, (_, at) => start + at));
}

function randomSpans(random: () => number, size: number): Span[] {
  return Array.from({ length: Math.floor(random() * 8) }, () => {
    const start = Math.floor(random() * (size - 1));
    return span(start, start + 1 + Math.floor(random() * (size - start - 1)));
  });
}

describe("ByteRanges", () => {
  it("agrees with a set of numbers, whatever is added in whatever order", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = randomFrom(seed);
      const size = 2 + Math.floor(random() * 40);
      const spans = randomSpans(random, size);
      const model = new Set(bytesOf(spans));
      const ranges = spans.reduce((all, each) => all.add(each), ByteRanges.none);
      const missing = Array.from({ length: size }, (_, at) => at).filter((at) => !model.has(at));
      expect(bytesOf(ranges.spans), `seed ${seed}`).toEqual([...model].sort((a, b) => a - b));
      expect(bytesOf(ranges.missing(size).spans), `seed ${seed}`).toEqual(missing);
      expect(ranges.bytes).toBe(model.size);
      expect(ByteRanges.fromWire(ranges.toWire())).toEqual(ranges);
    }
  });

  it("merges what touches and says what it covers", () => {
    const ranges = ByteRanges.of([span(4, 8), span(0, 4), span(10, 12)]);
    expect(ranges.spans).toEqual([span(0, 8), span(10, 12)]);
    expect(ranges.covers(span(2, 8))).toBe(true);
    expect(ranges.covers(span(7, 11))).toBe(false);
  });

  it("refuses spans that are not spans", () => {
    expect(() => span(3, 3)).toThrow(RangeError);
    expect(() => span(-1, 3)).toThrow(RangeError);
    expect(() => span(0, 1.5)).toThrow(RangeError);
  });
});

describe("ChunkQueue", () => {
  it("hands out every missing byte exactly once in chunks of at most the size, the last one second", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = randomFrom(seed);
      const missing = ByteRanges.of(randomSpans(random, 60));
      const queue = new ChunkQueue(missing);
      const taken: Span[] = [];
      for (;;) {
        const size = 1 + Math.floor(random() * 9);
        const chunk = queue.take(size);
        if (chunk === null) break;
        expect(chunk.stop - chunk.start).toBeLessThanOrEqual(size);
        taken.push(chunk);
      }
      expect(taken[1]?.stop, `seed ${seed}`).toBe(taken.length > 1 ? missing.spans.at(-1)?.stop : undefined);
      const inPlace = [...taken.slice(0, 1), ...taken.slice(2), ...taken.slice(1, 2)];
      expect(bytesOf(inPlace), `seed ${seed}`).toEqual(bytesOf(missing.spans));
    }
  });

  it("follows the grid again after a gap that does not begin on it", () => {
    const queue = new ChunkQueue(ByteRanges.of([span(3, 10)]), true);
    expect([queue.take(4), queue.take(4), queue.take(4)]).toEqual([span(3, 4), span(4, 8), span(8, 10)]);
  });

  it("cuts at multiples of a finer grid, and knows what is left", () => {
    const queue = new ChunkQueue(ByteRanges.of([span(3, 20)]));
    expect([queue.take(8, 4), queue.take(8, 4)]).toEqual([span(3, 8), span(12, 20)]);
    expect(queue.left).toBe(4);
    queue.giveBack(span(12, 20));
    expect(queue.left).toBe(12);
  });

  it("counts the squares that have arrived in full", () => {
    expect(chunkCount(10, 4)).toBe(3);
    expect(chunkCount(0, 4)).toBe(0);
    expect(completedChunks(ByteRanges.of([span(0, 7), span(8, 10)]), 10, 4)).toEqual([0, 2]);
    expect(completedChunks(ByteRanges.of([span(2, 9)]), 10, 4)).toEqual([1]);
  });
});

describe("a server that means no good", () => {
  it("has no file cut into more chunks than can be counted", () => {
    const size = 5 * 2 ** 40;
    expect(
      completedChunks(ByteRanges.of([span(0, size)]), size, bearable(1, size)).length,
    ).toBeLessThanOrEqual(2 ** 23);
    expect(bearable(2 ** 20, size)).toBe(2 ** 20);
    expect(bearable(5, 8)).toBe(5);
  });

  it("has no bytes sent that the file does not have", () => {
    const told = ByteRanges.of([span(2, 4), span(6, 2 ** 50), span(2 ** 51, 2 ** 52)]);
    expect(told.within(8).toWire()).toEqual([
      [2, 3],
      [6, 7],
    ]);
    expect(told.within(3).toWire()).toEqual([[2, 2]]);
    expect(told.within(0)).toEqual(ByteRanges.none);
  });
});

describe("waiting before a retry", () => {
  it("doubles from one second, adds up to a quarter, and stops growing at a minute", () => {
    const waits = [0, 1, 2, 3, 9].map((attempt) => waitBefore(attempt, networkError(), 0));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 60_000]);
    expect(waitBefore(0, networkError(), 0.999)).toBeLessThan(1_250);
  });

  it("obeys Retry-After, and gives a full disk more time", () => {
    const refusal = { text: "", now: 0 };
    expect(waitBefore(5, errorFromReply({ ...refusal, status: 503, retryAfter: "7" }), 0)).toBe(7_000);
    expect(waitBefore(0, errorFromReply({ ...refusal, status: 507, retryAfter: null }), 0)).toBe(15_000);
  });
});

describe("errors from replies", () => {
  const errorOf = (status: number, code: string) =>
    errorFromReply({ status, text: JSON.stringify({ error: "No.", code }), retryAfter: null, now: 0 });

  it.each([
    [400, "invalid_range", false],
    [400, "checksum_mismatch", true],
    [401, "password_invalid", false],
    [403, "captcha_required", false],
    [404, "upload_not_found", false],
    [408, "request_timeout", true],
    [409, "chunk_conflict", false],
    [410, "request_closed", false],
    [411, "length_required", false],
    [413, "file_too_large", false],
    [415, "type_not_allowed", false],
    [429, "rate_limited", true],
    [429, "too_many_attempts", false],
    [500, "internal_error", false],
    [502, "bad_gateway", true],
    [503, "busy", true],
    [504, "gateway_timeout", true],
    [507, "storage_full", true],
  ])("%i %s: retryable is %s", (status, code, retryable) => {
    expect(errorOf(status, code)).toMatchObject({ status, code, retryable, message: "No." });
  });

  it.each([
    [null, false],
    ["30", true],
  ])(
    "asks a full link again only where an upload has lost its place for a while (%s)",
    (retryAfter, retryable) => {
      const text = JSON.stringify({ error: "No.", code: "request_full" });
      expect(errorFromReply({ status: 413, text, retryAfter, now: 0 }).retryable).toBe(retryable);
    },
  );

  it("finds words of its own for a proxy's page", () => {
    const error = errorFromReply({ status: 502, text: "<html>", retryAfter: null, now: 0 });
    expect(error).toMatchObject({ code: "http_502", retryable: true });
    expect(error.message).toContain("502");
  });

  const page = "\n<!doctype html><title>Sign in</title>";
  it.each([
    [500, "", "http_500", true],
    [501, "", "http_501", true],
    [520, "<h1>Unknown</h1>", "http_520", true],
    [522, "", "http_522", true],
    [524, "error code: 524", "http_524", true],
    [599, '{"message":"no"}', "http_599", true],
    [404, page, "http_404", true],
    [302, "", "unexpected_reply", true],
    [401, page, "unexpected_reply", true],
    [403, page, "unexpected_reply", true],
    [403, "", "http_403", false],
    [400, page, "http_400", false],
    [413, page, "http_413", false],
    [415, page, "http_415", false],
  ])("takes what somebody on the way answers for what it is: %i %s", (status, text, code, retryable) => {
    expect(errorFromReply({ status, text, retryAfter: null, now: 0 })).toMatchObject({
      status,
      code,
      retryable,
    });
  });

  it.each([
    ["http_413", {}, 1_000_000, 500_000],
    ["http_413", {}, 300_000, 256 * 1024],
    ["http_413", {}, 256 * 1024, null],
    ["chunk_too_large", {}, 1_000_000, 500_000],
    ["chunk_too_large", { limit: 700_000 }, 1_000_000, 700_000],
    ["chunk_too_large", { limit: 2_000_000 }, 1_000_000, null],
    ["chunk_too_large", { limit: 1 }, 1_000_000, 500_000],
    ["chunk_too_large", { limit: "x" }, 1_000_000, 500_000],
    ["file_too_large", { limit: 1 }, 1_000_000, null],
  ])("makes a chunk smaller after %s %o of %i bytes: %s", (code, details, bytes, size) => {
    expect(sizeAfter(new UploadError("No.", { code, status: 413, details }), bytes)).toBe(size);
  });

  it("reads Retry-After as seconds or as a date", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    expect(parseRetryAfter("12", now)).toBe(12);
    expect(parseRetryAfter("Sun, 22 Nov 2026 10:00:30 GMT", now)).toBe(30);
    expect(parseRetryAfter("Sun, 22 Nov 2026 09:00:00 GMT", now)).toBe(0);
    expect(parseRetryAfter("soon", now)).toBeNull();
    expect(parseRetryAfter(null, now)).toBeNull();
  });
});

describe("the line", () => {
  it.each([
    ["4g", 6],
    ["3g", 3],
    ["2g", 1],
    ["slow-2g", 1],
    ["wired", 4],
  ])("%s gets %i chunks at once", (effectiveType, chunks) => {
    expect(parallelChunksFor({ effectiveType })).toBe(chunks);
  });

  it("gets 4 chunks at once where nothing is known", () => {
    expect(parallelChunksFor(undefined)).toBe(4);
  });

  it("starts from the guess and stays within the limits", () => {
    const limits = { min: 256 * 1024, max: 1024 * 1024 };
    expect(firstChunkSize(undefined, 512 * 1024, limits)).toBe(512 * 1024);
    expect(firstChunkSize({ downlink: 0 }, 512 * 1024, limits)).toBe(512 * 1024);
    expect(firstChunkSize({ downlink: 0.4 }, 512 * 1024, limits)).toBe(limits.min);
    expect(firstChunkSize({ downlink: 10 }, 512 * 1024, limits)).toBe(625_000);
    expect(firstChunkSize({ downlink: 100 }, 512 * 1024, limits)).toBe(limits.max);
  });
});

describe("Meter", () => {
  it("settles on the real speed and tells the time left", () => {
    const meter = new Meter();
    for (let at = 0; at <= 20_000; at += 500) meter.add(at === 0 ? 0 : 5_000, at);
    expect(meter.speed(20_000)).toBeCloseTo(10_000, -2);
    expect(meter.eta(100_000, 20_000)).toBeCloseTo(10, 0);
    expect(meter.eta(0, 20_000)).toBe(0);
  });

  it("fades when nothing moves, and knows nothing at first", () => {
    const meter = new Meter();
    expect(meter.speed(0)).toBe(0);
    expect(meter.eta(1, 0)).toBe(Number.POSITIVE_INFINITY);
    meter.add(0, 0);
    meter.add(10_000, 1_000);
    expect(meter.speed(60_000)).toBeLessThan(1);
  });

  it("promises no time left once nothing has moved for ten seconds, and starts again with the bytes", () => {
    const meter = new Meter();
    meter.add(0, 0);
    meter.add(100_000_000, 1_000);
    expect(meter.eta(1_000, 10_000)).toBeLessThan(10);
    expect([meter.speed(11_001), meter.eta(1_000, 11_001)]).toEqual([0, Number.POSITIVE_INFINITY]);
    meter.add(1_000_000, 20_000);
    expect(meter.speed(20_000)).toBeGreaterThan(1_000);
  });
});
