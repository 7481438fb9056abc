import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { XhrTransport } from "../src/adapters/xhr-transport";

/** What a test makes of the one request in flight. */
class FakeXhr {
  static last: FakeXhr;
  status = 0;
  responseText = "";
  readonly sentHeaders: Record<string, string> = {};
  readonly upload: { onprogress?: (event: { loaded: number }) => void } = {};
  onprogress?: () => void;
  onloadend?: () => void;
  aborted = false;

  constructor() {
    FakeXhr.last = this;
  }
  open(): void {}
  send(): void {}
  setRequestHeader(name: string, value: string): void {
    this.sentHeaders[name] = value;
  }
  getResponseHeader(name: string): string | null {
    return name === "Retry-After" ? "3" : null;
  }
  abort(): void {
    this.aborted = true;
    this.onloadend?.();
  }
  answer(status: number, text: string): void {
    this.status = status;
    this.responseText = text;
    this.onloadend?.();
  }
}

function send(
  signal = new AbortController().signal,
  onSent = vi.fn(),
  body: Blob | string = "body",
  transport = new XhrTransport(),
) {
  return transport.send({ method: "POST", url: "/x", headers: { A: "b" }, body, signal, onSent });
}

/** What somebody is told who asks not to be sent on. */
const unfollowed = vi.fn<(url: string, init: RequestInit) => Promise<Partial<Response>>>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("XMLHttpRequest", FakeXhr);
  vi.stubGlobal("fetch", unfollowed);
  unfollowed.mockReset().mockRejectedValue(new TypeError("Failed to fetch"));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("XhrTransport", () => {
  it("gives any reply, whatever its status", async () => {
    const onSent = vi.fn();
    const sending = send(undefined, onSent);
    FakeXhr.last.upload.onprogress?.({ loaded: 3 });
    FakeXhr.last.answer(503, "busy");
    const reply = await sending;
    expect([reply.status, reply.text, reply.header("Retry-After")]).toEqual([503, "busy", "3"]);
    expect(onSent).toHaveBeenCalledWith(3);
    expect(FakeXhr.last.sentHeaders).toEqual({ A: "b" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("calls a missing reply a network error", async () => {
    const sending = send();
    FakeXhr.last.answer(0, "");
    await expect(sending).rejects.toMatchObject({ code: "network_error", retryable: true });
  });

  it("tells a redirect to another address, as to a login, from a lost connection", async () => {
    unfollowed.mockResolvedValue({ type: "opaqueredirect" });
    const sending = send();
    FakeXhr.last.answer(0, "");
    await expect(sending).rejects.toMatchObject({ code: "unexpected_reply", retryable: true });
    expect(unfollowed).toHaveBeenCalledWith("/x", expect.objectContaining({ redirect: "manual" }));
  });

  it("asks about a connection that broke under a chunk only when the next one does, too", async () => {
    unfollowed.mockResolvedValue({ type: "opaqueredirect" });
    const transport = new XhrTransport();
    const codes = [];
    for (const status of [0, 0, 200, 0]) {
      const sending = send(undefined, undefined, new Blob(["chunk"]), transport);
      FakeXhr.last.answer(status, "");
      codes.push(
        await sending.then(
          () => "sent",
          ({ code }) => code,
        ),
      );
    }
    expect(codes).toEqual(["network_error", "unexpected_reply", "sent", "network_error"]);
    expect(unfollowed).toHaveBeenCalledTimes(1);
  });

  it("gives up on a connection that is silent for two minutes, and not while bytes move", async () => {
    const sending = send();
    const failed = expect(sending).rejects.toMatchObject({ code: "network_error" });
    vi.advanceTimersByTime(110_000);
    FakeXhr.last.upload.onprogress?.({ loaded: 1 });
    vi.advanceTimersByTime(110_000);
    expect(FakeXhr.last.aborted).toBe(false);
    vi.advanceTimersByTime(10_001);
    expect(FakeXhr.last.aborted).toBe(true);
    await failed;
  });

  it("stops at once when aborted, and sends nothing when aborted before", async () => {
    const stop = new AbortController();
    const sending = send(stop.signal);
    stop.abort();
    expect(FakeXhr.last.aborted).toBe(true);
    await expect(sending).rejects.toMatchObject({ code: "aborted" });
    await expect(send(stop.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});
