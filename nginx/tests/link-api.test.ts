import { afterEach, describe, expect, it, vi } from "vitest";
import { UploadError } from "../src/core/errors";
import { handedOver } from "../src/page/begun";
import { LinkApi } from "../src/page/link-api";
import { FakeClock } from "./support/clock";

const BUSY = { status: 503, body: { error: "Busy.", code: "busy" } };
const FOUND = { status: 200, body: { uploads: [] } };

/** Answers one call after the other with these, the last of them for ever; tells how many calls there were. */
function answering(...replies: { readonly status: number; readonly body: object }[]) {
  let calls = 0;
  vi.stubGlobal("fetch", () => {
    const { status, body } = replies[Math.min(calls++, replies.length - 1)] ?? BUSY;
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Retry-After": "1" } }));
  });
  return () => calls;
}

afterEach(() => vi.unstubAllGlobals());

describe("a call that the server has no turn for", () => {
  it("is made again until it has one", async () => {
    const calls = answering(BUSY, BUSY, FOUND);
    const clock = new FakeClock();
    expect(await handedOver(new LinkApi("hash", clock), "ABCD")).toEqual([]);
    expect(calls()).toBe(3);
    expect(clock.slept).toEqual([1_000, 1_000]);
  });

  it("is told as what it is where it is sent to another address", async () => {
    vi.stubGlobal("fetch", async (_: string, { redirect }: RequestInit) => {
      if (redirect === "manual") return { type: "opaqueredirect" };
      throw new TypeError("Failed to fetch");
    });
    const asked = new LinkApi("hash", new FakeClock()).get("/handoffs/ABCD");
    await expect(asked).rejects.toMatchObject({ code: "unexpected_reply" });
  });

  it("is given up in the end, with the reason", async () => {
    const calls = answering(BUSY);
    await expect(handedOver(new LinkApi("hash", new FakeClock()), "ABCD")).rejects.toThrow(UploadError);
    expect(calls()).toBe(6);
  });
});
