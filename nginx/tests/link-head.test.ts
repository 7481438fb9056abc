import { beforeEach, describe, expect, it, vi } from "vitest";
import { parseLinkInfo } from "../src/core/wire";
import { useLanguage } from "../src/page/i18n";
import { paintHead } from "../src/page/link-head";
import { NO_LIMITS } from "./support/links";

const COLOURS = {
  light: { accent: "#7a1f5c", accent_strong: "#62194a", accent_soft: "#ebdde7", on_accent: "#ffffff" },
  dark: { accent: "#c18eb0", accent_strong: "#d7b6cc", accent_soft: "#33323a", on_accent: "#11171a" },
};
const need = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

describe("the head of a link", () => {
  beforeEach(async () => {
    document.adoptedStyleSheets = [];
    document.body.innerHTML = `<header><img id="mark"><span id="asker">Droppr</span></header>
      <main id="link" hidden><img id="logo" hidden><h1 id="title"></h1><p id="message" hidden></p><p id="full" hidden></p></main>
      <footer><div id="foot" hidden></div><div id="by" hidden>Droppr</div></footer>`;
    await useLanguage("en");
  });

  it("says who asks, with the logo beside it, in the language of the moment", async () => {
    const info = { ...NO_LIMITS, asker: "Roth & <b>Söhne</b>", logoUrl: "/logo" };
    paintHead(info);
    expect(need("asker").textContent).toBe("Roth & <b>Söhne</b> asks you for files");
    expect(need("asker").previousElementSibling?.id).toBe("logo");
    expect([need("mark").hidden, need("logo").hidden, need("by").hidden]).toEqual([true, false, false]);
    await useLanguage("de");
    paintHead(info);
    expect(need("asker").textContent).toBe("Roth & <b>Söhne</b> bittet Sie um Dateien");
    expect(document.querySelectorAll("#logo")).toHaveLength(1);
  });

  it("leads to the addresses in what is asked, and to nothing else", () => {
    const message =
      "See https://example.org/how?a=1&b=2#x, (http://example.com/a_b).\njavascript:alert(1) <b>www.example.org</b>";
    paintHead({ ...NO_LIMITS, message });
    expect(need("message").textContent).toBe(message);
    const anchors = [...need("message").querySelectorAll("a")];
    expect(anchors.map(({ href }) => href)).toEqual([
      "https://example.org/how?a=1&b=2#x",
      "http://example.com/a_b",
    ]);
    for (const { target, rel } of anchors) expect([target, rel]).toEqual(["_blank", "noopener noreferrer"]);
    const [first] = anchors;
    paintHead({ ...NO_LIMITS, message });
    expect(need("message").querySelector("a")).toBe(first);
    paintHead({ ...NO_LIMITS, message: "" });
    expect(need("message").textContent).toBe("");
  });

  it("is as it was where nobody says who asks", () => {
    paintHead({ ...NO_LIMITS, logoUrl: "/logo" });
    expect(need("asker").textContent).toBe("Droppr");
    expect([need("mark").hidden, need("by").hidden]).toEqual([false, true]);
    expect(need("logo").parentElement?.id).toBe("link");
    expect(document.adoptedStyleSheets).toEqual([]);
  });

  it("has the owner's colours, in the light and in the dark", () => {
    const said = vi.spyOn(CSSStyleSheet.prototype, "replaceSync");
    paintHead({ ...NO_LIMITS, colours: COLOURS });
    expect(document.adoptedStyleSheets).toHaveLength(1);
    const [text] = said.mock.lastCall ?? [];
    expect(text).toContain(":root{--accent:#7a1f5c;--accent-strong:#62194a;");
    expect(text).toContain("@media(prefers-color-scheme:dark){:root{--accent:#c18eb0;");
  });

  it("takes nothing for a colour that is none", () => {
    const told = { chunk_size: 8, max_parallel_chunks: 1 };
    expect(parseLinkInfo({ ...told, colours: COLOURS }).colours).toEqual(COLOURS);
    for (const wrong of [
      null,
      undefined,
      {},
      "red",
      { light: { accent: "red;}body{display:none" }, dark: {} },
    ])
      expect(parseLinkInfo({ ...told, colours: wrong }).colours).toBeNull();
  });
});
