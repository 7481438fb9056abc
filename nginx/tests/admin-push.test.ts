import { afterEach, describe, expect, it, vi } from "vitest";
import { browserName } from "../src/admin/browser-name";
import { subscribe, trouble, willAsk } from "../src/admin/push/here";
import { parsePushes } from "../src/admin/push/push-wire";

describe("this browser", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("has a name by which people know it", () => {
    const names = [
      "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
      "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
      "something else",
    ].map(browserName);
    expect(names).toEqual(["Firefox, Linux", "Edge, Windows", "Chrome, Android", "Safari, iPhone", ""]);
  });

  it("says why it cannot be told, without asking for anything", () => {
    vi.stubGlobal("isSecureContext", false);
    expect(trouble()).toBe("insecure");
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { userAgent: "iPhone" });
    expect(trouble()).toBe("home_screen");
    vi.stubGlobal("navigator", { userAgent: "Firefox" });
    expect(trouble()).toBe("unable");
    vi.stubGlobal("navigator", { userAgent: "Firefox", serviceWorker: {} });
    vi.stubGlobal("PushManager", class {});
    vi.stubGlobal("Notification", { permission: "denied", requestPermission: () => expect.unreachable() });
    expect(trouble()).toBe("blocked");
    vi.stubGlobal("Notification", { permission: "default", requestPermission: () => expect.unreachable() });
    expect(trouble()).toBeNull();
  });
});

describe("asking the browser", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is told from waiting for its push service: what waits for the person says so", async () => {
    const answers: ((permission: string) => void)[] = [];
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { userAgent: "Firefox", serviceWorker: { register: () => Promise.reject() } });
    vi.stubGlobal("PushManager", class {});
    const requestPermission = () => new Promise((resolve) => answers.push(resolve));
    vi.stubGlobal("Notification", { permission: "default", requestPermission });
    expect(willAsk()).toBe(true);
    const allowed = vi.fn();
    const refused = subscribe("k", allowed);
    answers.pop()?.("default");
    await expect(refused).rejects.toMatchObject({ why: "dismissed" });
    expect(allowed).not.toHaveBeenCalled();
    const granted = subscribe("k", allowed);
    answers.pop()?.("granted");
    await granted.catch(() => undefined);
    expect(allowed).toHaveBeenCalledOnce();
    vi.stubGlobal("Notification", { permission: "granted", requestPermission });
    expect(willAsk()).toBe(false);
  });
});

describe("browsers that are told", () => {
  it("are read as the server tells them", () => {
    const told = {
      id: "ep_1",
      name: "Chrome",
      created_at: 5,
      active: true,
      failing_since: null,
      trouble: null,
    };
    expect(parsePushes({ key: "k", browsers: [told] })).toEqual({
      key: "k",
      browsers: [{ id: "ep_1", name: "Chrome", createdAt: 5_000, active: true, failingSince: null }],
    });
    expect(() => parsePushes({ browsers: [] })).toThrow(TypeError);
  });
});
