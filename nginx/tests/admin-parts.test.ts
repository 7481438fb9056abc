import decodeQR from "qr/decode.js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { downloadUrl, OwnerApi } from "../src/admin/api";
import { copyText } from "../src/admin/clipboard";
import { KeyedList, type KeyedRow } from "../src/admin/keyed";
import { Poller } from "../src/admin/poller";
import { drawQr } from "../src/admin/qr";
import { parseFiles, parseLinks } from "../src/admin/wire";
import { NO_TEXTS } from "./support/texts";

function reply(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
}

function apiAnswering(answer: () => Response | Promise<Response>, onUnauthorized = (): void => undefined) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    asked.push({ url, init });
    return answer();
  };
  return { api: new OwnerApi({ fetch, onUnauthorized }), asked };
}

describe("OwnerApi", () => {
  it("reads links and files, whose hash may still be missing", () => {
    const wire = {
      ...{
        hash: "h",
        url: "/request/h",
        folder: "f",
        owner: "owner",
        entity: "e",
        ...NO_TEXTS,
        created_at: 1.5,
        expires_at: null,
      },
      ...{
        active: true,
        requires_password: true,
        max_file_size: 0,
        max_total_size: 0,
        max_files: 0,
        keep_days: 0,
      },
      ...{ allowed_extensions: ["jpg"], captcha: "never", language: "auto", chat_preview: "server" },
      ...{ ask_name: "no", ask_email: "no" },
      ...{ expired: false, state: "full", files_received: 1, bytes_received: 2, uploads_open: 3 },
      ...{ last_received_at: 2.5, last_sender: "Ada", files_arrived: 9, files_new: 1, taken_until: 2.5 },
    };
    const reply = { requests: [wire], default_expires_hours: 168 };
    const { links, usualHours } = parseLinks(reply);
    expect(links[0]).toMatchObject({
      createdAt: 1_500,
      requiresPassword: true,
      uploadsOpen: 3,
      expiresAt: null,
      state: "full",
      lastReceivedAt: 2_500,
      lastSender: "Ada",
      filesArrived: 9,
      filesNew: 1,
      takenUntil: 2_500,
    });
    const nothing = { ...wire, last_received_at: null, last_sender: null };
    expect(parseLinks({ ...reply, requests: [nothing] }).links[0]).toMatchObject({
      lastReceivedAt: null,
      lastSender: null,
    });
    expect(() => parseLinks({ ...reply, requests: [{ ...wire, state: "lost" }] })).toThrow(TypeError);
    expect(usualHours).toBe(168);
    const file = { upload_id: "u", path: "p", size: 1, received_at: 2, sha256: null, sender_name: null };
    expect(parseFiles({ files: [file], next_cursor: null }).items[0]).toMatchObject({
      sha256: null,
      sameAs: null,
      senderEmail: null,
      receivedAt: 2_000,
    });
    expect(() => parseLinks({ ...reply, requests: [{ ...wire, captcha: "sometimes" }] })).toThrow(TypeError);
    expect(() => parseLinks({ requests: [wire] })).toThrow(TypeError);
    // Before 1970 there were photographs.
    const dated = { ...file, last_modified: -86_400 };
    expect(parseFiles({ files: [file, dated] }).items.map(({ lastModified }) => lastModified)).toEqual([
      null,
      -86_400_000,
    ]);
    const address = { ...wire, link: "https://files.example.org/request/h" };
    const urls = [false, true].map((asked) => ({ ...address, link_as_asked: asked }));
    expect(parseLinks({ ...reply, requests: urls }).links.map(({ url }) => url)).toEqual([
      "https://files.example.org/request/h",
      "/request/h",
    ]);
    expect(() => parseFiles({})).toThrow(TypeError);
  });

  it("asks for as many files as are wanted, a page after the other", async () => {
    const file = { upload_id: "u", path: "p", size: 1, received_at: 2 };
    let left = 2_500;
    const { api, asked } = apiAnswering(() => {
      const { searchParams } = new URL(asked.at(-1)?.url ?? "", "http://here");
      const count = Math.min(Number(searchParams.get("limit")), left);
      left -= count;
      return reply(200, { files: Array(count).fill(file), next_cursor: left > 0 ? `c/${left}` : null });
    });
    const { signal } = new AbortController();
    expect(await api.files("h", 1_100, signal)).toHaveLength(1_100);
    const root = "/api/droppr/requests/h/files";
    expect(asked.map(({ url }) => url)).toEqual([
      `${root}?limit=1000&cursor=`,
      `${root}?limit=100&cursor=c%2F1500`,
    ]);
    expect(await api.files("h", 9_999, signal)).toHaveLength(1_400);
  });

  it("closes a link, or deletes it for good", async () => {
    const { api, asked } = apiAnswering(() => reply(204, null));
    await api.close("h");
    await api.forget("h");
    expect(asked.map(({ url, init }) => `${init.method} ${url}`)).toEqual([
      "DELETE /api/droppr/requests/h",
      "DELETE /api/droppr/requests/h?forget=true",
    ]);
  });

  it("encodes every part of a download's path", () => {
    expect(downloadUrl("h", "a b/50%?#\\\n.txt")).toBe(
      "/api/droppr/requests/h/files/a%20b/50%25%3F%23%5C%0A.txt",
    );
  });

  it("sends JSON with the session's cookie and to this server only", async () => {
    const { api, asked } = apiAnswering(() => reply(204, null));
    await api.logIn({ token: "token" });
    expect(asked[0]?.url).toBe("/api/droppr/session");
    expect(asked[0]?.init).toMatchObject({
      method: "POST",
      credentials: "same-origin",
      body: '{"token":"token"}',
    });
  });

  it("tells that the session has ended, but not for a wrong token", async () => {
    const onUnauthorized = vi.fn();
    const refusal = { error: "That is not the admin token of this server.", code: "unauthorized" };
    const { api } = apiAnswering(() => reply(401, refusal), onUnauthorized);
    await expect(api.logIn({ token: "wrong" })).rejects.toThrow(refusal.error);
    expect(onUnauthorized).not.toHaveBeenCalled();
    await expect(api.links(new AbortController().signal)).rejects.toMatchObject({ status: 401 });
    expect(onUnauthorized).toHaveBeenCalledOnce();
  });

  it("turns a 429 into an error that knows the wait", async () => {
    const refusal = { error: "Too many wrong tokens.", code: "too_many_attempts" };
    const { api } = apiAnswering(() => reply(429, refusal, { "Retry-After": "90" }));
    await expect(api.logIn({ token: "x" })).rejects.toMatchObject({
      code: "too_many_attempts",
      retryAfter: 90,
    });
  });

  it("has a sentence for a lost connection and for a page that is not Droppr's", async () => {
    const lost = apiAnswering(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(lost.api.close("h")).rejects.toMatchObject({ code: "network_error" });
    const hotel = apiAnswering(() => new Response("<h1>Sign in</h1>"));
    const signal = new AbortController().signal;
    await expect(hotel.api.links(signal)).rejects.toMatchObject({ code: "unexpected_reply" });
  });
});
describe("the QR code", () => {
  it("is read back as the same address by a decoder", () => {
    const address = `https://files.example.org:8443/request/${"aZ-_09".repeat(6)}`;
    const svg = drawQr(address, "QR code");
    expect(svg.getAttribute("aria-label")).toBe("QR code");
    expect(decodeQR(rastered(svg, 4))).toBe(address);
  });
});

/** What a screen would show of boxes written as `M x y h w v 1 h -w z`, light where there is none. */
function rastered(svg: SVGSVGElement, scale: number) {
  const side = Number(svg.getAttribute("viewBox")?.split(" ")[2]) * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  const boxes =
    svg
      .querySelector("path")
      ?.getAttribute("d")
      ?.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g) ?? [];
  for (const [, left, top, width] of boxes) {
    for (let y = Number(top) * scale; y < (Number(top) + 1) * scale; y += 1) {
      for (let x = Number(left) * scale; x < (Number(left) + Number(width)) * scale; x += 1) {
        data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
      }
    }
  }
  return { width: side, height: side, data };
}

class TextRow implements KeyedRow<string> {
  readonly element = document.createElement("li");
  show(value: string): void {
    this.element.textContent = value;
  }
}

describe("KeyedList", () => {
  it("follows the values without moving what stays", () => {
    const parent = document.createElement("ul");
    const list = new KeyedList<string, TextRow>(
      parent,
      (value) => value,
      () => new TextRow(),
    );
    const texts = (): (string | null)[] => [...parent.children].map((each) => each.textContent);
    list.show(["b", "c"]);
    const [b, c] = [...parent.children];
    const moved: Node[] = [];
    const insertBefore = parent.insertBefore.bind(parent);
    parent.insertBefore = <T extends Node>(node: T, next: Node | null): T => {
      moved.push(node);
      return insertBefore(node, next);
    };
    list.show(["a", "b", "c"]);
    expect(texts()).toEqual(["a", "b", "c"]);
    expect([...parent.children].slice(1)).toEqual([b, c]);
    expect(moved).toHaveLength(1);
    list.show(["c"]);
    expect(texts()).toEqual(["c"]);
    expect(list.get("b")).toBeUndefined();
  });
});

describe("Poller", () => {
  afterEach(() => vi.restoreAllMocks());

  it("asks again after each pause, pauses while hidden, and stops", async () => {
    const pauses: (() => void)[] = [];
    const clock = {
      sleep: (_: number, signal: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          pauses.push(resolve);
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    };
    const signals: AbortSignal[] = [];
    const ask = async (signal: AbortSignal): Promise<void> => void signals.push(signal);
    const poller = new Poller(ask, clock, 5_000);
    poller.start();
    await vi.waitFor(() => expect(pauses).toHaveLength(1));
    pauses[0]?.();
    await vi.waitFor(() => expect(pauses).toHaveLength(2));
    expect(signals).toHaveLength(2);
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(signals[1]?.aborted).toBe(true);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.waitFor(() => expect(signals).toHaveLength(3));
    poller.stop();
    expect(signals[2]?.aborted).toBe(true);
  });
});

describe("copyText", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("selects and copies where there is no clipboard API, and gives the focus back", async () => {
    vi.stubGlobal("navigator", {});
    const button = document.createElement("button");
    document.body.replaceChildren(button);
    button.focus();
    let selected = "";
    document.execCommand = () => {
      selected = document.querySelector("textarea")?.value ?? "";
      return true;
    };
    expect(await copyText("http://droppr.lan/request/h")).toBe(true);
    expect(selected).toBe("http://droppr.lan/request/h");
    expect(document.querySelector("textarea")).toBeNull();
    expect(document.activeElement).toBe(button);
  });

  it("says so when nothing works", async () => {
    vi.stubGlobal("navigator", {});
    document.execCommand = () => false;
    expect(await copyText("x")).toBe(false);
  });
});
