import { describe, expect, it } from "vitest";
import { errorFromReply, networkError } from "../src/core/errors";
import { Flow, type FlowConfig } from "../src/core/flow";

const MEBI = 1024 * 1024;
const BASE: FlowConfig = {
  width: 4,
  maxWidth: 16,
  adaptWidth: true,
  chunkSize: MEBI,
  minChunkSize: MEBI,
  maxChunkSize: 8 * MEBI,
  adaptChunkSize: true,
};

function refusal(status: number) {
  return errorFromReply({ status, text: "{}", retryAfter: null, now: 0 });
}

/** A line on which `rate(width)` bytes a second arrive in all: plays chunk after chunk, returns the widths it saw. */
class Played {
  now = 0;
  readonly widths: number[] = [];

  constructor(
    readonly flow: Flow,
    readonly rate: (width: number) => number,
  ) {}

  chunks(count: number): this {
    for (let at = 0; at < count; at += 1) {
      const bytes = this.flow.chunkSize;
      const took = (bytes / this.rate(this.flow.width)) * 1_000;
      this.now += took;
      this.flow.accepted(bytes, Math.max(0, this.now - took * this.flow.width), this.now);
      this.widths.push(this.flow.width);
    }
    return this;
  }
}

describe("the number of chunks in flight", () => {
  it("grows while that makes it faster, up to where it no longer does", () => {
    const flow = new Flow(BASE);
    new Played(flow, (width) => Math.min(width, 8) * 5 * MEBI).chunks(600);
    expect(flow.width).toBeGreaterThanOrEqual(8);
    expect(flow.width).toBeLessThanOrEqual(9);
  });

  it("stays where it began when one connection fills the line", () => {
    const flow = new Flow(BASE);
    const { widths } = new Played(flow, () => 4 * MEBI).chunks(400);
    expect(flow.width).toBe(4);
    // It asks again from time to time, but not often.
    expect(widths.filter((width) => width > 4).length).toBeLessThan(widths.length / 4);
  });

  it("never goes beyond what the server wants", () => {
    const flow = new Flow(BASE);
    flow.limit(6, 4 * MEBI);
    const { widths } = new Played(flow, (width) => width * 5 * MEBI).chunks(300);
    expect(Math.max(...widths)).toBe(6);
    expect(flow.chunkSize).toBe(4 * MEBI);
  });

  it.each([503, 429, 408, 504])(
    "is halved by %i, once for all requests that were under way together",
    (status) => {
      const flow = new Flow({ ...BASE, width: 8 });
      for (let at = 0; at < 8; at += 1) flow.failed(refusal(status), MEBI, 100, 200 + at);
      expect(flow.width).toBe(4);
      flow.failed(refusal(status), MEBI, 300, 400);
      expect(flow.width).toBe(2);
      for (let at = 0; at < 9; at += 1)
        flow.failed(refusal(status), MEBI, 1_000 * at + 500, 1_000 * at + 900);
      expect(flow.width).toBe(1);
    },
  );

  it("is not changed by refusals that say nothing about the line", () => {
    const flow = new Flow(BASE);
    for (const status of [400, 409, 500, 507]) flow.failed(refusal(status), MEBI, 1, 2);
    expect(flow.width).toBe(4);
  });

  it("grows again some time after it was halved", () => {
    const flow = new Flow({ ...BASE, width: 8 });
    flow.failed(refusal(503), MEBI, 0, 1);
    const played = new Played(flow, (width) => width * 5 * MEBI);
    expect(played.chunks(20).widths.at(-1)).toBe(4);
    expect(played.chunks(400).widths.at(-1)).toBeGreaterThan(6);
  });

  it("is not changed by single connections that break, and halved when most do", () => {
    const flow = new Flow({ ...BASE, width: 8 });
    const played = new Played(flow, () => 4 * MEBI);
    for (let at = 0; at < 20; at += 1) {
      played.chunks(3);
      flow.failed(networkError(), flow.chunkSize, played.now, played.now + 1);
    }
    expect(flow.width).toBe(8);
    for (let at = 0; at < 6; at += 1) flow.failed(networkError(), MEBI, played.now + 2, played.now + 3);
    expect(flow.width).toBe(4);
  });

  it("stays as it is where it is given", () => {
    const flow = new Flow({ ...BASE, adaptWidth: false });
    new Played(flow, (width) => width * 5 * MEBI).chunks(200);
    flow.failed(refusal(503), MEBI, 0, 1);
    expect(flow.width).toBe(4);
  });
});

describe("the size of chunks", () => {
  it("grows towards three seconds for each, twofold at most, in whole MiB", () => {
    const flow = new Flow(BASE);
    const sizes = [0, 1, 2, 3].map((at) => {
      flow.accepted(flow.chunkSize, at * 1_000, at * 1_000 + 500);
      return flow.chunkSize / MEBI;
    });
    expect(sizes).toEqual([2, 4, 8, 8]);
    const slow = new Flow({ ...BASE, chunkSize: 8 * MEBI });
    slow.accepted(8 * MEBI, 0, 8_000);
    expect(slow.chunkSize).toBe(4 * MEBI);
    slow.accepted(4 * MEBI, 0, 5_000);
    expect(slow.chunkSize).toBe(2 * MEBI);
  });

  it("is not judged by the sliver at the end of a gap", () => {
    const flow = new Flow({ ...BASE, chunkSize: 4 * MEBI });
    flow.accepted(100, 0, 3_000);
    expect(flow.chunkSize).toBe(4 * MEBI);
  });

  it("is halved by a connection that breaks, and grows back only after many chunks unharmed", () => {
    const flow = new Flow({ ...BASE, chunkSize: 8 * MEBI });
    flow.failed(networkError(), 8 * MEBI, 0, 1);
    // Others of the old size, cut by the same accident, are old news.
    flow.failed(networkError(), 8 * MEBI, 0, 1);
    expect(flow.chunkSize).toBe(4 * MEBI);
    const played = new Played(flow, () => 100 * MEBI);
    played.chunks(20);
    expect(flow.chunkSize).toBe(7 * MEBI);
    played.chunks(20);
    expect(flow.chunkSize).toBe(8 * MEBI);
  });

  it("is never smaller than the least, and stays as it is where it is given", () => {
    const flow = new Flow(BASE);
    flow.failed(networkError(), MEBI, 0, 1);
    expect(flow.chunkSize).toBe(MEBI);
    const given = new Flow({ ...BASE, adaptChunkSize: false, chunkSize: 8 * MEBI });
    given.failed(networkError(), 8 * MEBI, 0, 1);
    given.accepted(8 * MEBI, 0, 60_000);
    expect(given.chunkSize).toBe(8 * MEBI);
  });
});
