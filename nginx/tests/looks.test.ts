import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Look, type LookedAt } from "../src/admin/looks/look";
import { LookApi, parseLook } from "../src/admin/looks/look-api";
import { Looker } from "../src/admin/looks/looker";
import { mayHavePicture, Pictures } from "../src/admin/looks/pictures";
import { UploadError } from "../src/core/errors";

const forever = new AbortController().signal;

function reply(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

function refusal(code: string, reason?: string): UploadError {
  return new UploadError("A sentence.", {
    code,
    status: 404,
    details: reason === undefined ? {} : { reason },
  });
}

/** Lets all run that waits for nothing. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
}

/** As long as one has to stand still until pictures are asked for, and longer. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}

/** Observers of the page, so that a test says what is seen. */
class Watching {
  static all: Watching[] = [];
  readonly places = new Set<Element>();
  readonly #saw: (entries: IntersectionObserverEntry[]) => void;

  constructor(saw: (entries: IntersectionObserverEntry[]) => void) {
    this.#saw = saw;
    Watching.all.push(this);
  }

  observe(place: Element): void {
    this.places.add(place);
  }

  unobserve(place: Element): void {
    this.places.delete(place);
  }

  disconnect(): void {
    this.places.clear();
  }

  see(...places: Element[]): void {
    this.tell(true, ...places);
  }

  tell(isIntersecting: boolean, ...places: Element[]): void {
    const entries = places.filter((place) => this.places.has(place));
    this.#saw(entries.map((target) => ({ target, isIntersecting })) as IntersectionObserverEntry[]);
  }
}

let addresses = 0;
const revoked: string[] = [];

beforeEach(() => {
  document.body.replaceChildren();
  Watching.all = [];
  revoked.length = 0;
  vi.stubGlobal("IntersectionObserver", Watching);
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${++addresses}`);
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(String(url)));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("LookApi", () => {
  it("asks again while the server is busy, and says what is wrong else", async () => {
    const slept: number[] = [];
    const answers = [
      reply(503, { code: "busy", error: "Too many." }, { "Retry-After": "2" }),
      reply(503, { code: "busy", error: "Too many." }),
      reply(200, { look: "pages", type: "", pages: 3, reason: null, problem: null }),
      reply(404, { code: "no_picture", error: "None.", reason: "damaged" }),
    ];
    const asked: string[] = [];
    const api = new LookApi(
      "the/hash",
      async (url) => {
        asked.push(url);
        return answers.shift() as Response;
      },
      async (ms) => void slept.push(ms),
    );
    expect(await api.describe("u 1", forever)).toEqual({ kind: "pages", type: "", pages: 3, problem: "" });
    expect(slept).toEqual([2000, 2000]);
    const failed = await api.picture("u1", 160, 2, forever).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "no_picture", details: { reason: "damaged" } });
    expect(asked[2]).toMatch(/\/requests\/the%2Fhash\/looks\/u%201$/);
    expect(asked[3]).toMatch(/\/looks\/u1\/picture\?size=160&page=2$/);
  });

  it("does not ask again for a picture of which the server has said that there is none", async () => {
    let asked = 0;
    const api = new LookApi("h", async () => {
      asked += 1;
      return reply(404, { code: "no_picture", error: "It is damaged.", reason: "damaged" });
    });
    const first = await api.picture("u1", 160, 1, forever).catch((error: unknown) => error);
    expect(await api.picture("u1", 1600, 1, forever).catch((error: unknown) => error)).toBe(first);
    expect(asked).toBe(1);
    // That there is no such page says nothing of the others.
    for (const page of [9, 1]) await api.picture("u2", 160, page, forever).catch(() => undefined);
    expect(asked).toBe(3);
  });

  it("takes nothing for a description that is none", () => {
    const whole = { look: "text", type: "text/plain", pages: 0, problem: null };
    expect(parseLook(whole).kind).toBe("text");
    for (const broken of [
      null,
      [],
      {},
      { ...whole, look: "page" },
      { ...whole, type: 1 },
      { ...whole, pages: "1" },
    ])
      expect(() => parseLook(broken)).toThrow(TypeError);
  });
});

describe("Pictures", () => {
  const place = (): HTMLElement => {
    const made = document.createElement("span");
    made.textContent = "JPG";
    document.body.append(made);
    return made;
  };
  const see = (...places: HTMLElement[]): void => Watching.all[0]?.see(...places);
  const file = (uploadId: string, path = "a.jpg", type = "picture") => ({ uploadId, path, type });

  it("asks for what is seen, a few at a time, the last first, and for nothing twice", async () => {
    const asked: string[] = [];
    const waiting: (() => void)[] = [];
    const pictures = new Pictures(async (id) => {
      asked.push(id);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return new Blob();
    });
    const places = ["a", "b", "c", "d", "e"].map((id) => {
      const made = place();
      pictures.show(made, file(id));
      return made;
    });
    expect(asked).toEqual([]);
    see(...places);
    await vi.waitFor(() => expect(asked).toEqual(["e", "d", "c"]));
    // Out of sight and back, while it is on its way.
    Watching.all[0]?.tell(false, places[3] as HTMLElement);
    see(places[3] as HTMLElement);
    // Another file has come to this place, and that one has been scrolled past.
    pictures.show(places[0] as HTMLElement, null);
    places[1]?.remove();
    for (const done of waiting) done();
    await vi.waitFor(() => expect(document.querySelectorAll("img").length).toBe(3));
    await pause();
    expect(asked).toEqual(["e", "d", "c"]);
    expect(places[4]?.className).toBe("pictured");
    const again = place();
    pictures.show(again, file("e"));
    expect(again.querySelector("img")?.getAttribute("src")).toMatch(/^blob:/);
    expect(again.querySelector("img")?.alt).toBe("");
  });

  it("leaves the type where there is no picture, and a picture of another file out of the place", async () => {
    const asked: string[] = [];
    const pictures = new Pictures(async (id) => {
      asked.push(id);
      if (id === "none") throw refusal("no_picture", "unsupported");
      await pause();
      return new Blob();
    });
    const [one, two] = [place(), place()];
    pictures.show(one, file("none"));
    pictures.show(two, file("late"));
    see(one, two);
    await vi.waitFor(() => expect(asked).toContain("late"));
    two.replaceChildren("PDF");
    pictures.show(two, null);
    await pause();
    expect([one.textContent, two.textContent]).toEqual(["JPG", "PDF"]);
    pictures.show(one, file("none"));
    see(one);
    await pause();
    expect(asked.filter((id) => id === "none")).toEqual(["none"]);
  });

  it("asks no more where the server draws nothing, and again where something went wrong", async () => {
    const asked: string[] = [];
    let wrong = refusal("network_error");
    const pictures = new Pictures(async (id) => {
      asked.push(id);
      throw wrong;
    });
    const shown = place();
    for (const error of [wrong, refusal("no_picture", "off"), wrong]) {
      wrong = error;
      pictures.show(shown, file("a"));
      see(shown);
      await pause();
    }
    expect(asked).toEqual(["a", "a"]);
  });

  it("asks for nothing of which there is none by its name, nor for films where nothing draws them", async () => {
    for (const [name, type] of [
      ["a.zip", "archive"],
      ["a.mp3", "audio"],
      ["a.docx", "document"],
      ["a.SVG", "picture"],
      ["a.mxf", "video"],
    ] as const)
      expect(mayHavePicture(file("u", name, type)), name).toBe(false);
    for (const [name, type] of [
      ["a.PDF", "document"],
      ["a.heic", "picture"],
      ["scan", "other"],
      ["a.dat", "other"],
    ] as const)
      expect(mayHavePicture(file("u", name, type)), name).toBe(true);
    const asked: string[] = [];
    const pictures = new Pictures(async (id) => {
      asked.push(id);
      throw refusal("no_picture", "no_program");
    });
    const shown = place();
    for (const each of [
      file("zip", "a.zip", "archive"),
      file("film", "a.mp4", "video"),
      file("other", "b.mp4", "video"),
      file("photo"),
    ]) {
      pictures.show(shown, each);
      see(shown);
      await pause();
    }
    expect(asked).toEqual(["film", "photo"]);
  });

  it("puts the type back where what came is no picture", async () => {
    const pictures = new Pictures(async () => new Blob());
    const shown = place();
    pictures.show(shown, file("a"));
    see(shown);
    await vi.waitFor(() => expect(shown.querySelector("img")).not.toBeNull());
    shown.querySelector("img")?.dispatchEvent(new Event("error"));
    expect([shown.textContent, shown.className]).toEqual(["JPG", ""]);
  });
});

describe("Look", () => {
  const files = ["a.jpg", "b.pdf", "c.txt", "d.zip", "\u202egpj.exe"].map(
    (path, at): LookedAt => ({ uploadId: `u${at}`, path, size: 300_000 }),
  );
  const [first, , , , last] = files as [LookedAt, LookedAt, LookedAt, LookedAt, LookedAt];
  const described: Record<string, unknown> = {
    u0: { look: "picture", type: "image/jpeg", pages: 1, problem: null },
    u1: { look: "pages", type: "", pages: 20, problem: null },
    u2: { look: "text", type: "text/plain", pages: 0, problem: null },
    u3: { look: "none", type: "", pages: 0, problem: "Nothing to be seen." },
    u4: { look: "audio", type: "audio/mpeg", pages: 0, problem: null },
  };

  function looking(answer: (url: string) => Response | undefined = () => undefined) {
    const closed: LookedAt[] = [];
    const asked: string[] = [];
    const api = new LookApi("h", async (url, { signal }) => {
      asked.push(url);
      signal?.throwIfAborted();
      const special = answer(url);
      if (special !== undefined) return special;
      if (url.endsWith("/content")) return new Response("<script>text</script>");
      if (url.includes("/picture")) return new Response(new Blob(["picture"]));
      return reply(200, described[url.slice(url.lastIndexOf("/") + 1)]);
    });
    const look = new Look<LookedAt>({
      hash: "h",
      beside: (file, step) => files[files.indexOf(file) + step] ?? null,
      closed: (file) => void closed.push(file),
      api,
    });
    const stage = (): HTMLElement => document.querySelector(".look-stage") as HTMLElement;
    const press = (key: string): boolean =>
      stage().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    return { look, closed, asked, stage, press };
  }

  it("goes from file to file by keys, to the ends and no further, and gives the focus back to the last one", async () => {
    const { look, closed, stage, press } = looking();
    look.open(first);
    await vi.waitFor(() => expect(stage().querySelector("img")?.alt).toBe("a.jpg"));
    const [before, behind] = document.querySelectorAll("button");
    expect(before?.getAttribute("aria-disabled")).toBe("true");
    press("ArrowLeft");
    await settle();
    expect(document.querySelector("h2")?.textContent).toBe("a.jpg");
    press("ArrowRight");
    await vi.waitFor(() => expect(stage().querySelectorAll(".look-page")).toHaveLength(20));
    expect(revoked).toHaveLength(1);
    press("ArrowRight");
    await vi.waitFor(() => expect(stage().querySelector("pre")?.textContent).toBe("<script>text</script>"));
    expect(stage().querySelector("script")).toBeNull();
    expect(stage().textContent).toContain("These are the first");
    behind?.click();
    await vi.waitFor(() => expect(stage().textContent).toBe("Nothing to be seen."));
    press("ArrowRight");
    await vi.waitFor(() => expect(stage().querySelector("audio")).not.toBeNull());
    expect(document.querySelector("h2")?.textContent).toBe("⟨U+202E⟩gpj.exe");
    expect(behind?.getAttribute("aria-disabled")).toBe("true");
    document.querySelector("dialog")?.close();
    await vi.waitFor(() => expect(closed).toEqual([last]));
    expect(stage().children).toHaveLength(0);
  });

  it("asks for pages as they are come to", async () => {
    const { look, asked, stage } = looking();
    look.open(files[1] as LookedAt);
    await vi.waitFor(() => expect(stage().querySelectorAll(".look-page")).toHaveLength(20));
    const pages = [...stage().querySelectorAll(".look-page")];
    expect(asked.filter((url) => url.includes("/picture"))).toEqual([]);
    Watching.all.at(-1)?.see(...pages.slice(0, 2));
    await vi.waitFor(() => expect(stage().querySelectorAll("img")).toHaveLength(2));
    expect(stage().querySelector("img")?.alt).toBe("Page 1 of 20");
    expect(asked.filter((url) => url.includes("/picture"))).toHaveLength(2);
  });

  it("shows what browsers know where the server draws nothing, and says what is wrong in its place", async () => {
    const { look, stage } = looking((url) =>
      url.includes("/picture") ? reply(400, { code: "not_installed", error: "Add the extra." }) : undefined,
    );
    look.open(first);
    await vi.waitFor(() => expect(stage().querySelector("img")?.getAttribute("src")).toMatch(/u0\/content$/));
    const refused = looking((url) =>
      url.includes("/picture") ? reply(404, { code: "no_picture", error: "It is damaged." }) : undefined,
    );
    document.body.replaceChildren();
    refused.look.open(first);
    await vi.waitFor(() => expect(refused.stage().textContent).toBe("It is damaged."));
  });

  it("says what cannot be played, with a picture of it where there is one", async () => {
    const { look, stage } = looking((url) =>
      url.endsWith("/u0")
        ? reply(200, { look: "video", type: "video/mp4", pages: 0, problem: null })
        : undefined,
    );
    look.open(first);
    await vi.waitFor(() => expect(stage().querySelector("video")).not.toBeNull());
    stage().querySelector("video")?.dispatchEvent(new Event("error"));
    await vi.waitFor(() => expect(stage().querySelector("img")?.alt).toBe("A picture of a.jpg"));
    expect(stage().textContent).toContain("cannot play this film");
  });
});

describe("Looker", () => {
  it("loads what it needs when somebody looks", async () => {
    const failed = vi.fn();
    const looker = new Looker<LookedAt>({ hash: "h", beside: () => null, closed: () => undefined, failed });
    vi.stubGlobal("fetch", async () => reply(200, { look: "none", type: "", pages: 0, problem: "Nothing." }));
    await looker.open({ uploadId: "u", path: "a", size: 1 });
    expect(document.querySelector("dialog")?.open).toBe(true);
    await vi.waitFor(() => expect(document.querySelector(".look-stage")?.textContent).toBe("Nothing."));
    expect(failed).not.toHaveBeenCalled();
  });
});
