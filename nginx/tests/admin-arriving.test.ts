import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { OwnerApi } from "../src/admin/api";
import { Arriving, arrivedWords, fromWords, silenceWords } from "../src/admin/arriving";
import { type OpenUpload, parseStopped, parseUploads } from "../src/admin/wire";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const MB = 1024 ** 2;

function upload(number: number, change: Partial<OpenUpload> = {}): OpenUpload {
  return {
    uploadId: `u${number}`,
    path: `${number}.bin`,
    size: 100 * MB,
    received: 10 * MB,
    openedAt: number,
    silence: 0,
    senderName: null,
    senderEmail: null,
    address: null,
    speed: 0,
    ...change,
  };
}

function shown(extra: Partial<ConstructorParameters<typeof Arriving>[0]> = {}): Arriving {
  const nothing = async (): Promise<void> => undefined;
  const arriving = new Arriving({ load: () => undefined, stop: nothing, stopAll: nothing, ...extra });
  const after = document.createElement("h4");
  after.tabIndex = -1;
  after.id = "after";
  document.body.append(arriving.element, after);
  return arriving;
}

function page(...items: OpenUpload[]) {
  return { items, nextCursor: null };
}

const rows = ({ element }: Arriving): HTMLElement[] => [
  ...element.querySelectorAll<HTMLElement>(".arriving"),
];
const cancelOf = (row: HTMLElement | undefined): HTMLButtonElement | null | undefined =>
  row?.querySelector("button");
const all = ({ element }: Arriving): HTMLButtonElement | null => element.querySelector('[data-part="all"]');

beforeEach(() => {
  // Without the head, whose style sheets this DOM would try to load.
  document.body.innerHTML = HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"));
});

describe("uploads on their way", () => {
  it("are told with their sender, how far they are and how fast", () => {
    const one = upload(1, { senderName: "Ann", senderEmail: "ann@example.org", address: "192.0.2.7" });
    expect(fromWords(one)).toBe("Ann <ann@example.org>, 192.0.2.7");
    expect(fromWords(upload(1, { address: "192.0.2.7" }))).toBe("192.0.2.7");
    expect(arrivedWords(upload(1, { speed: 3 * MB }))).toBe("10% · 10 MB of 100 MB · 3 MB/s");
    expect(arrivedWords(one)).toBe("10% · 10 MB of 100 MB");
  });

  it("say how long nothing has come, but not at once", () => {
    expect(silenceWords(upload(1, { silence: 20 }))).toBe("");
    expect(silenceWords(upload(1, { silence: 700 }))).toBe("nothing for 12 minutes");
    expect(silenceWords(upload(1, { silence: 700, speed: 1 }))).toBe("");
    expect(silenceWords(upload(1, { silence: 700, received: 0 }))).toBe("nothing has come yet");
  });

  it("are seen while there are any, and can be cancelled together where there are two", () => {
    const arriving = shown();
    expect(arriving.element.hidden).toBe(true);
    arriving.show(page(upload(1)), 1);
    expect(arriving.element.hidden).toBe(false);
    expect(all(arriving)?.hidden).toBe(true);
    arriving.show(page(upload(2), upload(1)), 2);
    expect(all(arriving)?.hidden).toBe(false);
    expect(arriving.element.querySelector("h2")?.textContent).toBe("On their way (2 uploads)");
    arriving.clear();
    expect(arriving.element.hidden).toBe(true);
  });

  it("come a hundred at a time, and say how many there are", () => {
    const arriving = shown();
    const items = Array.from({ length: 100 }, (_, number) => upload(number));
    arriving.show({ items, nextCursor: "more" }, 2_345);
    expect(arriving.element.querySelector("h2")?.textContent).toBe("On their way (2,345 uploads)");
    const more = [...arriving.element.querySelectorAll("button")].at(-1);
    expect(more?.textContent).toBe("Show 100 more uploads");
    more?.click();
    expect(arriving.wanted).toBe(200);
  });

  it("move on by the figures that come between two looks, and never back", () => {
    const arriving = shown();
    arriving.show(page(upload(2), upload(1)), 2);
    const before = rows(arriving);
    arriving.moved(
      new Map([
        ["u1", 50 * MB],
        ["u2", 5 * MB],
        ["other", MB],
      ]),
    );
    expect(rows(arriving)).toEqual(before);
    expect(before.map((row) => row.querySelector("progress")?.value)).toEqual([10 * MB, 50 * MB]);
    expect(before[1]?.textContent).toContain("50% · 50 MB of 100 MB");
  });

  it("leave the focus near by when they end", () => {
    const arriving = shown();
    arriving.show(page(upload(3), upload(2), upload(1)), 3);
    cancelOf(rows(arriving)[1])?.focus();
    arriving.drop("u2");
    expect(document.activeElement).toBe(cancelOf(rows(arriving)[1]));
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Cancel 1.bin");
    arriving.drop("u1");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Cancel 3.bin");
    arriving.show(page(), 0);
    expect(document.activeElement?.id).toBe("after");
  });

  it("take nobody's focus who is elsewhere", () => {
    const arriving = shown();
    arriving.show(page(upload(2), upload(1)), 2);
    arriving.drop("u2");
    arriving.clear();
    expect(document.activeElement).toBe(document.body);
  });

  it("keep what went wrong in sight until it is put right", () => {
    const arriving = shown();
    arriving.show(page(upload(1)), 1);
    arriving.complain("The file has arrived whole.");
    arriving.show(page(), 0);
    expect(arriving.element.hidden).toBe(false);
    expect(arriving.element.querySelector('[role="alert"]')?.textContent).toBe("The file has arrived whole.");
    arriving.complain("");
    arriving.show(page(), 0);
    expect(arriving.element.hidden).toBe(true);
  });

  it("say what went wrong also where the upload has gone meanwhile", () => {
    const arriving = shown();
    arriving.show(page(upload(1)), 1);
    arriving.show(page(), 0);
    arriving.complain("The file has arrived whole.");
    expect(arriving.element.hidden).toBe(false);
    arriving.complain("");
    expect(arriving.element.hidden).toBe(true);
  });

  it("hand each button what it is for, under a name that hides nothing", () => {
    const stop = vi.fn(async () => undefined);
    const arriving = shown({ stop });
    arriving.show(page(upload(1, { path: "photo\u202egpj.exe" })), 1);
    const button = cancelOf(rows(arriving)[0]);
    expect(button?.getAttribute("aria-label")).toBe("Cancel photo⟨U+202E⟩gpj.exe");
    button?.click();
    expect(stop).toHaveBeenCalledWith(expect.objectContaining({ uploadId: "u1" }));
  });
});

describe("the owner's calls for them", () => {
  const wire = {
    ...{ upload_id: "u/1", path: "a", size: 9, received_bytes: 4, opened_at: 1, active_at: 70 },
    ...{ sender_name: null, sender_email: null, address: "192.0.2.7", bytes_per_second: 3, running: true },
  };

  it("are read at the edge", () => {
    const found = parseUploads({ at: 100, uploads: [wire], next_cursor: "c" });
    expect(found.nextCursor).toBe("c");
    expect(found.items[0]).toMatchObject({ openedAt: 1_000, silence: 30, speed: 3, address: "192.0.2.7" });
    expect(() => parseUploads({ uploads: [] })).toThrow(TypeError);
    expect(() => parseStopped({})).toThrow(TypeError);
  });

  it("cancel one as the owner, and all of them in as many calls as it takes", async () => {
    const asked: string[] = [];
    const answers = [
      { cancelled: 1000, left: 1500 },
      { cancelled: 1000, left: 500 },
      { cancelled: 499, left: 1 },
      { cancelled: 0, left: 1 },
    ];
    const fetch = async (url: string, { method }: RequestInit): Promise<Response> => {
      asked.push(`${method} ${url.replace("/api/droppr/requests/", "")}`);
      if (url.includes("?")) return new Response(null, { status: 204 });
      return new Response(JSON.stringify(answers.shift()));
    };
    const api = new OwnerApi({ fetch, onUnauthorized: () => undefined });
    await api.stop("h", "u/1");
    expect(await api.stopAll("h")).toEqual({ cancelled: 2_499, left: 1 });
    expect(asked).toEqual(["DELETE h/uploads/u%2F1?as=owner", ...Array(4).fill("DELETE h/uploads")]);
  });
});
