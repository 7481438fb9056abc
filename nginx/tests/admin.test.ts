import { describe, expect, it } from "vitest";
import { NOT_DUE, typedDue } from "../src/admin/due";
import { joinSize, splitSize } from "../src/admin/sizes";
import { changedTerms, makePassword, splitExtensions, type TypedTerms, termsOf } from "../src/admin/terms";
import { visibleName } from "../src/admin/visible";
import type { ListedLink } from "../src/admin/wire";
import {
  errorWords,
  expiryWords,
  fieldProblems,
  nameOf,
  nothingWords,
  receivedWords,
  senderWords,
  shortHash,
  shortSender,
  termWords,
  whomWords,
} from "../src/admin/words";
import { UploadError } from "../src/core/errors";
import { NO_TEXTS } from "./support/texts";

const MB = 1024 ** 2;
const GB = 1024 ** 3;

const LINK: ListedLink = {
  entity: "e",
  hash: "h".repeat(32),
  url: `/request/${"h".repeat(32)}`,
  folder: "photos/2026",
  owner: "owner",
  ...NO_TEXTS,
  title: "Wedding",
  createdAt: 0,
  expiresAt: null,
  logo: null,
  active: true,
  requiresPassword: false,
  maxFileSize: 0,
  maxTotalSize: 0,
  maxFiles: 0,
  keepDays: 0,
  allowedExtensions: [],
  captcha: "after_failures",
  chatPreview: "server",
  askName: "no",
  askEmail: "no",
  notify: "",
  confirm: false,
  language: "auto",
  due: NOT_DUE,
  standing: "none",
  search: false,
  items: [],
  questions: [],
  destination: { kind: "folder" },
  expired: false,
  state: "open",
  filesReceived: 0,
  bytesReceived: 0,
  uploadsOpen: 0,
  lastReceivedAt: null,
  lastSender: null,
  filesArrived: 0,
  filesNew: 0,
  takenUntil: null,
  progress: null,
};

const TYPED: TypedTerms = {
  ...NO_TEXTS,
  title: "Wedding",
  expiry: "keep",
  hours: "12",
  password: "",
  removePassword: false,
  fileSize: { amount: "", unit: "GB" },
  totalSize: { amount: "", unit: "GB" },
  files: "",
  keepDays: "",
  extensions: "",
  captcha: "after_failures",
  chatPreview: "server",
  askName: "no",
  askEmail: "no",
  notify: "",
  confirm: false,
  language: "auto",
  due: typedDue(NOT_DUE),
  search: false,
  items: [],
  questions: [],
  destination: { kind: "folder" },
};

describe("sizes", () => {
  it("are bytes when joined, and no limit when empty or senseless", () => {
    expect(joinSize({ amount: "2", unit: "GB" })).toBe(2 * GB);
    expect(joinSize({ amount: "1.5", unit: "MB" })).toBe(1.5 * MB);
    for (const amount of ["", " ", "0", "-1", "many", "Infinity"]) {
      expect(joinSize({ amount, unit: "MB" })).toBe(0);
    }
  });

  it("never turn a tiny limit into none", () => {
    expect(joinSize({ amount: "0.0001", unit: "kB" })).toBe(1);
  });

  it("are split into the largest unit that says them neatly", () => {
    expect(splitSize(5 * GB)).toEqual({ amount: "5", unit: "GB" });
    expect(splitSize(512 * MB)).toEqual({ amount: "0.5", unit: "GB" });
    expect(splitSize(300 * MB)).toEqual({ amount: "300", unit: "MB" });
    expect(splitSize(0)).toEqual({ amount: "", unit: "GB" });
  });

  it("come back to the very byte after an edit that does not touch them", () => {
    for (const bytes of [1, 1000, 1023, 1500, 10 ** 6, 10 ** 9 + 7, 123_456_789_012, 2 ** 50 + 1]) {
      expect(joinSize(splitSize(bytes))).toBe(bytes);
    }
  });
});

describe("terms", () => {
  it("of a new link are complete", () => {
    const typed = {
      ...TYPED,
      title: " Wedding ",
      expiry: "168",
      password: " pass ",
      extensions: ".JPG, png",
    };
    expect(termsOf({ ...typed, fileSize: { amount: "2", unit: "GB" }, files: "10", keepDays: "30" })).toEqual(
      {
        ...NO_TEXTS,
        title: "Wedding",
        expires_hours: 168,
        password: " pass ",
        max_file_size: 2 * GB,
        max_total_size: 0,
        max_files: 10,
        keep_days: 30,
        due_at: null,
        allow_late: true,
        reminders: [],
        recipient_name: "",
        recipient_email: "",
        recipient_language: "auto",
        allowed_extensions: ["jpg", "png"],
        captcha: "after_failures",
        chat_preview: "server",
        ask_name: "no",
        ask_email: "no",
        notify: "",
        language: "auto",
        confirm: false,
        search: false,
        items: [],
        questions: [],
        destination: { kind: "folder" },
      },
    );
  });

  it("name who is mailed as it was typed, and change only where that differs", () => {
    const link = { ...LINK, notify: "anna@example.org, ben@example.org" };
    expect(changedTerms({ ...TYPED, notify: " anna@example.org, ben@example.org " }, link)).toEqual({});
    expect(changedTerms({ ...TYPED, notify: "none", confirm: true }, link)).toEqual({
      notify: "none",
      confirm: true,
    });
    expect(changedTerms({ ...TYPED, notify: "" }, link)).toEqual({ notify: "" });
  });

  it("take the hours that were typed", () => {
    expect(termsOf({ ...TYPED, expiry: "custom", hours: "1.5" }).expires_hours).toBe(1.5);
    expect(termsOf({ ...TYPED, expiry: "0" }).expires_hours).toBe(0);
    expect(termsOf({ ...TYPED, expiry: "usual" })).not.toHaveProperty("expires_hours");
  });

  it("of a link that nobody changed are none", () => {
    expect(changedTerms(TYPED, LINK)).toEqual({});
    expect(changedTerms({ ...TYPED, extensions: "jpg" }, { ...LINK, allowedExtensions: ["jpg"] })).toEqual(
      {},
    );
  });

  it("name only what was changed", () => {
    expect(changedTerms({ ...TYPED, title: "", expiry: "0", files: "3" }, LINK)).toEqual({
      title: "",
      expires_hours: 0,
      max_files: 3,
    });
  });

  it("keep the password when none is typed, and take it away only when told to", () => {
    const link = { ...LINK, requiresPassword: true };
    expect(changedTerms(TYPED, link)).toEqual({});
    expect(changedTerms({ ...TYPED, password: "new" }, link)).toEqual({ password: "new" });
    expect(changedTerms({ ...TYPED, removePassword: true, password: "new" }, link)).toEqual({ password: "" });
  });

  it("read extensions however they are written", () => {
    expect(splitExtensions(" .JPG, png;tar.gz  *.zip jpg ")).toEqual(["jpg", "png", "tar.gz", "zip"]);
    expect(splitExtensions("*")).toEqual([]);
    expect(splitExtensions("")).toEqual([]);
  });

  it("offer passwords without letters that look alike, from all bytes alike", () => {
    let next = 0;
    const counting = (bytes: Uint8Array): void => {
      bytes[0] = next++ % 256;
    };
    const drawn = Array.from({ length: 31 }, () => makePassword(counting));
    expect(drawn.every((each) => /^([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/.test(each))).toBe(true);
    // Two rounds of 248 usable bytes: each of the 31 letters came up equally often.
    const counts = new Map<string, number>();
    for (const letter of drawn.join("").replaceAll("-", ""))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect([...counts.values()]).toEqual(Array.from({ length: 31 }, () => 16));
  });
});

describe("words", () => {
  it("tell when a link expires", () => {
    expect(expiryWords(LINK, 0)).toBe("Never expires");
    expect(expiryWords({ expiresAt: 3 * 86_400_000 }, 0)).toBe("Expires in 3 days");
    expect(expiryWords({ expiresAt: 7 * 86_400_000 }, 60_000)).toBe("Expires in 7 days");
    expect(expiryWords({ expiresAt: 90 * 60_000 }, 0)).toBe("Expires in 90 minutes");
    expect(expiryWords({ expiresAt: 1_000 }, 2_000)).toMatch(/^Expired on /);
  });

  it("count what has arrived, against the limits where there are some", () => {
    expect(receivedWords({ ...LINK, filesReceived: 1, bytesReceived: 2 * MB })).toBe("1 file · 2 MB");
    const limited = { ...LINK, filesReceived: 3, bytesReceived: GB, maxFiles: 10, maxTotalSize: 5 * GB };
    expect(receivedWords({ ...limited, uploadsOpen: 1 })).toBe(
      "3 of 10 files · 1 GB of 5 GB · 1 upload under way",
    );
  });

  it("say why a link has no file: none has come, or what came is there no more", () => {
    expect(nothingWords(LINK)).toBe("Nothing has arrived yet.");
    const back = { ...LINK, filesArrived: 2 };
    expect(nothingWords(back)).toContain("was taken back by its sender");
    const deleted = { ...back, lastReceivedAt: Date.UTC(2026, 0, 2, 12) };
    expect(nothingWords(deleted)).toMatch(
      /^Nothing is here any more: what had arrived is deleted\. The last of it came on Jan 2, 2026\.$/,
    );
    expect(nothingWords(deleted)).not.toContain("after they arrive");
    expect(nothingWords({ ...deleted, keepDays: 30 })).toMatch(
      / This link’s files are deleted 30 days after they arrive\.$/,
    );
  });

  it("leave out what a link does not limit or ask", () => {
    expect(termWords(LINK).map(([name]) => name)).toEqual(["Folder", "Made", "Expires"]);
    const strict = termWords({
      ...LINK,
      allowedExtensions: ["jpg", "png"],
      askName: "required",
      maxFileSize: GB,
    });
    expect(strict).toContainEqual(["Kinds of files", ".jpg, .png"]);
    expect(strict).toContainEqual(["Sender's name", "required"]);
    expect(strict).toContainEqual(["Largest file", "1 GB"]);
  });

  it("name links, senders and hashes", () => {
    expect(nameOf(LINK)).toBe("Wedding");
    expect(nameOf({ ...LINK, title: "" })).toBe("photos/2026");
    expect(senderWords({ senderName: "Ann", senderEmail: "a@b.example" })).toBe("Ann <a@b.example>");
    expect(senderWords({ senderName: null, senderEmail: "a@b.example" })).toBe("a@b.example");
    expect(shortSender("Ann <a@b.example>")).toBe("Ann");
    for (const whole of ["a@b.example", "Ann <Tax>", " <a@b.example>"])
      expect(shortSender(whole)).toBe(whole);
    expect(senderWords({ senderName: null, senderEmail: null })).toBe("");
    expect(shortHash(`01234567${"0".repeat(48)}89abcdef`)).toBe("01234567…89abcdef");
  });

  it("say whom a link is for where its name does not", () => {
    const due = { ...NOT_DUE, forName: "Anna", forEmail: "a@b.example" };
    expect(whomWords({ ...LINK, title: "Papers", due })).toBe("Anna");
    expect(whomWords({ ...LINK, title: "Papers", due: { ...due, forName: "" } })).toBe("a@b.example");
    expect(whomWords({ ...LINK, title: "", folder: "clients/Anna", due })).toBe("");
    expect(whomWords(LINK)).toBe("");
  });

  it("tell the wait of a 429 and the server's sentence otherwise", () => {
    const wait = new UploadError("Too many.", { code: "too_many_attempts", status: 429, retryAfter: 840 });
    expect(errorWords(wait)).toBe("Too many. Try again in 14 minutes.");
    expect(errorWords(new UploadError("No.", { code: "x", status: 400 }))).toBe("No.");
    expect(errorWords(new RangeError("undefined is not"))).not.toContain("undefined");
  });

  it("find the sentence for each field", () => {
    const details = { fields: { folder: "No '..' please.", odd: 7 } };
    const error = new UploadError("Some fields.", { code: "invalid_request", status: 400, details });
    expect([...fieldProblems(error)]).toEqual([["folder", "No '..' please."]]);
    expect(fieldProblems(new Error("no")).size).toBe(0);
  });

  it("show what a name hides", () => {
    expect(visibleName("photo\u202egpj.exe")).toBe("photo⟨U+202E⟩gpj.exe");
    expect(visibleName("a\nb\u0000\u200b")).toBe("a⟨U+000A⟩b⟨U+0000⟩⟨U+200B⟩");
    for (const name of ["Ünï 日本語 שלום 👍.txt", "👨\u200d👩\u200d👧.jpg", "می\u200cخواهم.pdf"]) {
      expect(visibleName(name)).toBe(name);
    }
  });
});
