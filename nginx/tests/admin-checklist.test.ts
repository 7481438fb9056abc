import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { OwnerApi } from "../src/admin/api";
import { AskedFields } from "../src/admin/asked-fields";
import { ChecklistTab } from "../src/admin/checklist/tab";
import { cloned, part } from "../src/admin/parts";
import { type Judgement, type Party, parseParties } from "../src/admin/party-wire";
import type { ListedLink } from "../src/admin/wire";
import { parseItems, parseQuestions } from "../src/core/asked";
import { UploadError } from "../src/core/errors";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const ITEMS = parseItems([
  { id: "passport", title: "Passport" },
  { id: "receipts", title: "Receipts", count: 2 },
  { id: "photo", title: "A photo", required: false },
]);
const QUESTIONS = parseQuestions([{ id: "project", label: "Which project?", kind: "text", required: true }]);
const LINK = { hash: "h", items: ITEMS, questions: QUESTIONS } as unknown as ListedLink;
const NONE = { state: "needed", note: "", files: 0 };

function partyOf(id: string, name: string | null, items: Record<string, object> = {}, more: object = {}) {
  return {
    ...{
      id,
      name,
      email: null,
      first_at: 1,
      last_at: 2,
      files: 3,
      bytes: 2_048,
      state: "begun",
      late: false,
    },
    items: { passport: NONE, receipts: NONE, photo: NONE, ...items },
    answers: {},
    ...more,
  };
}

let wide = true;
let parties: ReturnType<typeof partyOf>[];
let judged: [string, string, Judgement][];
let refusal: UploadError | null;

const api = {
  parties: async () => parseParties({ parties, next_cursor: null }),
  filePage: async () => ({ items: [], nextCursor: null, found: null }),
  judge: async (_: string, party: string, item: string, judgement: Judgement): Promise<Party> => {
    if (refusal !== null) throw refusal;
    judged.push([party, item, judgement]);
    const found = parties.find(({ id }) => id === party);
    if (found === undefined) throw new Error("nobody");
    found.items = { ...found.items, [item]: { ...found.items[item as "photo"], ...judgement } };
    const [only] = parseParties({ parties: [found] }).items;
    if (only === undefined) throw new Error("nobody");
    return only;
  },
} as unknown as OwnerApi;

async function tab(): Promise<ChecklistTab> {
  const made = new ChecklistTab(LINK, api);
  document.body.append(made.element);
  await made.refresh(LINK, new AbortController().signal);
  return made;
}

const button = (label: string, root: ParentNode = document): HTMLButtonElement => {
  const all = [...root.querySelectorAll("button")].filter((each) => each.closest("[hidden]") === null);
  const found = all.find((each) => (each.getAttribute("aria-label") ?? each.textContent) === label);
  if (found === undefined) throw new Error(`There is no ${label} among ${all.map((each) => each.outerHTML)}`);
  return found;
};
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

beforeEach(() => {
  // Without the head, whose style sheets this DOM would try to load.
  document.body.innerHTML = `<p id="live"></p>${HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"))}`;
  vi.stubGlobal("matchMedia", () => ({ matches: wide, addEventListener: () => undefined }));
  wide = true;
  judged = [];
  refusal = null;
  parties = [
    partyOf("p1", "Anna", {
      passport: { state: "sent", note: "", files: 1 },
      receipts: { state: "needed", note: "", files: 1 },
    }),
    partyOf("p2", null, { passport: { state: "returned", note: "Page 2", files: 1 } }, { late: true }),
  ];
  return () => vi.unstubAllGlobals();
});

describe("The checklist of a link", () => {
  it("is a table of senders and items, by sign and word", async () => {
    await tab();
    const rows = [...document.querySelectorAll("tbody tr")].map((row) => row.textContent);
    expect(rows[0]).toContain("Anna");
    expect(rows[0]).toContain("1 of 2 · 3 files, 2 kB");
    expect(rows[0]).toContain("●Sent");
    expect(rows[0]).toContain("◐1 of 2");
    expect(rows[0]).toContain("–None yet");
    expect(rows[1]).toContain("Somebody");
    expect(rows[1]).toContain("↩Sent back");
    expect(rows[1]).toContain("○Missing");
    expect(button("Sent: Passport, Anna").textContent).toContain("Sent");
    expect(document.querySelectorAll("thead th[scope=col]")).toHaveLength(4);
  });

  it("is gone about in with the arrows, and keeps what is half typed beside it", async () => {
    await tab();
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
      );
    button("Sent: Passport, Anna").focus();
    for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"]) press(key);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("None yet: A photo, Somebody");
    const panel = document.querySelector("dialog");
    if (panel === null) throw new Error("no panel");
    button("Sent: Passport, Anna").click();
    button("Send back: Passport", panel).click();
    const note = (): HTMLTextAreaElement | undefined =>
      [...panel.querySelectorAll("textarea")].find((each) => each.closest("[hidden]") === null);
    (note() as HTMLTextAreaElement).value = "half";
    panel.close();
    expect(document.activeElement).toBe(button("Sent: Passport, Anna"));
    button("Sent: Passport, Anna").click();
    expect(note()?.value).toBe("half");
    panel.close();
  });

  it("opens a cell beside it, in which the owner accepts, and thinks better of it", async () => {
    await tab();
    button("Sent: Passport, Anna").click();
    const panel = document.querySelector("dialog");
    if (panel === null) throw new Error("no panel");
    expect(panel.open).toBe(true);
    expect(panel.textContent).toContain("Which project?Not answered");
    button("Accept: Passport", panel).click();
    await settled();
    button("Undo: Passport", panel).click();
    await settled();
    expect(judged).toEqual([
      ["p1", "passport", { state: "accepted", note: "" }],
      ["p1", "passport", { state: "sent", note: "" }],
    ]);
    expect(button("Sent: Passport, Anna")).not.toBeNull();
    panel.close();
  });

  it("sends nothing back without a note, and says what the server refuses", async () => {
    await tab();
    button("Sent: Passport, Anna").click();
    const panel = document.querySelector("dialog");
    if (panel === null) throw new Error("no panel");
    button("Send back: Passport", panel).click();
    const [note] = [...panel.querySelectorAll("textarea")].filter(
      (each) => each.closest("[hidden]") === null,
    );
    if (note === undefined) throw new Error("no field");
    const form = note.form as HTMLFormElement;
    form.requestSubmit();
    await settled();
    expect([judged.length, note.ariaInvalid]).toEqual([0, "true"]);
    expect(form.textContent).toContain("Say what is missing or wrong");
    note.value = " Page 2 is missing ";
    refusal = new UploadError("Nothing was sent for this yet.", { code: "item_not_sent", status: 409 });
    form.requestSubmit();
    await settled();
    expect([...panel.querySelectorAll(".notice.bad")].map((each) => each.textContent).join("")).toContain(
      "Nothing was sent for this yet.",
    );
    expect(note.value).toBe(" Page 2 is missing ");
    refusal = null;
    form.requestSubmit();
    await settled();
    expect(judged).toEqual([["p1", "passport", { state: "returned", note: "Page 2 is missing" }]]);
    expect([form.hidden, panel.querySelector(".cell-note")?.textContent]).toEqual([
      true,
      "Page 2 is missing",
    ]);
  });

  it("accepts at once all that was sent, and has that back", async () => {
    parties[1] = partyOf("p2", "Ben", {
      passport: { state: "sent", note: "", files: 1 },
      photo: { state: "sent", note: "", files: 1 },
    });
    const { element } = await tab();
    button("Accept all that was sent (3)", element).click();
    await settled();
    expect(judged.map(([party, item]) => `${party} ${item}`)).toEqual([
      "p1 passport",
      "p2 passport",
      "p2 photo",
    ]);
    expect(element.textContent).toContain("3 items accepted.");
    button("Undo", element).click();
    await settled();
    expect(judged.slice(3).map(([, , { state }]) => state)).toEqual(["sent", "sent", "sent"]);
  });

  it.each([
    ["a phone", false, "p1"],
    ["a link for one person", true, "recipient"],
  ])("has on %s its items below each sender", async (_, isWide, id) => {
    wide = isWide;
    parties = [partyOf(id, "Anna", { passport: { state: "sent", note: "", files: 1 } })];
    const made = await tab();
    expect(document.querySelector(".matrix-frame")?.closest("[hidden]")).not.toBeNull();
    const cells = [...document.querySelectorAll(".party summary")].map((each) => each.textContent);
    expect(cells).toEqual(["Passport●Sent1 file", "Receipts○Missing", "A photo–None yet"]);
    // What is half typed stays when the list is asked for again.
    const details = document.querySelector("details");
    if (details !== null) details.open = true;
    button("Send back: Passport").click();
    const note = document.querySelector<HTMLTextAreaElement>(".cell textarea");
    if (note !== null) note.value = "half";
    await made.refresh(LINK, new AbortController().signal);
    expect(document.querySelector<HTMLTextAreaElement>(".cell textarea")?.value).toBe("half");
  });

  it("says where nobody has sent anything", async () => {
    parties = [];
    const { element } = await tab();
    expect(element.textContent).toContain("Nobody has sent anything yet.");
  });
});

describe("What a link asks for, as its owner writes it", () => {
  function fields() {
    const root = document.createElement("form");
    root.append(cloned("terms"));
    document.body.append(root);
    const asked = new AskedFields(part(root, "asked", HTMLDetailsElement));
    const titles = () => [...root.querySelectorAll<HTMLInputElement>('[data-part="title"]')];
    return { root, asked, titles };
  }

  it("is read as it was filled in, with the ids that there are", () => {
    const { asked, root } = fields();
    const full = { ...ITEMS[0], extensions: ["pdf"], most: 3, example: "x" } as (typeof ITEMS)[0];
    const choice = {
      id: "q2",
      label: "Which?",
      kind: "choice",
      required: true,
      choices: ["a", "b"],
    } as const;
    asked.fill([full, ...ITEMS.slice(1)], [...QUESTIONS, choice]);
    expect(asked.read()).toEqual({ items: [full, ...ITEMS.slice(1)], questions: [...QUESTIONS, choice] });
    expect(part(root, "asked-count", HTMLElement).textContent).toBe("(3 items, 2 questions)");
  });

  it("is written row after row, moved by buttons and keys, and taken away", () => {
    const { asked, root, titles } = fields();
    button("Add an item", root).click();
    const press = (key: string, more: object = {}) =>
      document.activeElement?.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
      );
    for (const title of ["one", "two", "three"]) {
      expect(document.activeElement).toBe(titles().at(-1));
      (document.activeElement as HTMLInputElement).value = title;
      if (title !== "three") press("Enter");
    }
    const names = () => asked.read().items.map(({ title }) => title);
    expect(names()).toEqual(["one", "two", "three"]);
    press("ArrowUp", { altKey: true });
    expect([names(), (document.activeElement as HTMLInputElement).value]).toEqual([
      ["one", "three", "two"],
      "three",
    ]);
    button("Move up: item 2", root).click();
    expect([names(), document.activeElement]).toEqual([["three", "one", "two"], titles()[0]]);
    button("Remove: item 2", root).click();
    expect(names()).toEqual(["three", "two"]);
    expect(asked.read().items[0]).not.toHaveProperty("id");
  });

  it("asks for choices only of a choice", () => {
    const { asked, root } = fields();
    button("Add a question", root).click();
    const kind = part(root, "kind", HTMLSelectElement);
    const choices = part(root, "choices", HTMLTextAreaElement);
    expect([part(root, "choices-field", HTMLElement).hidden, choices.required]).toEqual([true, false]);
    kind.value = "choice";
    kind.dispatchEvent(new Event("change"));
    expect([part(root, "choices-field", HTMLElement).hidden, choices.required]).toEqual([false, true]);
    choices.value = "red\n\n blue \nred";
    expect(asked.read().questions[0]).toMatchObject({
      kind: "choice",
      choices: ["red", "blue"],
      required: true,
    });
  });
});
