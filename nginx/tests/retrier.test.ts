import { describe, expect, it, vi } from "vitest";
import { networkError } from "../src/core/errors";
import { Retrier } from "../src/utils/retrier";
import { FakeClock } from "./support/clock";

describe("a retrier is stuck", () => {
  it("while all that is under way has failed, and no longer once one thing gets through", async () => {
    const clock = new FakeClock();
    clock.holdSleep = true;
    const retrier = new Retrier(clock, 5);
    const { signal } = new AbortController();
    expect(retrier.stuck).toBe(false);
    let finish: () => void = () => undefined;
    const fine = retrier.run(() => new Promise<void>((resolve) => (finish = resolve)), signal);
    const failsOnce = vi.fn().mockRejectedValueOnce(networkError()).mockResolvedValueOnce("there");
    const trying = retrier.run<string>(failsOnce, signal);
    await vi.waitUntil(() => clock.asleep !== null);
    expect(retrier.stuck).toBe(false);
    finish();
    await fine;
    expect(retrier.stuck).toBe(true);
    clock.asleep?.();
    await expect(trying).resolves.toBe("there");
    expect(retrier.stuck).toBe(false);
  });
});
