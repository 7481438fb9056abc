import { beforeEach, describe, expect, it, vi } from "vitest";
import { parseChecklist, parseItems, parseQuestions } from "../src/core/asked";
import type { LinkInfo } from "../src/core/wire";
import { Asked } from "../src/page/asked/asked";
import { FORGOTTEN, keyName, senderKey } from "../src/page/asked/sender-key";
import { loadWords } from "../src/page/asked/words";
import { need } from "../src/page/dom";
import { useLanguage } from "../src/page/i18n";
import { LinkApi } from "../src/page/link-api";
import { SenderForm } from "../src/page/sender-form";
import { SentStore } from "../src/page/sent-store";
import type { UploadItem, UploadManager } from "../src/utils/upload-manager";
import { FakeClock } from "./support/clock";
import { NO_LIMITS } from "./support/links";

const FIELDS = ["name", "email", "password"].map(
  (id) => `<label id="${id}-field" hidden><span id="${id}-optional"></span><input id="${id}"></label>`,
);
const PASSPORT = { id: "passport", title: "Passport", required: true, extensions: ["pdf"], most: 2 };
const RECEIPTS = { id: "receipts", title: "Receipts", required: true, count: 3 };
const PHOTO = { id: "photo", title: "A photo", required: false, example: "https://example.org/a.jpg" };
const PROJECT = { id: "project", label: "Which project?", kind: "text", required: true };
const TERMS = { id: "terms", label: "I agree", kind: "agree", required: true };

let told: { items: object[]; answers: object; finished: boolean };
let calls: { url: string; method: string; headers: Record<string, string>; body: string }[];
let refusal: { status: number; body: object } | null;

const settled = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(3_000);
};

function open(more: Partial<LinkInfo>, files: readonly UploadItem[] = []) {
  const info: LinkInfo = { ...NO_LIMITS, ...more };
  const asked = new Asked(info, "hash");
  const went: { paths: string[]; item: string }[] = [];
  const onSubmit = vi.fn();
  const form = new SenderForm(info, onSubmit);
  const manager = {
    items: files,
    totals: () => ({ files: files.length, failed: 0, size: 0 }),
  } as unknown as UploadManager;
  const api = new LinkApi("hash", new FakeClock());
  asked.begin(
    manager,
    async () => api,
    form,
    async ({ picked }, item) => {
      went.push({ paths: picked.map(({ path }) => path), item });
    },
  );
  return { asked, went, form, onSubmit };
}

const itemOf = (title: string): HTMLElement => {
  const found = [...document.querySelectorAll<HTMLElement>(".asked-item")].find(
    (each) => each.querySelector("h3")?.textContent === title,
  );
  if (found === undefined) throw new Error(`There is no ${title}`);
  return found;
};
const stateOf = (title: string) => itemOf(title).querySelector(".asked-state")?.textContent;
const left = () => document.querySelector(".asked-left")?.textContent;

async function choose(title: string, ...names: string[]): Promise<void> {
  itemOf(title).querySelector("button")?.click();
  const input = document.querySelector<HTMLInputElement>(".asked input[type=file][multiple]");
  const files = names.map((name) => new File(["x"], name));
  Object.defineProperty(input, "files", { value: files, configurable: true });
  input?.dispatchEvent(new Event("change"));
  await settled();
}

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  document.body.innerHTML = `<form id="gate" hidden>${FIELDS.join("")}<span id="password-hint"></span></form>
    <div id="drop"></div><p id="live"></p>`;
  await useLanguage("en");
  await loadWords();
  calls = [];
  refusal = null;
  told = { items: [], answers: {}, finished: false };
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    calls.push({ url, method: init.method ?? "GET", headers, body: String(init.body) });
    if (refusal !== null) return new Response(JSON.stringify(refusal.body), { status: refusal.status });
    if (init.method === "PUT")
      told = { ...told, answers: { ...told.answers, ...JSON.parse(String(init.body)) } };
    return new Response(JSON.stringify(told), { status: 200 });
  });
  return () => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  };
});

describe("The key of a sender", () => {
  it("is 128 bits in 22 characters, kept for its link, and forgotten with what was sent", () => {
    const key = senderKey("one");
    expect(key).toMatch(/^[A-Za-z0-9_-]{21}[AQgw]$/);
    expect([senderKey("one"), localStorage.getItem(keyName("one"))]).toEqual([key, key]);
    expect(senderKey("two")).not.toBe(key);
    localStorage.setItem(keyName("one"), "scribbled over");
    expect(senderKey("one")).toMatch(/^[\w-]{22}$/);
    const another = senderKey("one");
    new SentStore("one").forget();
    expect(senderKey("one")).not.toBe(another);
  });

  it("lasts for the visit where nothing can be kept", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new Error("full");
    });
    expect(senderKey("three")).toBe(senderKey("three"));
    vi.restoreAllMocks();
  });
});

describe("What the server says is asked for", () => {
  it("is read with doubt", () => {
    expect(parseItems([{ id: "a", title: "A" }])[0]).toEqual({
      id: "a",
      title: "A",
      description: "",
      required: true,
      count: 1,
      most: 0,
      extensions: [],
      example: "",
    });
    expect(() => parseItems([{ id: "a" }])).toThrow(TypeError);
    expect(parseItems(undefined)).toEqual([]);
    expect(() => parseQuestions([{ id: "a", label: "A", kind: "shout" }])).toThrow(TypeError);
    expect(() => parseChecklist({ items: [{ id: "a", state: "lost" }] })).toThrow(TypeError);
    const { answers } = parseChecklist({ items: [], answers: { a: "x", b: true, c: 3, d: null } });
    expect(answers).toEqual({ a: "x", b: true });
  });
});

describe("Items", () => {
  it("say how they stand, with the note of what came back, and what is still missing", async () => {
    const file = { upload_id: "u", name: "scan.pdf", size: 2_048, received_at: 1 };
    told.items = [
      { id: "passport", state: "returned", note: "Page 2 is missing", files: [file], files_total: 1 },
      { id: "receipts", state: "needed", note: "", files: [file], files_total: 1 },
      { id: "photo", state: "needed", note: "", files: [], files_total: 0 },
    ];
    open({ items: [PASSPORT, RECEIPTS, PHOTO] });
    // Nothing is said before it is known.
    expect(stateOf("Passport")).toBe("");
    await settled();
    expect(["Passport", "Receipts", "A photo"].map(stateOf)).toEqual([
      "Sent back",
      "1 of 3 files",
      "Optional",
    ]);
    expect(itemOf("Passport").textContent).toContain("Sent backPage 2 is missing");
    expect(itemOf("Passport").textContent).toContain("scan.pdf");
    expect(itemOf("A photo").querySelector("a")?.rel).toContain("noopener");
    expect(left()).toBe("2 of 2 are still missing");
    expect(document.querySelector(".asked-rest")?.textContent).toContain("Other files");
    told.items = told.items.map((each) => ({ ...each, state: "accepted" }));
    told.finished = true;
    await vi.advanceTimersByTimeAsync(61_000);
    expect(left()).toBe("Everything that was asked for is here. Thank you.");
    expect(need("live").textContent).toContain("Passport: Accepted");
  });

  it("are asked about by the key of this browser, and with a password once it was typed", async () => {
    const { form } = open({ items: [PASSPORT], requiresPassword: true });
    await settled();
    expect(calls).toEqual([]);
    expect(left()).toBe("Type the password to see what you have sent before.");
    const input = need("password", HTMLInputElement);
    input.value = "wröng";
    refusal = { status: 403, body: { error: "No.", code: "password_invalid" } };
    input.dispatchEvent(new Event("change"));
    await settled();
    expect(calls.map(({ url, headers }) => [url, headers])).toEqual([
      [
        "/api/droppr/requests/hash/checklist",
        { "X-Sender-Key": senderKey("hash"), "X-Request-Password": "wr%C3%B6ng" },
      ],
    ]);
    expect(need("password-hint").textContent).toBe("That is not the password of this link.");
    // Nobody tries a wrong one again by itself.
    await vi.advanceTimersByTimeAsync(200_000);
    expect([calls.length, form.password]).toEqual([1, "wröng"]);
  });

  it("take their own kinds of files, no more than they want, and say there what they do not take", async () => {
    const { went } = open({ items: [PASSPORT], allowedExtensions: ["jpg"] });
    await settled();
    await choose("Passport", "a.pdf", "b.pdf", "c.jpg", "d.pdf");
    expect(went).toEqual([{ paths: ["a.pdf", "b.pdf"], item: "passport" }]);
    const refused = itemOf("Passport").querySelector("[role=alert]")?.textContent;
    expect(refused).toContain("c.jpg: This kind of file is not accepted here; .pdf would be.");
    expect(refused).toContain("d.pdf: There are as many files as are wanted for this.");
  });

  it("take what is let go over them, and leave nothing of it to the page around", async () => {
    const { went } = open({ items: [PHOTO] });
    const around = vi.fn();
    addEventListener("drop", around);
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.assign(event, { dataTransfer: { items: [], files: [new File(["x"], "a.gif")] } });
    itemOf("A photo").dispatchEvent(event);
    await settled();
    removeEventListener("drop", around);
    expect([went, around.mock.calls.length]).toEqual([[{ paths: ["a.gif"], item: "photo" }], 0]);
  });

  it("show what is on its way, and ask again how they stand when it has arrived", async () => {
    const item = {
      ...{ id: 0, file: new File(["1234"], "a.pdf"), path: "a.pdf", item: "passport", state: "sending" },
      ...{ cancelling: false, loaded: 2, safe: 2, error: null, uploadId: null, name: null },
      removableUntil: null,
    };
    const files = [item] as unknown as UploadItem[];
    told.items = [{ id: "receipts", state: "needed" }];
    const { asked } = open({ items: [PASSPORT, RECEIPTS] }, files);
    await settled();
    asked.paint();
    expect([stateOf("Passport"), stateOf("Receipts")]).toEqual(["On its way: 50%", "Needed"]);
    const before = calls.length;
    item.state = "done";
    asked.paint();
    asked.paint();
    await settled();
    expect(calls.length).toBe(before + 1);
  });

  it("of a full link have no place for files", () => {
    open({ items: [PASSPORT], full: true });
    expect(itemOf("Passport").querySelector("button")).toBeNull();
  });

  it("follow the language, their words included", async () => {
    told.items = [{ id: "passport", state: "needed" }];
    open({ items: [PASSPORT] });
    await settled();
    await useLanguage("de");
    expect([stateOf("Passport"), document.querySelector(".asked h2")?.textContent]).toEqual([
      "Fehlt noch",
      "Worum gebeten wird",
    ]);
    await useLanguage("en");
  });
});

describe("Questions", () => {
  const submit = async (): Promise<void> => {
    need("gate", HTMLFormElement).requestSubmit();
    await settled();
  };
  const fieldOf = (id: string) => need(`question-${id}`, HTMLElement) as HTMLInputElement;

  it("make the person say when to send, and are kept before anything goes", async () => {
    const { form, onSubmit } = open({ questions: [PROJECT, TERMS] });
    await settled();
    expect(form.asks).toBe(true);
    fieldOf("project").value = "Bridge";
    fieldOf("terms").checked = true;
    await submit();
    const put = calls.filter(({ method }) => method === "PUT");
    expect(put.map(({ body }) => JSON.parse(body))).toEqual([{ project: "Bridge", terms: true }]);
    expect(put[0]?.headers["X-Sender-Key"]).toBe(senderKey("hash"));
    expect(onSubmit).toHaveBeenCalledTimes(1);
    await submit();
    expect([calls.filter(({ method }) => method === "PUT").length, onSubmit.mock.calls.length]).toEqual([
      1, 2,
    ]);
  });

  it("stop the sending where the server does not take an answer, and say so at the field", async () => {
    const { onSubmit } = open({ questions: [PROJECT] });
    await settled();
    fieldOf("project").value = "?";
    refusal = { status: 400, body: { error: "x", code: "bad_request", fields: { project: "Say more." } } };
    await submit();
    expect([onSubmit.mock.calls.length, fieldOf("project").ariaInvalid]).toEqual([0, "true"]);
    expect(need("question-project-problem").textContent).toBe("Say more.");
    refusal = null;
    fieldOf("project").value = "The bridge";
    await submit();
    expect([onSubmit.mock.calls.length, fieldOf("project").ariaInvalid]).toEqual([1, null]);
  });

  it("are kept anew where another tab has had this browser forget who it was", async () => {
    const { asked } = open({ questions: [PROJECT] });
    await settled();
    fieldOf("project").value = "Bridge";
    await submit();
    localStorage.removeItem(keyName("hash"));
    expect(asked.headers["X-Sender-Key"]).toBe(senderKey("hash"));
    await submit();
    const keys = calls.filter(({ method }) => method === "PUT").map(({ headers }) => headers["X-Sender-Key"]);
    expect([keys.length, new Set(keys).size, keys[1]]).toEqual([2, 2, senderKey("hash")]);
  });

  it("have the answers of earlier visits, and lose them when this browser is to forget", async () => {
    told.answers = { project: "Bridge", terms: true };
    open({ questions: [PROJECT, TERMS] });
    await settled();
    expect([fieldOf("project").value, fieldOf("terms").checked]).toEqual(["Bridge", true]);
    told.answers = {};
    new SentStore("hash").forget();
    dispatchEvent(new Event(FORGOTTEN));
    await settled();
    expect([fieldOf("project").value, fieldOf("terms").checked]).toEqual(["", false]);
  });
});
