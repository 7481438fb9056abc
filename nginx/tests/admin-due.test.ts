import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parseAwaited, remindedWords, remindLabel } from "../src/admin/chasing";
import {
  anotherWeek,
  dueFacts,
  dueTerms,
  dueWords,
  localText,
  NOT_DUE,
  parseDue,
  typedDue,
} from "../src/admin/due";
import { DueFields } from "../src/admin/due-fields";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date(2026, 6, 1, 12, 0).getTime();
const at = (milliseconds: number) => ({ ...NOT_DUE, at: milliseconds });

describe("a date", () => {
  it("is typed by the clock of whoever types it, and comes back as it was", () => {
    const due = new Date(2026, 6, 3, 18, 30).getTime();
    expect(localText(due)).toBe("2026-07-03T18:30");
    expect(dueTerms(typedDue(at(due))).due_at).toBe(due / 1_000);
    expect(dueTerms(typedDue(NOT_DUE)).due_at).toBeNull();
  });

  it("is read with doubt", () => {
    const read = parseDue({ due_at: 5, reminders: [7, "1", -1], allow_late: false, recipient_name: "Anna" });
    expect(read).toEqual({
      at: 5_000,
      allowLate: false,
      reminders: [7, -1],
      forName: "Anna",
      forEmail: "",
      forLanguage: "auto",
    });
    expect(parseDue({ recipient_language: "pl" }).forLanguage).toBe("pl");
    expect(parseDue({})).toEqual(NOT_DUE);
  });

  it.each([
    ["soon", 3 * DAY, "Due in 3 days"],
    ["soon", 5 * HOUR, "Due in 5 hours"],
    ["later", 20 * DAY, "Due Jul 21, 2026"],
    ["late", -3.2 * DAY, "3 days late"],
    ["late", -2 * HOUR, "2 hours late"],
    ["done", -3 * DAY, ""],
    ["none", -3 * DAY, ""],
  ] as const)("that is %s is said as people say it", (standing, from, words) => {
    expect(dueWords({ due: at(NOW + from), standing }, NOW)).toBe(words);
    expect(dueWords({ due: NOT_DUE, standing }, NOW)).toBe("");
  });

  it("is listed with what belongs to it, and nothing where there is none", () => {
    const due = {
      ...at(NOW),
      allowLate: false,
      reminders: [7, 0, -1],
      forName: "Anna",
      forEmail: "a@b.example",
      forLanguage: "fr",
    } as const;
    expect(dueFacts(due)).toEqual([
      ["For", "Anna <a@b.example>"],
      ["Language of whom it is for", "Français"],
      ["Due", "July 1, 2026 at 12:00 PM"],
      ["Late files", "are not taken"],
      ["Reminders", "7 days before, when they are due, 1 day after"],
    ]);
    expect(
      dueFacts({ ...due, at: null, forName: "", forLanguage: "auto" }).map(([, value]) => value),
    ).toEqual(["a@b.example", "", "", "", ""]);
  });
});

describe("another week", () => {
  const link = { due: NOT_DUE, standing: "none", expiresAt: null, expired: false } as const;

  it("is a week for a link that has only an end", () => {
    expect(anotherWeek({ ...link, expiresAt: NOW - DAY, expired: true }, NOW)).toEqual({
      expires_hours: 168,
    });
    expect(anotherWeek({ ...link, expiresAt: NOW + DAY }, NOW)).toEqual({ expires_hours: 192 });
  });

  it("keeps the hour, lies ahead, and takes the end along only where that would come first", () => {
    const due = NOW - 9 * DAY;
    const then = new Date(NOW + 5 * DAY).getTime() / 1_000;
    expect(anotherWeek({ ...link, due: at(due) }, NOW)).toEqual({ due_at: then });
    expect(anotherWeek({ ...link, due: at(due), expiresAt: NOW + 30 * DAY }, NOW)).toEqual({ due_at: then });
    expect(anotherWeek({ ...link, due: at(due), expiresAt: NOW + DAY }, NOW)).toEqual({
      due_at: then,
      expires_hours: 6 * 24,
    });
    expect(anotherWeek({ ...link, due: at(NOW + DAY) }, NOW)).toEqual({ due_at: (NOW + 8 * DAY) / 1_000 });
  });
});

describe("the fields", () => {
  beforeEach(() => {
    document.body.innerHTML = HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"));
  });

  const fields = (due?: typeof NOT_DUE) => {
    const root = document.createElement("div");
    root.append(document.importNode((document.getElementById("terms") as HTMLTemplateElement).content, true));
    return { root, fields: new DueFields(root, due) };
  };

  it("ask about late files and reminders only once there is a date", () => {
    const { root, fields: made } = fields();
    const more = root.querySelector<HTMLElement>('[data-part="when-due"]');
    expect(more?.hidden).toBe(true);
    const date = root.querySelector<HTMLInputElement>('[name="due_at"]');
    if (date === null) throw new Error("no date");
    date.value = "2026-07-03T18:00";
    date.dispatchEvent(new Event("input"));
    expect(more?.hidden).toBe(false);
    root.querySelector<HTMLInputElement>('[name="reminders"][value="-1"]')?.click();
    expect(dueTerms(made.read())).toMatchObject({ reminders: [-1], allow_late: true });
  });

  it("keep what they do not offer", () => {
    const due = {
      ...at(NOW),
      allowLate: false,
      reminders: [14, 7],
      forName: "Anna",
      forEmail: "a@b.example",
      forLanguage: "fr",
    } as const;
    expect(dueTerms(fields(due).fields.read())).toEqual(dueTerms(typedDue(due)));
  });
});

describe("reminding", () => {
  const people = (...emails: string[]) =>
    parseAwaited({ awaited: emails.map((email) => ({ email, stopped: email === "c" })), next_at: null });

  it("says whom", () => {
    expect(remindLabel(people("a"))).toEqual(["Remind (1)", "Remind a"]);
    expect(remindLabel(people("a", "b", "c"))).toEqual(["Remind (2)", "Remind 2 people"]);
  });

  it("says what came of it", () => {
    const mail = (recipient: string) => ({
      id: "m",
      recipient,
      state: "waiting",
      why: { answer: "", reason: "", said: "" },
    });
    expect(remindedWords({ mails: [mail("a")], lately: 0, stopped: 0 })).toBe(
      "A reminder to a is on the way.",
    );
    expect(remindedWords({ mails: [mail("a"), mail("b")], lately: 1, stopped: 2 })).toBe(
      "2 reminders on the way. 1 person got one within the hour. 2 people want no reminders.",
    );
    expect(remindedWords({ mails: [], lately: 1, stopped: 0 })).toBe(
      "Nobody was reminded. 1 person got one within the hour.",
    );
  });
});
