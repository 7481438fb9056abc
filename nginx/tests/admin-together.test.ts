// One thing done with each of many links: what fails stops nothing, unless all would fail.

import { describe, expect, it, vi } from "vitest";
import { archiveOfLinks } from "../src/admin/api";
import { Together, withEach } from "../src/admin/desk/together";
import type { ListedLink } from "../src/admin/wire";
import { UploadError } from "../src/core/errors";

const LINKS = ["a", "b", "c"].map((hash) => ({ hash }) as ListedLink);

describe("With each of many links", () => {
  it("goes on where one fails, and tells the first reason", async () => {
    const [far, tried]: [number[], string[]] = [[], []];
    const closed = new UploadError("closed", { code: "request_closed", status: 410 });
    const told = await withEach(
      LINKS,
      async ({ hash }) => {
        tried.push(hash);
        if (hash !== "c") throw closed;
      },
      (done) => far.push(done),
    );
    expect(tried).toEqual(["a", "b", "c"]);
    expect(far).toEqual([0, 0, 1]);
    expect(told).toEqual({ done: 1, failed: 2, error: closed });
  });

  it.each([
    ["unauthorized", 401],
    ["mail_not_ready", 400],
    ["rate_limited", 429],
    ["network", 0],
  ])("stops at %s, as the others would fare alike", async (code, status) => {
    let tried = 0;
    const told = await withEach(
      LINKS,
      async () => {
        tried += 1;
        if (tried === 2) throw new UploadError("no", { code, status });
      },
      () => undefined,
    );
    expect(tried).toBe(2);
    expect(told).toMatchObject({ done: 1, failed: 2 });
  });

  it("asks before many people are mailed, however young the page is", async () => {
    document.body.innerHTML = '<p id="live"></p>';
    const open = { active: true, state: "open", standing: "soon", due: { forEmail: "a@example.org" } };
    const links = LINKS.map((link) => ({ ...link, ...open, filesReceived: 0, progress: null }) as ListedLink);
    const remind = vi.fn(async () => ({ mails: [], lately: 1, stopped: 0 }));
    const together = new Together({ remind, edit: vi.fn() }, () => undefined);
    together.show(links);
    const button = [...together.element.querySelectorAll("button")].find(
      ({ textContent }) => textContent === "Remind all",
    );
    button?.click();
    await vi.waitFor(() => expect(button?.textContent).toBe("Sure? Click again"));
    expect(remind).not.toHaveBeenCalled();
    button?.click();
    await vi.waitFor(() => expect(remind).toHaveBeenCalledTimes(3));
    await vi.waitFor(() =>
      expect(together.element.textContent).toContain("Left out, as reminded within the hour: 3."),
    );
  });

  it("takes all of them away at one address", () => {
    expect(archiveOfLinks(["a", "b"])).toMatch(/\/archive\?links=a,b$/);
  });
});
