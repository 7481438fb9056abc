import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { UploadError } from "../src/core/errors";
import { need } from "../src/page/dom";
import { Earlier } from "../src/page/earlier";
import { useLanguage } from "../src/page/i18n";
import type { LinkApi } from "../src/page/link-api";
import { SentStore } from "../src/page/sent-store";

const NOW = 1_800_000_000_000;
const file = (name: string) => ({ path: name, size: 1, id: name, until: NOW + 3_600_000 });
const store = new SentStore("hash");
const GONE = new UploadError("Gone.", { code: "request_not_found", status: 404 });

interface Given {
  readonly promise: Promise<object>;
  readonly resolve: (value: object) => void;
  readonly reject: (error: unknown) => void;
}

function withResolvers(): Given {
  let resolve: Given["resolve"] = () => undefined;
  let reject: Given["reject"] = () => undefined;
  const promise = new Promise<object>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

beforeAll(() => useLanguage("en"));

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML =
    '<section id="earlier"><ul id="earlier-list"></ul></section><button id="choose"></button>';
  store.forget();
  store.change(NOW, (sent) => ({
    ...sent,
    batches: [{ at: NOW - 10_000, files: [file("a"), file("b")] }],
  }));
  const nothing = (): undefined => undefined;
  const api = { takeBack: () => Promise.resolve() } as unknown as LinkApi;
  const clock = { now: () => NOW, sleep: () => Promise.resolve(), random: () => 0 };
  new Earlier({ api, store, clock, visit: NOW, say: nothing, onProblem: nothing, onForgotten: nothing });
  return () => vi.useRealTimers();
});

/** A click with a mouse, as the pointer is at `x` and some time has passed. */
function click(label: string, x: number, at: number): void {
  const button = need("earlier-list").querySelector(`[aria-label="${label}"]`);
  const event = new MouseEvent("click", { bubbles: true, detail: 1, clientX: x, clientY: 100 });
  Object.defineProperty(event, "timeStamp", { value: at });
  if (button === null) throw new Error(`There is no "${label}"`);
  button.dispatchEvent(event);
}

it.each([
  ["comes", (given: Given) => given.resolve({ signed: true })],
  ["says that the link is gone", (given: Given) => given.reject(GONE)],
])("keeps nothing of what was forgotten before its receipt %s", async (_, answer) => {
  const given = withResolvers();
  store.change(NOW, (sent) => ({
    ...sent,
    batches: [{ at: NOW - 9_000, files: [{ ...file("old"), until: NOW - 1 }] }],
  }));
  const nothing = (): undefined => undefined;
  const api = { receipt: () => given.promise } as unknown as LinkApi;
  const clock = { now: () => NOW, sleep: () => Promise.resolve(), random: () => 0 };
  need("earlier").querySelector(".row")?.remove();
  new Earlier({ api, store, clock, visit: NOW, say: nothing, onProblem: nothing, onForgotten: nothing });
  need("earlier").querySelector<HTMLButtonElement>(".row button")?.click();
  expect(localStorage.length).toBe(0);
  answer(given);
  await vi.advanceTimersByTimeAsync(10);
  expect(localStorage.length).toBe(0);
});

const leaving = (label: string) =>
  need("earlier-list").querySelector(`[aria-label="Undo: ${label}"]`) !== null;

it("takes back what is clicked, and thinks better of it", () => {
  click("Take back: a", 50, 0);
  expect([leaving("a"), leaving("b")]).toEqual([true, false]);
  click("Undo: a", 50, 2_000);
  expect(leaving("a")).toBe(false);
});

it.each([
  ["in the same place a moment later is meant for the first", 52, 300, false],
  ["in another place is meant", 80, 300, true],
  ["that comes later is meant", 50, 1_200, true],
])("a second click on another file %s", (_, x, at, hits) => {
  click("Take back: a", 50, 0);
  click("Take back: b", x, at);
  expect([leaving("a"), leaving("b")]).toEqual([true, hits]);
});
