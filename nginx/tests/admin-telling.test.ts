import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadWords, speak } from "../src/admin/i18n";
import type { Why } from "../src/admin/reasons";
import { Adding } from "../src/admin/telling/adding";
import { ByMail } from "../src/admin/telling/by-mail";
import { TellingCalls } from "../src/admin/telling/calls";
import { EndpointList } from "../src/admin/telling/endpoint-list";
import { follow } from "../src/admin/telling/following";
import { MessageLog } from "../src/admin/telling/log";
import {
  type Endpoint,
  type Message,
  parseEndpoints,
  parseMade,
  parsePage,
  parseTests,
} from "../src/admin/telling/wire";
import {
  HOOK_KINDS,
  kindsWords,
  newestOf,
  outcomeWords,
  shortAddress,
  standingWords,
} from "../src/admin/telling/words";
import { UploadError } from "../src/core/errors";

const NOW = Date.UTC(2026, 4, 1, 12);
const endpoint = (more: Partial<Endpoint> = {}): Endpoint => ({
  id: "ep_1",
  way: "webhook",
  url: "https://example.org/hook",
  kinds: [...HOOK_KINDS, "test"],
  link: null,
  isActive: true,
  failingSince: null,
  ...more,
});
const because = (answer: string, reason = "", said = ""): Why => ({ answer, reason, said });
const message = (more: Partial<Message> = {}): Message => ({
  id: "msg_1",
  kind: "files.received",
  recipient: "ep_1",
  title: "Films",
  files: 2,
  state: "sent",
  createdAt: NOW - 120_000,
  tries: 1,
  nextAt: null,
  why: because("204"),
  doneAt: NOW - 60_000,
  ...more,
});
const said = (fields: object = {}) => ({
  id: "msg_1",
  kind: "test",
  channel: "webhook",
  recipient: "ep_1",
  state: "waiting",
  created_at: NOW / 1_000,
  tries: 0,
  next_at: null,
  answer: null,
  done_at: null,
  ...fields,
});
const shown = (fields: object = {}) => ({
  id: "ep_1",
  way: "webhook",
  url: "https://example.org/hook",
  kinds: ["test"],
  link: null,
  active: true,
  created_at: 1,
  failing_since: null,
  trouble: null,
  ...fields,
});
const flush = () => new Promise((done) => setTimeout(done));

beforeAll(async () => {
  await speak("en", "common", "desk", "terms");
  await loadWords("telling");
});

describe("what the server says", () => {
  it("is read with doubt", () => {
    expect(parseEndpoints({ endpoints: [shown({ failing_since: 5, kinds: ["test", 7] })] })).toEqual([
      endpoint({ kinds: ["test"], failingSince: 5_000 }),
    ]);
    expect(parseMade({ ...shown(), secret: "whsec_x" }).secret).toBe("whsec_x");
    expect(parsePage({ messages: [said()], next_cursor: "" }).cursor).toBeNull();
    expect(parseTests({ messages: [said()] })[0]?.createdAt).toBe(NOW);
    expect(() => parseEndpoints({})).toThrow(TypeError);
    expect(() => parsePage({ messages: [{ id: 1 }] })).toThrow(TypeError);
  });
});

describe("messages in words", () => {
  it("say what became of one, and when", () => {
    expect(outcomeWords(message(), NOW)).toBe("Delivered: 1 minute ago");
    expect(outcomeWords(message({ state: "failed", why: because("500"), nextAt: NOW + 600_000 }), NOW)).toBe(
      "It was not taken. 500. Tried again in 10 minutes.",
    );
    expect(outcomeWords(message({ state: "given_up", why: because("410") }), NOW)).toBe("Given up. 410.");
    expect(outcomeWords(message({ state: "waiting", tries: 0, why: because("") }), NOW)).toBe("On its way");
    // What a stranger's server answers cannot turn the direction of writing.
    expect(outcomeWords(message({ state: "given_up", why: because("a\u202eb") }), NOW)).toContain("⟨U+202E⟩");
  });

  it("say why by kind, and in whose words", () => {
    const words = (why: Why): string => outcomeWords(message({ state: "given_up", why }), NOW);
    expect(words(because("550 5.1.1 Unknown", "no_such", "550 5.1.1 Unknown"))).toBe(
      "Given up. It is not there: no such mailbox, address or folder. The other server said: “550 5.1.1 Unknown”.",
    );
    expect(words(because("No answer: Connection refused.", "unreachable", "Connection refused"))).toBe(
      "Given up. The other server cannot be reached. In detail: “Connection refused”.",
    );
    expect(words(because("No answer within 15 seconds.", "timed_out"))).toBe(
      "Given up. The other server did not answer in time.",
    );
    expect(words(because("The endpoint was removed.", "removed"))).toBe(
      "Given up. Where it was to go was removed here.",
    );
    // What names a setting is told as it is to whoever reads English.
    expect(words(because("Allow its network in DROPPR_X.", "not_allowed"))).toBe(
      "Given up. Allow its network in DROPPR_X.",
    );
    // A kind of a later version.
    expect(words(because("Something new", "invented", "x"))).toBe("Given up. Something new.");
  });

  it("say it in the reader's language", async () => {
    await speak("de", "common", "desk", "terms");
    await loadWords("telling");
    const words = (why: Why): string => outcomeWords(message({ state: "given_up", why }), NOW);
    expect(words(because("535 5.7.8 no", "log_in", "535 5.7.8 no"))).toBe(
      "Aufgegeben. Benutzer, Passwort oder Schlüssel werden dort nicht angenommen. Der andere Server sagte: „535 5.7.8 no“.",
    );
    expect(words(because("Allow its network in DROPPR_X.", "not_allowed"))).toBe(
      "Aufgegeben. Dieser Server darf sich nicht mit dieser Adresse verbinden. Genauer: „Allow its network in DROPPR_X“.",
    );
    expect(words(because("They want no reminders.", "not_needed"))).toBe(
      "Aufgegeben. Es wird nicht mehr gebraucht.",
    );
    await speak("en", "common", "desk", "terms");
    await loadWords("telling");
  });

  it("say how an endpoint stands", () => {
    const last = newestOf([message(), message({ state: "given_up" })]).get("ep_1");
    expect(standingWords(endpoint(), last, NOW)).toBe("On · Delivered: 1 minute ago");
    expect(standingWords(endpoint({ failingSince: NOW - 7_200_000 }), last, NOW)).toContain("takes nothing");
    expect(standingWords(endpoint({ isActive: false }), last, NOW)).toBe("Switched off.");
    expect(kindsWords(endpoint())).toBe("everything");
    expect(kindsWords(endpoint({ kinds: ["link.made", "test"] }))).toBe("A link was made");
  });

  it("shorten an address so that both ends are told", () => {
    expect(shortAddress("https://example.org/hook")).toBe("example.org/hook");
    const long = shortAddress(`https://example.org/${"x".repeat(100)}/end`);
    expect([...long]).toHaveLength(60);
    expect(long).toMatch(/^example\.org\/x+…x+\/end$/);
  });
});

describe("a test", () => {
  it("is asked for until it is known what came of it, and no longer than anybody looks", async () => {
    const states: string[] = [];
    const load = vi
      .fn<(id: string) => Promise<Message>>()
      .mockRejectedValueOnce(new Error("offline"))
      .mockResolvedValueOnce(message({ state: "waiting" }))
      .mockResolvedValueOnce(message());
    const show = ({ state }: Message) => states.push(state);
    await follow(message({ state: "waiting" }), { load, show, isSeen: () => true }, async () => {});
    expect(states).toEqual(["waiting", "waiting", "waiting", "sent"]);
    load.mockClear();
    await follow(message({ state: "waiting" }), { load, show, isSeen: () => false }, async () => {});
    expect(load).not.toHaveBeenCalled();
  });
});

describe("the panel", () => {
  let asked: [string, string, unknown][];
  let answers: Record<string, unknown>;
  let calls: TellingCalls;

  beforeEach(() => {
    document.body.innerHTML = '<div id="live"></div>';
    document.documentElement.removeAttribute("data-only-looks");
    asked = [];
    answers = { "GET /endpoints": { endpoints: [shown(), shown({ id: "ep_2", link: "other" })] } };
    calls = new TellingCalls({
      raw: async (method, path, body) => {
        asked.push([method, path, body]);
        const answer = answers[`${method} ${path.replace(/\?.*/, "")}`];
        if (answer instanceof Error) throw answer;
        return answer ?? null;
      },
    });
  });

  async function listed(link: string | null): Promise<EndpointList> {
    const list = new EndpointList(calls, { link, titleOf: () => "Films", sent: () => {}, listed: () => {} });
    document.body.append(list.element);
    await list.load();
    return list;
  }

  const button = (root: ParentNode, act: string) =>
    root.querySelector<HTMLButtonElement>(`[data-act="${act}"]`) as HTMLButtonElement;

  it("lists of a link its own endpoints and those of all links", async () => {
    const all = await listed(null);
    expect(all.element.querySelectorAll("li")).toHaveLength(2);
    expect(all.element.textContent).toContain("link Films");
    expect((await listed("this")).element.querySelectorAll("li")).toHaveLength(1);
  });

  it("asks before it removes, and once for two clicks", async () => {
    const { element } = await listed("this");
    button(element, "remove").click();
    await flush();
    expect(document.activeElement?.textContent).toBe("Cancel");
    element.querySelector<HTMLButtonElement>("li .danger")?.click();
    element.querySelector<HTMLButtonElement>("li .danger")?.click();
    await flush();
    expect(asked.filter(([method]) => method === "DELETE")).toEqual([
      ["DELETE", "/endpoints/ep_1", undefined],
    ]);
  });

  it("shows a new secret, keeps the focus where it was, and says what is refused", async () => {
    answers["POST /endpoints/ep_1/secret"] = { ...shown(), secret: "whsec_new" };
    const { element } = await listed("this");
    button(element, "renew").click();
    await flush();
    element.querySelector<HTMLButtonElement>("li .danger")?.click();
    await flush();
    expect(element.querySelector<HTMLInputElement>("input")?.value).toBe("whsec_new");
    button(element, "turn").click();
    await flush();
    expect(asked).toContainEqual(["PATCH", "/endpoints/ep_1", { active: false }]);
    expect((document.activeElement as HTMLElement).dataset.act).toBe("turn");
    answers["POST /messages/test"] = new UploadError("You may look.", { code: "read_only", status: 403 });
    button(element, "test").click();
    await flush();
    expect(element.querySelector('[role="alert"]')?.textContent).toBe("You may look.");
  });

  it("has nothing to press for those who may only look", async () => {
    document.documentElement.toggleAttribute("data-only-looks", true);
    const { element } = await listed(null);
    expect(element.querySelectorAll("button")).toHaveLength(0);
    const log = new MessageLog(calls, { link: null, listed: () => {}, tried: () => {} });
    answers["GET /messages"] = { messages: [said()] };
    await log.load();
    expect(log.element.querySelectorAll("li")).toHaveLength(1);
    expect(log.element.querySelectorAll("li button")).toHaveLength(0);
  });

  it("adds a webhook for one link, with what was chosen; chats are for admins", async () => {
    const added = vi.fn(async () => {});
    answers["POST /endpoints"] = { ...shown(), secret: "whsec_x" };
    const adding = new Adding(calls, { link: "this", mayAdminister: false, added });
    document.body.append(adding.element);
    expect(adding.element.querySelector('option[value="chat"]')).toBeNull();
    const [url] = adding.element.querySelectorAll("input");
    if (url !== undefined) url.value = " https://example.org/hook ";
    const boxes = [...adding.element.querySelectorAll<HTMLInputElement>("[type=checkbox]")];
    for (const each of boxes.slice(1)) each.click();
    adding.element.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await flush();
    expect(asked).toEqual([
      [
        "POST",
        "/endpoints",
        { url: "https://example.org/hook", kinds: ["files.received", "test"], link: "this" },
      ],
    ]);
    expect(added).toHaveBeenCalledOnce();
    expect(boxes.every(({ checked }) => checked)).toBe(true);
    for (const each of boxes) each.click();
    expect(boxes[0]?.validationMessage).toBe("Choose at least one thing that is told.");
  });

  it("changes what one is told, and its address only where that is another", async () => {
    answers["GET /endpoints"] = { endpoints: [shown({ kinds: ["files.received", "link.made", "test"] })] };
    answers["PATCH /endpoints/ep_1"] = shown();
    const { element } = await listed("this");
    button(element, "change").click();
    await flush();
    const url = element.querySelector<HTMLInputElement>("form input");
    expect(document.activeElement).toBe(url);
    expect(url?.value).toBe("https://example.org/hook");
    element.querySelector<HTMLInputElement>('[value="link.made"]')?.click();
    const form = element.querySelector("form");
    form?.dispatchEvent(new Event("submit", { cancelable: true }));
    await flush();
    const asks = () => asked.filter(([method]) => method === "PATCH").map(([, , body]) => body);
    expect(asks()).toEqual([{ kinds: ["files.received", "test"] }]);
    expect(element.querySelector("form")).toBeNull();
    expect((document.activeElement as HTMLElement).dataset.act).toBe("change");
  });

  it("changes who is mailed about a link", async () => {
    const changed = vi.fn();
    const ports = { link: "this", notify: "anna@example.org, ben@example.org", mayAdminister: true };
    const mails = new ByMail(calls, { ...ports, changed, sent: () => {} });
    document.body.append(mails.element);
    mails.element.querySelector<HTMLButtonElement>("li .danger")?.click();
    await flush();
    expect(asked).toEqual([["PATCH", "/droppr/requests/this", { notify: ["ben@example.org"] }]]);
    mails.element.querySelector<HTMLButtonElement>("li .danger")?.click();
    await flush();
    // None named: those of the server, which the page says.
    expect(asked.at(-1)).toEqual(["PATCH", "/droppr/requests/this", { notify: null }]);
    expect(mails.element.textContent).toContain("Mails go to those who are named in the Settings.");
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("pages the log, and sends one again", async () => {
    answers["GET /messages"] = { messages: [said({ state: "given_up", answer: "410" })], next_cursor: "c" };
    answers["POST /messages/msg_1/redelivery"] = said({ state: "sent", done_at: Date.now() / 1_000 });
    const tried = vi.fn();
    const log = new MessageLog(calls, { link: "this", listed: () => {}, tried });
    document.body.append(log.element);
    await log.load();
    log.know([endpoint()]);
    expect(log.element.querySelector("li")?.textContent).toContain("Webhook example.org/hook");
    expect(log.element.querySelector(".outcome")?.textContent).toBe("Given up. 410.");
    log.element.querySelector<HTMLButtonElement>("li button")?.click();
    await flush();
    expect(log.element.querySelector(".outcome")?.textContent).toBe("Delivered: just now");
    expect(tried).toHaveBeenCalledOnce();
    answers["GET /messages"] = { messages: [said({ id: "msg_0" })] };
    const more = [...log.element.querySelectorAll("button")].find((each) => each.textContent === "Show more");
    more?.click();
    await flush();
    expect(asked.at(-1)?.[1]).toBe("/messages?limit=20&link=this&cursor=c");
    expect(log.element.querySelectorAll("li")).toHaveLength(2);
    expect(more?.hidden).toBe(true);
  });
});
