import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { localText } from "../src/admin/due";
import { markProblems, TermsFields } from "../src/admin/terms-fields";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");

beforeEach(() => {
  // Without the head, whose style sheets this DOM would try to load.
  document.body.innerHTML = HTML.slice(HTML.indexOf("<template"), HTML.lastIndexOf("</body>"));
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
    expect(expiryOf(36)).toEqual(["usual", "In 36 hours", "In 36 hours"]);
    expect(expiryOf(168, "24")).toEqual(["24", "In a day", undefined]);
    expect(expiryOf(36, "0")).toEqual(["0", "Never", "In 36 hours"]);
  });

  it("lets no link end before its files are due", () => {
    const day = 24 * 3_600_000;
    const read = (days: number, expiry: string) => {
      const { form, terms } = formWith();
      const [select, due] = [
        form.querySelector("select"),
        form.querySelector<HTMLInputElement>('[name="due_at"]'),
      ];
      if (select === null || due === null) throw new Error("no fields");
      select.value = expiry;
      due.value = localText(Date.now() + days * day);
      due.dispatchEvent(new Event("change"));
      const { expiry: chosen, hours } = terms.read();
      return chosen === "custom" ? Math.round(Number(hours) / 24) : chosen;
    };
    expect(read(3, "168")).toBe("168");
    expect(read(40, "168")).toBe(47);
    expect(read(40, "0")).toBe("0");
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
    expect(form.querySelector('[name="max_files"]')?.closest("details")?.open).toBe(true);
    expect(form.querySelector('[name="max_files"]')?.getAttribute("aria-invalid")).toBe("true");
    expect(form.querySelector(".problem")?.textContent).toBe("Too many.");
  });
});
