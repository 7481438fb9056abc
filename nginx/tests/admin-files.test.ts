import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FileList } from "../src/admin/files";
import { markProblems, TermsFields } from "../src/admin/terms-fields";
import type { ReceivedFile } from "../src/admin/wire";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");

function file(number: number, sha256: string | null = null): ReceivedFile {
  const path = `${number}.bin`;
  return {
    uploadId: `u${number}`,
    path,
    size: 1,
    receivedAt: number,
    lastModified: null,
    sha256,
    senderName: null,
    senderEmail: null,
    passedOn: null,
  };
}

function namesIn(list: FileList): (string | null)[] {
  return [...list.element.querySelectorAll(".received-name")].map((each) => each.textContent);
}

beforeEach(() => {
  // Without the head, whose style sheets this DOM would try to load.
  document.body.innerHTML = HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"));
});

describe("FileList", () => {
  const nothing = () => undefined;
  const ports = { passOn: async () => undefined, isGone: async () => false, remove: async () => undefined };

  it("tells how a file gets on to elsewhere, and lets a failed one be tried again", async () => {
    const asked: string[] = [];
    const list = new FileList("h", nothing, { ...ports, passOn: async (path) => void asked.push(path) });
    const shown = (passedOn: ReceivedFile["passedOn"]) => {
      list.show([{ ...file(1), passedOn }], 1);
      const line = list.element.querySelector<HTMLElement>('[data-part="passed-on-line"]');
      const button = list.element.querySelector<HTMLButtonElement>('[data-part="pass-on"]');
      return { line, button, words: line?.querySelector("bdi")?.textContent };
    };
    expect(shown(null).line?.hidden).toBe(true);
    expect(shown({ state: "sending", error: null, remote: null })).toMatchObject({
      words: "Is being passed on",
    });
    const failed = shown({ state: "failed", error: "The Google Drive is full.", remote: null });
    expect(failed.words).toBe("Could not be passed on. The Google Drive is full.");
    expect(failed.button?.hidden).toBe(false);
    failed.button?.click();
    await Promise.resolve();
    expect(asked).toEqual(["1.bin"]);
    const done = shown({ state: "done", error: null, remote: "s3://bucket/1.bin" });
    expect(done.words).toBe("Passed on to s3://bucket/1.bin");
    expect(done.button?.hidden).toBe(true);
  });

  it("says when there is nothing, and shows what there is in the order it comes", () => {
    const list = new FileList("h", nothing, ports);
    list.show([], 0);
    expect(list.element.querySelector("p")?.hidden).toBe(false);
    list.show([file(2), file(1)], 2);
    expect(namesIn(list)).toEqual(["2.bin", "1.bin"]);
    expect(list.element.querySelector("p")?.hidden).toBe(true);
  });

  it("fills in a hash that came later, in the row that stands there", () => {
    const list = new FileList("h", nothing, ports);
    list.show([file(1)], 1);
    const row = list.element.querySelector(".received");
    expect(row?.querySelector("code")?.textContent).toBe("is being computed");
    expect(row?.querySelector<HTMLElement>("[data-part=copy-hash]")?.hidden).toBe(true);
    list.show([file(1, "ab".repeat(32))], 1);
    expect(list.element.querySelector(".received")).toBe(row);
    expect(row?.querySelector("code")?.title).toBe("ab".repeat(32));
    expect(row?.querySelector<HTMLElement>("[data-part=copy-hash]")?.hidden).toBe(false);
  });

  it("tells when a file was last changed, where its sender said so and there is such a day", () => {
    const list = new FileList("h", nothing, ports);
    const times = [Date.UTC(1999, 4, 3, 12), null, 1e300];
    list.show(
      times.map((lastModified, number) => ({ ...file(number), lastModified })),
      times.length,
    );
    const lines = [...list.element.querySelectorAll<HTMLElement>('[data-part="changed-line"]')];
    expect(lines.map(({ hidden }) => hidden)).toEqual([false, true, true]);
    expect(lines[0]?.querySelector("time")?.dateTime).toBe("1999-05-03T12:00:00.000Z");
    expect(lines[0]?.textContent).toContain("changed May 3, 1999");
  });

  it("says that a file which is to be downloaded is gone", async () => {
    let isGone = true;
    const list = new FileList("h", nothing, { ...ports, isGone: async () => isGone });
    list.show([file(1)], 1);
    const download = list.element.querySelector<HTMLAnchorElement>('[data-part="download"]');
    const gone = list.element.querySelector<HTMLElement>('[data-part="gone"]');
    download?.addEventListener("click", (event) => event.preventDefault());
    download?.click();
    await vi.waitFor(() => expect(gone?.hidden).toBe(false));
    expect(gone?.textContent).toContain("no longer in its place");
    isGone = false;
    download?.click();
    await vi.waitFor(() => expect(gone?.hidden).toBe(true));
  });

  it("wants a hundred of very many, and more when asked", () => {
    const files = Array.from({ length: 250 }, (_, n) => file(249 - n));
    const load = () => list.show(files.slice(0, list.wanted), files.length);
    const list = new FileList("h", load, ports);
    document.body.append(list.element);
    load();
    const more = list.element.querySelector<HTMLButtonElement>(":scope > div > button");
    expect(namesIn(list)).toHaveLength(100);
    expect(more?.textContent).toBe("Show 100 more files");
    more?.click();
    expect(namesIn(list)).toHaveLength(200);
    expect(document.activeElement?.getAttribute("href")).toContain("/files/149.bin");
    more?.click();
    expect(namesIn(list)).toHaveLength(250);
    expect(more?.hidden).toBe(true);
  });
});

describe("TermsFields", () => {
  function formWith(): { form: HTMLFormElement; terms: TermsFields } {
    const form = document.createElement("form");
    const root = document.createElement("div");
    form.append(root);
    document.body.append(form);
    return { form, terms: new TermsFields(root) };
  }

  it("begins with what the server does of itself, no limits and no questions", () => {
    expect(formWith().terms.read()).toMatchObject({
      expiry: "usual",
      password: "",
      fileSize: { amount: "", unit: "GB" },
      captcha: "after_failures",
      askName: "no",
    });
  });

  it("offers how long links are open as a rule, and keeps what was chosen", () => {
    const expiryOf = (hours: number, chosen?: string) => {
      const { form, terms } = formWith();
      const select = form.querySelector<HTMLSelectElement>('[name="expiry"]');
      if (select === null) throw new Error("no select");
      if (chosen !== undefined) select.value = chosen;
      terms.expiresUsually(hours);
      terms.expiresUsually(hours);
      const usual = select.querySelector('option[value="usual"]')?.textContent;
      return [select.value, select.selectedOptions[0]?.textContent, usual];
    };
    expect(expiryOf(168)).toEqual(["168", "In a week", undefined]);
    expect(expiryOf(0)).toEqual(["0", "Never", undefined]);
    expect(expiryOf(36)).toEqual(["usual", "In 36 h", "In 36 h"]);
    expect(expiryOf(168, "24")).toEqual(["24", "In a day", undefined]);
    expect(expiryOf(36, "0")).toEqual(["0", "Never", "In 36 h"]);
  });

  it("leaves no two elements with one id when it stands on the page twice", () => {
    formWith();
    formWith();
    const ids = [...document.querySelectorAll("form [id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("unfolds the limits for a problem inside them, and hands back what belongs to no field", () => {
    const { form } = formWith();
    const problems = new Map([
      ["max_files", "Too many."],
      ["colour", "What colour?"],
    ]);
    expect(markProblems(form, problems)).toEqual(["What colour?"]);
    expect(form.querySelector("details")?.open).toBe(true);
    expect(form.querySelector('[name="max_files"]')?.getAttribute("aria-invalid")).toBe("true");
    expect(form.querySelector(".problem")?.textContent).toBe("Too many.");
  });
});
