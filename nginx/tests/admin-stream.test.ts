import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ActivityPanel } from "../src/admin/activity";
import { NewsStream, type StreamPorts } from "../src/admin/desk/stream";
import { Poller } from "../src/admin/poller";
import { FakeClock } from "./support/clock";

/** A stream whose server is the test. */
class FakeSource {
  static readonly CLOSED = 2;
  static readonly made: FakeSource[] = [];
  readyState = 0;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  #onFigures: (event: { data: string }) => void = () => undefined;

  constructor(readonly address: string) {
    FakeSource.made.push(this);
  }

  static get last(): FakeSource {
    const last = FakeSource.made.at(-1);
    if (last === undefined) throw new Error("No stream was opened");
    return last;
  }

  static get open(): number {
    return FakeSource.made.filter(({ readyState }) => readyState !== FakeSource.CLOSED).length;
  }

  addEventListener(kind: string, call: (event: { data: string }) => void): void {
    if (kind === "figures") this.#onFigures = call;
  }

  tellFigures(data: string): void {
    this.#onFigures({ data });
  }

  tell(news: number): void {
    this.readyState = 1;
    this.onmessage?.({ data: JSON.stringify({ news }) });
  }

  /** What the browser does where the server refuses, or goes. */
  fail(readyState: number): void {
    this.readyState = readyState;
    this.onerror?.();
  }

  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
}

function hide(isHidden: boolean): void {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

function figures(at: number): string {
  const nothing = { used_bytes: 0, limit_bytes: 1, total_bytes: 1, free_bytes: 1, available_bytes: 1 };
  return JSON.stringify({
    at,
    concurrency: { running_uploads: 0, waiting_uploads: 0, max_concurrent_uploads: 1 },
    uploads: [],
    memory_monitor: { ...nothing, current_usage: 1, max_usage: 80, reserved_bytes: 0 },
    disk: { ...nothing, promised_bytes: 0, received_bytes: 0, bin_bytes: 0 },
    received: { files: 0, bytes: 0 },
    refusals: {},
  });
}

const streams: NewsStream[] = [];

function started(ports: Partial<StreamPorts> = {}): NewsStream {
  const nothing = (): void => undefined;
  const stream = new NewsStream({ onNews: nothing, onFigures: nothing, onLost: nothing, ...ports });
  streams.push(stream);
  stream.start(true);
  return stream;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.made.length = 0;
  vi.stubGlobal("EventSource", FakeSource);
  hide(false);
});

afterEach(() => {
  for (const stream of streams.splice(0)) stream.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("NewsStream", () => {
  it("knows the number that is told, says when it is another one, and none while nothing is told", () => {
    const onNews = vi.fn();
    const stream = started({ onNews });
    stream.start(true);
    expect(FakeSource.made).toHaveLength(1);
    expect(FakeSource.last.address).toMatch(/\/api\/droppr\/news\/stream\?figures=true$/);
    expect(stream.number).toBeNull();
    FakeSource.last.tell(5);
    FakeSource.last.tell(5);
    expect([stream.number, onNews.mock.calls.length]).toEqual([5, 1]);
    FakeSource.last.tell(6);
    expect([stream.number, onNews.mock.calls.length]).toEqual([6, 2]);
    // The browser comes back by itself; what it is told then is compared with what was known.
    FakeSource.last.fail(0);
    expect(stream.number).toBeNull();
    FakeSource.last.tell(6);
    expect([stream.number, onNews.mock.calls.length, FakeSource.made.length]).toEqual([6, 2, 1]);
    stream.stop();
    expect([stream.number, FakeSource.open]).toEqual([null, 0]);
  });

  it("goes on as long as there are signs of life, and no longer", () => {
    const stream = started();
    for (let turn = 0; turn < 10; turn += 1) {
      FakeSource.last.tell(1);
      vi.advanceTimersByTime(15_000);
    }
    expect([stream.number, FakeSource.made.length]).toEqual([1, 1]);
    vi.advanceTimersByTime(30_000);
    expect([stream.number, FakeSource.open]).toEqual([null, 0]);
  });

  it("tries again, each time later, where a proxy keeps it back or the server refuses it", () => {
    const onLost = vi.fn();
    started({ onLost });
    // Nothing comes at all: the connection is given back.
    vi.advanceTimersByTime(10_000);
    expect([FakeSource.open, onLost.mock.calls.length]).toEqual([0, 1]);
    vi.advanceTimersByTime(15_000);
    expect(FakeSource.made).toHaveLength(2);
    FakeSource.last.fail(FakeSource.CLOSED);
    vi.advanceTimersByTime(29_000);
    expect(FakeSource.made).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(FakeSource.made).toHaveLength(3);
    for (const pause of [60, 120, 240, 480, 600, 600]) {
      FakeSource.last.fail(FakeSource.CLOSED);
      const before = FakeSource.made.length;
      vi.advanceTimersByTime(pause * 1_000 - 1);
      expect(FakeSource.made).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(FakeSource.made).toHaveLength(before + 1);
    }
    // One that works begins anew with short pauses.
    FakeSource.last.tell(3);
    FakeSource.last.fail(FakeSource.CLOSED);
    vi.advanceTimersByTime(15_000);
    expect(FakeSource.made).toHaveLength(10);
  });

  it("holds no connection while nobody looks, and none where there are no streams", () => {
    const stream = started();
    FakeSource.last.tell(1);
    hide(true);
    expect([stream.number, FakeSource.open]).toEqual([null, 0]);
    vi.advanceTimersByTime(3_600_000);
    expect(FakeSource.made).toHaveLength(1);
    hide(false);
    expect(FakeSource.open).toBe(1);
    stream.stop();
    vi.stubGlobal("EventSource", undefined);
    stream.start(true);
    expect([stream.number, FakeSource.made.length]).toEqual([null, 2]);
  });
});

describe("ActivityPanel", () => {
  it("is shown what the stream tells, and asks only where that tells nothing", () => {
    document.body.innerHTML = '<ul id="running"></ul>';
    const panel = new ActivityPanel();
    const shown: unknown[] = [];
    panel.show = (activity) => void shown.push(activity.at);
    panel.ask();
    expect(FakeSource.made).toHaveLength(0);
    panel.start();
    const stream = started({ onFigures: (data) => panel.told(data), onLost: () => panel.ask() });
    FakeSource.last.tell(1);
    FakeSource.last.tellFigures(figures(5));
    expect([shown, FakeSource.open]).toEqual([[5], 1]);
    FakeSource.last.fail(FakeSource.CLOSED);
    expect(FakeSource.last.address).toMatch(/\/api\/v1\/system\/upload-events\?once=true$/);
    FakeSource.last.onmessage?.({ data: figures(7) });
    expect(shown).toEqual([5, 7]);
    hide(true);
    expect(FakeSource.open).toBe(0);
    hide(false);
    // Both are there until one of them tells something.
    expect(FakeSource.open).toBe(2);
    const told = FakeSource.made.filter(
      ({ address, readyState }) => /news/.test(address) && readyState !== 2,
    );
    told[0]?.tellFigures(figures(9));
    expect([shown, FakeSource.open]).toEqual([[5, 7, 9], 1]);
    panel.stop();
    stream.stop();
    expect(FakeSource.open).toBe(0);
  });
});

describe("Poller", () => {
  it("looks at once when it is told to, also where that comes while it looks", async () => {
    const clock = new FakeClock();
    clock.holdSleep = true;
    const asked: boolean[] = [];
    let during: () => void = () => undefined;
    const poller = new Poller(
      async (_, isFirst) => {
        asked.push(isFirst);
        during();
        during = () => undefined;
      },
      clock,
      2_000,
    );
    poller.start();
    await vi.waitFor(() => expect(asked).toEqual([true]));
    poller.soon();
    await vi.waitFor(() => expect(asked).toEqual([true, false]));
    during = () => poller.soon();
    poller.soon();
    await vi.waitFor(() => expect(asked).toEqual([true, false, false, false]));
    expect(asked).toHaveLength(4);
    poller.stop();
  });
});
