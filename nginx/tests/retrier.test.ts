import { describe, expect, it, vi } from "vitest";
import { networkError, UploadError } from "../src/core/errors";
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

describe("a retrier whose connection breaks", () => {
  it("tries again at once while others get through, and waits when nothing does", async () => {
    const clock = new FakeClock();
    const retrier = new Retrier(clock, 5);
    const breaks = async (): Promise<never> => Promise.reject(networkError());
    const attempt = vi
      .fn(breaks)
      .mockImplementationOnce(() => {
        retrier.moved();
        return breaks();
      })
      .mockImplementationOnce(breaks)
      .mockResolvedValueOnce("there" as never);
    await expect(retrier.run(attempt, new AbortController().signal)).resolves.toBe("there");
    expect(clock.slept).toEqual([1_000]);
  });
});

describe("a retrier waits for its turn", () => {
  const atLimit = new UploadError("Upload limit exceeded or insufficient resources", {
    code: "busy",
    status: 503,
    retryable: true,
    retryAfter: 2,
    details: { reason: "places" },
  });

  it("as long as the server is at a limit, without counting that as a failure", async () => {
    const clock = new FakeClock();
    const attempt = vi.fn().mockResolvedValue("in");
    for (let refusals = 0; refusals < 40; refusals += 1) attempt.mockRejectedValueOnce(atLimit);
    await expect(new Retrier(clock, 2).run(attempt, new AbortController().signal)).resolves.toBe("in");
    expect(attempt).toHaveBeenCalledTimes(41);
  });

  it("and gives up after as many failures as ever when the server is busy for another reason", async () => {
    const busy = new UploadError("Busy", { code: "busy", status: 503, retryable: true, retryAfter: 1 });
    const attempt = vi.fn().mockRejectedValue(busy);
    const running = new Retrier(new FakeClock(), 2).run(attempt, new AbortController().signal);
    await expect(running).rejects.toThrow("after 2 retries");
    expect(attempt).toHaveBeenCalledTimes(3);
  });
});
