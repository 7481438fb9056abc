import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { parseTemplates, saveAsTemplate, TemplateChoice } from "../src/admin/templates";
import type { OwnerLink } from "../src/admin/wire";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");

beforeEach(() => {
  document.body.innerHTML = HTML.slice(HTML.indexOf("<main"), HTML.lastIndexOf("</body>"));
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
});

function needed<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (found === null) throw new Error(`no ${selector}`);
  return found;
}

const LIST = {
  templates: [
    { id: "a", name: "Papers\u202e", owner: "owner", made_at: 1 },
    { id: "b", name: "Photos", owner: "account:ann", made_at: 2 },
  ],
};

describe("templates", () => {
  it("are read with doubt", () => {
    expect(parseTemplates(LIST)).toHaveLength(2);
    expect(parseTemplates({ templates: [{ id: 1, name: "x" }] })).toEqual([]);
    expect(() => parseTemplates({ templates: "x" })).toThrow(TypeError);
  });

  it("are offered where there are any, and gone with the second click alone", async () => {
    let list: unknown = LIST;
    const raw = vi.fn(async (method: string, _path: string): Promise<unknown> => {
      if (method === "DELETE") list = { templates: LIST.templates.slice(1) };
      return list;
    });
    const choice = new TemplateChoice({ raw }, vi.fn());
    await choice.offer();
    const select = needed<HTMLSelectElement>("#template");
    expect(needed("#template-field").hidden).toBe(false);
    expect([...select.options].map(({ text }) => text)).toEqual(["None", "Papers⟨U+202E⟩", "Photos"]);
    expect(needed("#template-acts").hidden).toBe(true);
    select.value = "a";
    select.dispatchEvent(new Event("change"));
    expect(needed("#template-acts").hidden).toBe(false);
    const remove = needed<HTMLButtonElement>("#remove-template");
    remove.click();
    await vi.waitFor(() => expect(remove.textContent).toBe("Delete Papers⟨U+202E⟩ for good"));
    expect(raw).not.toHaveBeenCalledWith("DELETE", "/templates/a");
    await vi.waitFor(() => expect(remove.hasAttribute("aria-busy")).toBe(false));
    remove.click();
    await vi.waitFor(() => expect(select.options.length).toBe(2));
    expect(raw).toHaveBeenCalledWith("DELETE", "/templates/a");
    expect(needed("#template-acts").hidden).toBe(true);
  });

  it("are not in the way where there are none, and say what went wrong", async () => {
    await new TemplateChoice({ raw: async () => ({ templates: [] }) }, vi.fn()).offer();
    expect(needed("#template-field").hidden).toBe(true);
    const broken = async () => {
      throw new Error("no");
    };
    await new TemplateChoice({ raw: broken }, vi.fn()).offer();
    expect(needed("#template-problem").hidden).toBe(false);
  });

  it("are saved under a name that begins as the link's title", async () => {
    const raw = vi.fn(async (): Promise<unknown> => null);
    saveAsTemplate({ raw }, { hash: "h", title: "Papers" } as OwnerLink);
    expect(needed<HTMLInputElement>("dialog.over-page [name=name]").value).toBe("Papers");
    needed<HTMLFormElement>("dialog.over-page form").requestSubmit();
    await vi.waitFor(() =>
      expect(raw).toHaveBeenCalledWith("POST", "/templates", { name: "Papers", link: "h" }),
    );
  });
});
