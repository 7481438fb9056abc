import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { errorFromReply, networkError } from "../src/core/errors";
import { Pace, type PaceConfig } from "../src/core/pace";
import { play, type Shape } from "./support/model-line";
import { randomFrom } from "./support/random";

const MEBI = 1024 * 1024;
const BASE: PaceConfig = {
  width: 4,
  maxWidth: 16,
  adaptWidth: true,
  chunkSize: MEBI / 2,
  minChunkSize: MEBI / 4,
  maxChunkSize: 8 * MEBI,
  adaptChunkSize: true,
};
const FAST: Shape = { total: 16 * MEBI, each: 2 * MEBI, roundTrip: 0.04 };
const SLOW: Shape = { total: 2 * MEBI, each: 2 * MEBI, roundTrip: 0.04 };
const LOSSY: Shape = { total: 12 * MEBI, each: 4 * MEBI, roundTrip: 0.06, cutAfter: 8 * MEBI };
const SHARED: Shape = { total: 10 * MEBI, each: 10 * MEBI, roundTrip: 0.04, others: 4 };

function refusal(status: number) {
  return errorFromReply({ status, text: "{}", retryAfter: null, now: 0 });
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function seconds(config: PaceConfig, shape: Shape, size: number): number {
  return median(
    [1, 2, 3, 4, 5, 6, 7].map((seed) => play(new Pace(config), shape, size, randomFrom(seed)).seconds),
  );
}

function fixed(width: number): PaceConfig {
  const size = { chunkSize: 4 * MEBI, maxChunkSize: 4 * MEBI };
  return { ...BASE, ...size, width, maxWidth: width, adaptWidth: false, adaptChunkSize: false };
}

describe("a pace that adapts", () => {
  it.each([
    ["fast", FAST, 256],
    ["slow", SLOW, 20],
    ["lossy", LOSSY, 96],
    ["shared", SHARED, 96],
  ])(
    "is at least as fast as the best of the fixed ones on the %s line, give or take a hundredth, for all that it has to learn",
    (_, shape, mebi) => {
      const best = Math.min(...[1, 4, 8, 16].map((width) => seconds(fixed(width), shape, mebi * MEBI)));
      expect(seconds({ ...BASE, maxChunkSize: 4 * MEBI }, shape, mebi * MEBI)).toBeLessThan(1.01 * best);
    },
  );

  it("waits at the end for no lane that carries less than the others", () => {
    const unlike = [1, 1, 0.05, 1];
    const shape = { ...FAST, total: 1_000 * MEBI, unlike };
    const carried = (16 / unlike.length) * unlike.reduce((sum, part) => sum + part, 0) * shape.each;
    expect(seconds(BASE, shape, 240 * MEBI)).toBeLessThan((1.25 * 240 * MEBI) / carried);
  });

  it("grows to where more lanes bring nothing, in seconds, and stays about there", () => {
    const { widths } = play(new Pace({ ...BASE, maxWidth: 64 }), FAST, 400 * MEBI, Math.random);
    expect(Math.max(...widths.slice(0, 30))).toBeGreaterThanOrEqual(8);
    expect(median(widths)).toBeGreaterThanOrEqual(8);
    expect(median(widths)).toBeLessThanOrEqual(16);
  });

  it("stays where it began when one connection fills the line, and asks for more ever more rarely", () => {
    const { widths } = play(new Pace(BASE), { ...SLOW, roundTrip: 0 }, 400 * MEBI, Math.random);
    expect(median(widths)).toBe(4);
    const late = widths.slice(widths.length / 2);
    expect(late.filter((width) => width > 4).length).toBeLessThan(late.length / 5);
    expect(Math.max(...late)).toBe(5);
  });

  it("never goes beyond what the server wants", () => {
    const pace = new Pace(BASE);
    pace.limit(6, 4 * MEBI);
    const { widths } = play(pace, { ...FAST, total: 100 * MEBI }, 200 * MEBI, Math.random);
    expect(Math.max(...widths)).toBe(6);
    expect(pace.chunkSize).toBe(4 * MEBI);
  });

  it("is halved by a refusal, grows again after a while, and then step by step", () => {
    const pace = new Pace({ ...BASE, width: 16 });
    pace.failed(refusal(503), MEBI, 0, 1, 16);
    const { widths } = play(pace, { ...FAST, total: 100 * MEBI }, 1000 * MEBI, Math.random);
    expect(widths.slice(0, 50).every((width) => width === 8)).toBe(true);
    expect(new Set(widths)).toEqual(new Set([8, 10, 12, 15, 16]));
  });

  it("learns nothing where there is too little to send", () => {
    const pace = new Pace(BASE);
    for (let at = 0; at < 100; at += 1) pace.accepted(MEBI, at * 1_000, at * 1_000 + 500, 1);
    expect(pace.width).toBe(4);
  });

  it("counts only what was sent since it was interrupted", () => {
    const pace = new Pace(BASE);
    pace.interrupted(5_000);
    for (let at = 0; at < 20; at += 1) pace.accepted(MEBI, 1_000, 9_000, 4);
    expect(pace.width).toBe(4);
    for (let at = 0; at < 2; at += 1) pace.accepted(MEBI, 5_000, 9_000, 4);
    expect(pace.width).toBe(8);
  });

  it.each([503, 429, 408, 504])(
    "is halved by %i once for all requests that were under way together",
    (status) => {
      const pace = new Pace({ ...BASE, width: 8 });
      for (let at = 0; at < 8; at += 1) pace.failed(refusal(status), MEBI, 100, 200 + at, 8);
      expect(pace.width).toBe(4);
      pace.failed(refusal(status), MEBI, 300, 400, 4);
      expect(pace.width).toBe(2);
      for (let at = 0; at < 9; at += 1)
        pace.failed(refusal(status), MEBI, 1_000 * at + 500, 1_000 * at + 900, 1);
      expect(pace.width).toBe(1);
    },
  );

  it("is not changed by refusals that say nothing about the line", () => {
    const pace = new Pace(BASE);
    for (const status of [400, 409, 500, 507]) pace.failed(refusal(status), MEBI, 1, 2, 4);
    expect(pace.width).toBe(4);
  });

  it("is not narrowed by single connections that break, but when nearly all do", () => {
    const pace = new Pace({ ...BASE, width: 8, maxWidth: 8 });
    for (let at = 0; at < 40; at += 2) {
      pace.accepted(MEBI, at * 1_000, at * 1_000 + 500, 8);
      pace.failed(networkError(), MEBI, at * 1_000, at * 1_000 + 500, 8);
    }
    expect(pace.width).toBe(8);
    for (let at = 0; at < 7; at += 1) pace.failed(networkError(), MEBI, 90_000, 90_001, 8);
    expect(pace.width).toBe(4);
  });

  it("stays as it is where it is given", () => {
    const pace = new Pace({ ...BASE, adaptWidth: false });
    play(pace, FAST, 100 * MEBI, Math.random);
    pace.failed(refusal(503), MEBI, 0, 1, 4);
    expect(pace.width).toBe(4);
  });
});

describe("the size of chunks", () => {
  const settled = { ...BASE, adaptWidth: false };

  it("grows towards three seconds for each, twofold at most, from one MiB on in whole ones", () => {
    const pace = new Pace(settled);
    const sizes = [0, 1, 2, 3, 4].map((at) => {
      pace.accepted(pace.chunkSize, at * 1_000, at * 1_000 + 500, 4);
      return pace.chunkSize / MEBI;
    });
    expect(sizes).toEqual([1, 2, 4, 8, 8]);
    const slow = new Pace({ ...settled, chunkSize: 8 * MEBI });
    slow.accepted(8 * MEBI, 0, 8_000, 4);
    expect(slow.chunkSize).toBe(4 * MEBI);
    slow.accepted(4 * MEBI, 0, 5_000, 4);
    expect(slow.chunkSize).toBe(2 * MEBI);
    slow.accepted(2 * MEBI, 0, 60_000, 4);
    for (let at = 0; at < 4; at += 1) slow.accepted(slow.chunkSize, 0, 60_000, 4);
    expect(slow.chunkSize).toBe(MEBI / 4);
  });

  it("grows towards half a second while the width is being looked for", () => {
    const pace = new Pace({ ...BASE, chunkSize: 8 * MEBI });
    pace.accepted(8 * MEBI, 0, 1_000, 4);
    expect(pace.chunkSize).toBe(4 * MEBI);
    pace.accepted(4 * MEBI, 0, 2_000, 4);
    expect(pace.chunkSize).toBe(2 * MEBI);
  });

  it("grows towards eight round trips while the width is being looked for on a long way", () => {
    const pace = new Pace({ ...BASE, chunkSize: 4 * MEBI });
    pace.next(100 * MEBI, 4, pace.chunkSize);
    pace.answered(2_000);
    pace.answered(200);
    pace.accepted(4 * MEBI, 0, 1_000, 4);
    expect(pace.chunkSize).toBe(6 * MEBI);
  });

  it("of a lane follows what it has just carried, and its part of what is left what the others carry", () => {
    const pace = new Pace({ ...settled, chunkSize: 8 * MEBI });
    const sizes = [4, 4, 1].map((mebi) => {
      pace.accepted(mebi * MEBI, 0, 2_000, 4);
      return pace.next(1_000 * MEBI, 4, 8 * MEBI) / MEBI;
    });
    expect(sizes).toEqual([6, 6, 1.5]);
    pace.accepted(MEBI, 0, 2_000, 4);
    // A fifth of the mean of 2, 2, 0.5 and 0.5 MiB/s, of a quarter of what is left.
    expect(pace.next(20 * MEBI, 4, 8 * MEBI) / MEBI).toBe(1.5);
    expect(pace.next(20 * MEBI, 4, 8 * MEBI) / MEBI).toBe(5);
  });

  it("is not judged by the sliver at the end of a gap", () => {
    const pace = new Pace({ ...settled, chunkSize: 4 * MEBI });
    pace.accepted(100, 0, 3_000, 4);
    expect(pace.chunkSize).toBe(4 * MEBI);
  });

  it("is halved by a connection that breaks, and grows back only after many chunks unharmed", () => {
    const pace = new Pace({ ...settled, chunkSize: 8 * MEBI });
    pace.failed(networkError(), 8 * MEBI, 0, 1, 4);
    // Others of the old size, cut by the same accident, are old news.
    pace.failed(networkError(), 8 * MEBI, 0, 1, 4);
    expect(pace.chunkSize).toBe(4 * MEBI);
    for (let at = 0; at < 23; at += 1) pace.accepted(4 * MEBI, 0, 100, 4);
    expect(pace.chunkSize).toBe(4 * MEBI);
    pace.accepted(4 * MEBI, 0, 100, 4);
    expect(pace.chunkSize).toBe(8 * MEBI);
  });

  it("is never smaller than the least, and stays as it is where it is given", () => {
    const pace = new Pace(BASE);
    for (let at = 0; at < 4; at += 1) pace.failed(networkError(), pace.chunkSize, 0, 1, 4);
    expect(pace.chunkSize).toBe(MEBI / 4);
    const given = new Pace({ ...BASE, adaptChunkSize: false, chunkSize: 8 * MEBI });
    given.failed(networkError(), 8 * MEBI, 0, 1, 4);
    given.accepted(8 * MEBI, 0, 60_000, 4);
    expect(given.chunkSize).toBe(8 * MEBI);
  });

  it("of single chunks is between half and all of it while the width is being looked for, and no two that go together are alike", () => {
    const pace = new Pace({ ...BASE, chunkSize: 8 * MEBI });
    const sizes = Array.from({ length: 64 }, () => pace.next(1000 * MEBI, 4, pace.chunkSize) / MEBI);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(4);
    expect(median(sizes)).toBeCloseTo(6, 0);
    for (const [at, size] of sizes.entries()) {
      expect(size * 16).toBe(Math.round(size * 16));
      expect(sizes.slice(at + 1, at + 8)).not.toContain(size);
    }
    pace.failed(refusal(503), MEBI, 0, 1, 4);
    expect(pace.next(1000 * MEBI, 4, pace.chunkSize)).toBe(8 * MEBI);
  });

  it("is what is asked for where it is given", () => {
    const given = new Pace({ ...BASE, adaptChunkSize: false, chunkSize: 1000 });
    expect([1, 2, 3].map(() => given.next(MEBI, 4, 1000))).toEqual([1000, 1000, 1000]);
  });

  it("becomes smaller towards the end, so that no lane is left with a large chunk", () => {
    const pace = new Pace({ ...settled, chunkSize: 8 * MEBI });
    const sizes: number[] = [];
    for (let left = 40 * MEBI; left > 0; left -= sizes.at(-1) ?? left)
      sizes.push(Math.min(left, pace.next(left, 4, pace.chunkSize)));
    expect(Math.max(...sizes.slice(0, 4))).toBeGreaterThan(4 * MEBI);
    expect(Math.max(...sizes.slice(-4))).toBeLessThanOrEqual(MEBI / 4);
    expect(pace.next(1, 16, 8 * MEBI)).toBe(MEBI / 4);
    expect(pace.next(MEBI, 16, 1000)).toBe(1000);
  });
});

describe("the first chunks", () => {
  const sizes = (pace: Pace): number[] =>
    [1, 2, 3, 4].map(() => pace.next(100 * MEBI, 4, pace.chunkSize) / MEBI);

  it("are small on a way that is short or unknown, and differ", () => {
    const near = new Pace(BASE);
    near.answered(20);
    expect(sizes(near)).toEqual(sizes(new Pace(BASE)));
    expect(Math.max(...sizes(new Pace(BASE)))).toBeLessThanOrEqual(0.5);
  });

  it("are larger on a long way, but for one", () => {
    const far = new Pace(BASE);
    far.answered(5_000);
    far.answered(200);
    const [first = 0, ...others] = sizes(far);
    expect(first).toBe(sizes(new Pace(BASE))[0]);
    expect(Math.min(...others)).toBeGreaterThan(2 * first);
    expect(Math.max(...others)).toBeLessThanOrEqual(1.5);
  });

  it.each([
    [20, 16, 4],
    [80, 16, 5],
    [200, 16, 8],
    [2_000, 16, 8],
    [200, 6, 6],
  ])("are more on a long way: %i ms, %i at most", (answered, maxWidth, width) => {
    const pace = new Pace({ ...BASE, maxWidth });
    pace.answered(answered);
    expect(pace.width).toBe(width);
    const settled = new Pace({ ...BASE, maxWidth });
    settled.next(100 * MEBI, 4, settled.chunkSize);
    settled.answered(answered);
    const given = new Pace({ ...BASE, maxWidth, adaptWidth: false });
    given.answered(answered);
    expect([settled.width, given.width]).toEqual([4, 4]);
  });

  it("are as small as they are where their size is given or the server wants no larger ones", () => {
    const given = new Pace({ ...BASE, adaptChunkSize: false });
    given.answered(200);
    expect(given.chunkSize).toBe(MEBI / 2);
    const limited = new Pace(BASE);
    limited.limit(4, MEBI);
    limited.answered(200);
    expect(limited.chunkSize).toBe(MEBI);
  });
});

describe("the last chunks", () => {
  it("are dealt out by what each lane carries", () => {
    const pace = new Pace({ ...BASE, adaptWidth: false, chunkSize: 8 * MEBI });
    for (const mebi of [1, 1, 1, 5]) pace.accepted(mebi * MEBI, 0, 2_000, 4);
    expect(pace.next(4 * MEBI, 4, 8 * MEBI)).toBe(2.5 * MEBI);
    const blind = new Pace({ ...BASE, adaptWidth: false, chunkSize: 8 * MEBI, maxShare: 1 });
    for (const mebi of [1, 1, 1, 5]) blind.accepted(mebi * MEBI, 0, 2_000, 4);
    expect(blind.next(4 * MEBI, 4, 8 * MEBI)).toBe(MEBI);
  });

  it("are dealt out as if a part of what is under way were left as well", () => {
    const pace = new Pace({ ...BASE, adaptWidth: false, chunkSize: 8 * MEBI });
    for (let lane = 0; lane < 4; lane += 1) pace.accepted(MEBI, 0, 1_000, 4);
    expect(pace.next(MEBI, 4, 8 * MEBI, 30 * MEBI)).toBe(MEBI);
  });

  it.each([
    [Number.POSITIVE_INFINITY, [1, 1, 1.5, 0.5], (1 + 0.2) / 2],
    [Number.POSITIVE_INFINITY, [1, 1, 0.5, 1.5], (1 + 0.2) * 1.5],
    [1, [1, 1, 0.5, 1.5], 1 + 0.2],
  ])(
    "are larger on a long way, by what a lane carries while others wait for answers: at most %d even shares, %j",
    (maxShare, carried, mebi) => {
      const pace = new Pace({ ...BASE, adaptWidth: false, chunkSize: 8 * MEBI, maxShare });
      pace.answered(200);
      for (const each of carried) pace.accepted(each * MEBI, 0, 1_000, 4);
      expect(pace.next(4 * MEBI, 4, 8 * MEBI) / MEBI).toBe(Math.ceil(mebi * 16) / 16);
    },
  );

  it.each([
    [null, MEBI, MEBI / 16],
    [200, MEBI / 4, MEBI / 8],
    [1, 100 * MEBI, MEBI / 2],
  ])(
    "are as small as a lane carries in two round trips: %s ms, %i bytes a second",
    (answered, speed, least) => {
      const pace = new Pace({ ...BASE, adaptWidth: false, chunkSize: 8 * MEBI });
      if (answered !== null) pace.answered(answered);
      pace.accepted(speed, 0, 1_000, 4);
      expect(pace.next(1, 4, 8 * MEBI)).toBe(least);
      pace.accepted(Math.min(speed, MEBI / 8), 1_000, 2_000, 4);
      expect(pace.next(1, 4, 8 * MEBI)).toBe(MEBI / 16);
    },
  );
});

interface Golden {
  readonly name: string;
  readonly config: Record<
    "width" | "max_width" | "chunk_size" | "min_chunk_size" | "max_chunk_size",
    number
  > & {
    readonly max_share: number | null;
  };
  /** Milliseconds that a request without a body took before. */
  readonly answered: number | null;
  /** Bytes of the chunks to begin with. */
  readonly first: readonly number[];
  readonly steps: readonly {
    readonly event: "accepted" | "lost" | "refused" | "limit";
    readonly bytes: number;
    readonly began: number;
    readonly now: number;
    readonly in_flight: number;
    readonly width: number;
    readonly chunk_size: number;
    readonly left: number;
    readonly under_way: number;
    readonly next: number;
  }[];
}

describe("the command line client does the same", () => {
  const path = resolve(import.meta.dirname, "../../tests/fixtures/pace.json");
  const cases: Golden[] = JSON.parse(readFileSync(path, "utf8"));

  it.each(cases.map((each) => [each.name, each] as const))(
    "when: %s",
    (_, { config, answered, first, steps }) => {
      const pace = new Pace({
        width: config.width,
        maxWidth: config.max_width,
        chunkSize: config.chunk_size,
        minChunkSize: config.min_chunk_size,
        maxChunkSize: config.max_chunk_size,
        adaptWidth: true,
        adaptChunkSize: true,
        ...(config.max_share === null ? {} : { maxShare: config.max_share }),
      });
      if (answered !== null) pace.answered(answered);
      const all = steps.length * MEBI;
      expect(first.map(() => pace.next(all, pace.width, pace.chunkSize))).toEqual(first);
      for (const [at, step] of steps.entries()) {
        const { event, bytes, began, now, in_flight } = step;
        if (event === "accepted") pace.accepted(bytes, began, now, in_flight);
        else if (event === "limit") pace.limit(in_flight, bytes);
        else pace.failed(event === "lost" ? networkError() : refusal(503), bytes, began, now, in_flight);
        const next = pace.next(step.left, pace.width, pace.chunkSize, step.under_way);
        expect([pace.width, pace.chunkSize, next], `step ${at}`).toEqual([
          step.width,
          step.chunk_size,
          step.next,
        ]);
      }
    },
  );
});
