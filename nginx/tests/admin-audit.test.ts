import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Entry, parseAudit } from "../src/admin/audit/audit-wire";
import { ACTS, actorWords, actWords, factWords } from "../src/admin/audit/audit-words";
import { AuditPage } from "../src/admin/audit/page";
import { afterLogin, logAddress } from "../src/admin/places";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/audit.html"), "utf8");
const BODY = HTML.slice(HTML.indexOf("<body>") + 6, HTML.lastIndexOf("</body>"));

function told(id: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  const about = { id, at: 1_000_000 + id, act: "file_downloaded", actor: "owner", address: "192.0.2.1" };
  return { ...about, way: "session", link: "hash-1", upload_id: "u", facts: { path: `${id}.pdf` }, ...more };
}

function entry(more: Record<string, unknown>): Entry {
  const [found] = parseAudit({ entries: [told(1, more)] }).items;
  if (found === undefined) throw new Error("no entry");
  return found;
}

describe("what is told", () => {
  it("is read with doubt", () => {
    const { items, nextCursor } = parseAudit({ entries: [told(1)], next_cursor: "more" });
    expect(nextCursor).toBe("more");
    expect(items[0]).toMatchObject({ at: 1_000_001_000, link: "hash-1", facts: { path: "1.pdf" } });
    expect(() => parseAudit({ entries: [told(1, { at: "now" })] })).toThrow(TypeError);
    expect(() => parseAudit({ entries: [told(1, { facts: null })] })).toThrow(TypeError);
    const odd = { path: null, changed: ["title", 5], size: 7, more: { a: 1 } };
    expect(entry({ facts: odd }).facts).toEqual({ changed: ["title"], size: 7 });
  });

  it("is said in words", () => {
    expect(actWords("log_in_failed")).toBe("Log-in failed");
    expect(actWords("something_later")).toBe("something later");
    expect(factWords(entry({ facts: { path: "a/\u202eb.pdf", size: 1536 } }))).toBe(
      "a/⟨U+202E⟩b.pdf · 1.5\u00a0kB",
    );
    const changed = { act: "link_changed", facts: { changed: ["max_files", "title"], title: "T" } };
    expect(factWords(entry(changed))).toBe("Number of files, Title");
    const sent = { act: "link_sent", facts: { to: ["a@example.org", "b@example.org"], messages: ["m"] } };
    expect(factWords(entry(sent))).toBe("to a@example.org, b@example.org");
    expect(factWords(entry({ act: "log_in_failed", facts: { tries: 290 } }))).toBe("290 more tries");
    expect(factWords(entry({ act: "archive_downloaded", facts: { files: 3, size: 10, etag: "x" } }))).toBe(
      "3 files, 10\u00a0bytes",
    );
    const purge = { uploads_removed: 1, files_deleted: 2, removed_from_bin: 0, audit_rows_removed: 0 };
    expect(factWords(entry({ act: "purge_ran", facts: purge }))).toBe("Removed 1 unfinished upload, 2 files");
    expect(factWords(entry({ act: "purge_ran", facts: {} }))).toBe("Nothing was due");
  });

  it("names who it was", () => {
    expect(actorWords(entry({}))).toBe("You");
    expect(actorWords(entry({ actor: "owner:root", way: "command" }))).toBe("root, by a command");
    expect(actorWords(entry({ actor: "service:retention" }))).toBe("The server");
    expect(actorWords(entry({ actor: "stranger" }))).toBe("A stranger");
    expect(actorWords(entry({ actor: "sender", facts: { sender: "Ada" } }))).toBe("Ada");
    expect(actorWords(entry({ actor: "account:ann" }))).toBe("ann");
  });

  it("has a choice for every act", () => {
    const codes = Object.values(ACTS).flat();
    expect(new Set(codes).size).toBe(codes.length);
    const contract = readFileSync(resolve(import.meta.dirname, "../../docs/openapi.json"), "utf8");
    const declared = JSON.parse(contract).components.schemas.Act.enum;
    expect([...codes].sort()).toEqual([...declared].sort());
  });
});

describe("the page", () => {
  const asked: string[] = [];
  let answer: (url: string) => Response;

  beforeEach(() => {
    asked.length = 0;
    document.body.innerHTML = BODY;
    history.replaceState(null, "", "/admin/audit");
    vi.useFakeTimers();
    answer = () => Response.json({ entries: [], next_cursor: null });
    vi.stubGlobal("fetch", async (url: string) => {
      if (url.includes("/requests")) return Response.json({ requests: [], default_expires_hours: 1 });
      asked.push(url);
      return answer(url);
    });
  });

  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(300);
  const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

  it("asks for what its address names, and names it again in all that leads away", async () => {
    await new AuditPage({ search: "?q=anna&act=file_deleted&link=hash-1&since=2026-11-29&x=y" }).start();
    const query = new URL(asked[0] ?? "", "http://droppr.test").searchParams;
    expect([query.get("q"), query.get("act"), query.get("link")]).toEqual(["anna", "file_deleted", "hash-1"]);
    expect(Number(query.get("since"))).toBe(new Date(2026, 10, 29).getTime() / 1000);
    expect(location.search).toBe("?link=hash-1&q=anna&act=file_deleted&since=2026-11-29");
    expect(byId("as-csv").getAttribute("href")).toContain("format=csv");
    expect(byId("as-csv").getAttribute("href")).not.toContain("limit");
    expect(byId("says").textContent).toBe("Nothing like this was done.");
    byId("all-links").click();
    await settle();
    expect(asked.at(-1)).not.toContain("hash-1");
  });

  it("shows acts, goes on where they ended, and tells what strangers wrote as text", async () => {
    answer = (url) =>
      url.includes("cursor=more")
        ? Response.json({ entries: [told(1, { link: null })], next_cursor: null })
        : Response.json({
            entries: [told(3, { facts: { path: "<b>x</b>" } }), told(2)],
            next_cursor: "more",
          });
    await new AuditPage({ search: "" }).start();
    const rows = (): NodeListOf<HTMLElement> => document.querySelectorAll("#rows > tr");
    expect(rows()).toHaveLength(2);
    expect(rows()[0]?.textContent).toContain("<b>x</b>");
    expect(document.querySelector("#rows b")).toBeNull();
    byId("more").click();
    await settle();
    expect(rows()).toHaveLength(3);
    expect(byId("more").hidden).toBe(true);
    expect(rows()[2]?.querySelector("a")).toBeNull();
  });

  it("asks once for what is typed", async () => {
    await new AuditPage({ search: "" }).start();
    const box = byId("search") as HTMLInputElement;
    for (const text of ["a", "an", "ann"]) {
      box.value = text;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await settle();
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain("q=ann");
  });

  it("says that one is not logged in, and leads back", async () => {
    answer = () => Response.json({ error: "no", code: "unauthorized" }, { status: 401 });
    await new AuditPage({ search: "" }).start();
    expect(byId("log").hidden).toBe(true);
    expect(byId("log-in").hidden).toBe(false);
    expect(byId("trouble").textContent).toContain("not logged in");
    const login = new URL((byId("log-in") as HTMLAnchorElement).href);
    expect(afterLogin(login.search)).toBe("/admin/audit");
    expect(logAddress("a b")).toBe("/admin/audit?link=a+b");
  });
});
