import { afterEach, describe, expect, it, vi } from "vitest";
import { UploadError } from "../src/core/errors";
import { parseLink } from "../src/core/link";

type Page = typeof import("../src/page/base") & typeof import("../src/page/address");

/** What a page at `address` knows of its server. */
async function at(address: string): Promise<Page> {
  vi.stubGlobal("location", new URL(address));
  vi.resetModules();
  return { ...(await import("../src/page/base")), ...(await import("../src/page/address")) };
}

afterEach(() => vi.unstubAllGlobals());

describe("where a page finds its server", () => {
  it.each([
    ["https://host/request/abc", "", "abc"],
    ["https://host/drop/request/abc", "/drop", "abc"],
    ["https://host/drop/request/abc/?x#resume=1", "/drop", "abc"],
    ["https://host/a/b/request/abc", "/a/b", "abc"],
    ["https://host/x/request/request/abc", "/x/request", "abc"],
    ["https://host/drop/admin", "/drop", ""],
    ["https://host/admins/admin", "/admins", ""],
    ["https://host/admin", "", ""],
    ["https://host/", "", ""],
    // Two slashes at the beginning would name another host.
    ["https://host//drop//request/abc", "/drop", "abc"],
    ["https://host//request/abc", "", "abc"],
  ])("%s", async (address, base, hash) => {
    const { BASE, HASH, linkUrl } = await at(address);
    expect([BASE, HASH]).toEqual([base, hash]);
    expect(linkUrl("a/b")).toBe(`${base}/api/droppr/requests/a%2Fb`);
  });

  it("makes whole addresses of what the server names", async () => {
    const { addressOf } = await at("https://host:8443/drop/admin");
    expect(addressOf("/request/abc#resume=1")).toBe("https://host:8443/drop/request/abc#resume=1");
    expect(addressOf("https://elsewhere/drop/request/abc")).toBe("https://elsewhere/drop/request/abc");
  });
});

describe("the address of a link", () => {
  it.each([
    ["https://host/request/abc", "https://host"],
    ["https://host/drop/request/abc/", "https://host/drop"],
    ["http://host:81//a//b/request/abc#resume=1", "http://host:81/a/b"],
    ["http://host//request/abc", "http://host"],
  ])("%s", (link, origin) => {
    const uploadUrl = `${origin}/api/droppr/requests/abc/upload-chunk`;
    expect(parseLink(link)).toEqual({ origin, hash: "abc", uploadUrl });
  });

  it.each(["", "abc", "https://host/drop/abc", "https://host/request/", "/request/abc"])("not %o", (link) => {
    expect(() => parseLink(link)).toThrow(UploadError);
  });
});
