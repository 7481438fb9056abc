import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { oncePerFrame } from "../src/page/dom";

const FRAME_MS = 16;
let painted: number[] = [];
let ask: (rest?: number) => void;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "performance", "requestAnimationFrame", "cancelAnimationFrame"],
  });
  painted = [];
  ask = oncePerFrame(() => painted.push(performance.now()));
  vi.advanceTimersByTime(1_000);
});

afterEach(() => vi.useRealTimers());

describe("painting", () => {
  it("is done once for all that ask before the next frame", () => {
    for (let times = 0; times < 5; times += 1) ask();
    vi.advanceTimersByTime(1_000);
    expect(painted).toHaveLength(1);
    expect(painted[0]).toBeLessThanOrEqual(1_000 + FRAME_MS);
  });

  it("is done at once for what moves after a rest, and then no more often than that", () => {
    for (let at = 0; at < 1_000; at += 5) {
      ask(100);
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(200);
    expect(painted[0]).toBeLessThanOrEqual(1_000 + FRAME_MS);
    const pauses = painted.slice(1).map((at, index) => at - (painted[index] as number));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(100 + 2 * FRAME_MS);
    expect(painted.at(-1)).toBeGreaterThanOrEqual(2_000 - FRAME_MS);
  });

  it("does not wait where somebody asks who did something, also behind what moves", () => {
    ask(100);
    vi.advanceTimersByTime(FRAME_MS);
    ask(100);
    ask();
    ask(100);
    vi.advanceTimersByTime(FRAME_MS);
    expect(painted).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(painted).toHaveLength(2);
  });

  it("is done where there are no frames, too", () => {
    vi.stubGlobal("requestAnimationFrame", () => 1);
    ask(100);
    vi.advanceTimersByTime(500);
    expect(painted).toHaveLength(1);
    vi.unstubAllGlobals();
  });
});
