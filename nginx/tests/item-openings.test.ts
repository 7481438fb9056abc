import { beforeEach, expect, it } from "vitest";
import { LocalSessions, sessionKey } from "../src/adapters/local-sessions";
import { ParallelUploader } from "../src/utils/parallel-upload";
import { UploadManager } from "../src/utils/upload-manager";
import { FakeClock } from "./support/clock";
import { Server } from "./support/server";

const uploadUrl = "/api/droppr/requests/abc/upload-chunk";
const clock = new FakeClock();
let server: Server;

beforeEach(() => {
  localStorage.clear();
  server = new Server();
});

const common = () => ({
  uploadUrl,
  clock,
  transport: server,
  sessions: new LocalSessions(clock),
  openingHeaders: async () => ({ "X-Sender-Key": "k".repeat(22) }),
});

it("A file goes with its item, and with the key of who sends, whichever way it is opened", async () => {
  for (const pack of [null, { maxFiles: 10, maxBytes: 2_000_000 }]) {
    const manager = new UploadManager({ options: common, clock, pack });
    manager.add(new File(["ab"], "a.pdf"), "a.pdf", null, "passport");
    manager.add(new File(["ab"], "b.pdf"));
    await manager.finished();
    expect(manager.totals().done).toBe(2);
  }
  const whole = { ...common(), file: new File(["ab"], "c.pdf"), whole: true, item: "passport" };
  await new ParallelUploader(whole).start();
  const openings: Record<string, unknown>[] = [];
  for (const { body, headers, url } of server.requests) {
    const opens = /\/(?:uploads|pack)$/.test(url) || "X-Upload-Opening" in headers;
    expect([url, headers["X-Sender-Key"]]).toEqual([url, opens ? "k".repeat(22) : undefined]);
    if (url.endsWith("/uploads")) openings.push(JSON.parse(String(body)));
    else if (headers["X-Upload-Opening"]) openings.push(JSON.parse(headers["X-Upload-Opening"]));
    else if (url.endsWith("/pack"))
      for (const line of (await (body as Blob).text()).match(/\{.*?\}(?=\n)/g) ?? [])
        openings.push(JSON.parse(line));
  }
  const told = openings.map(({ path, item }) => `${path} ${item}`);
  expect(told.sort()).toEqual([
    "a.pdf passport",
    "a.pdf passport",
    "b.pdf undefined",
    "b.pdf undefined",
    "c.pdf passport",
  ]);
});

it("An upload that was begun for one item is gone on with for that one alone", async () => {
  const file = new File(["ab"], "a.pdf");
  server.before = (what) => {
    if (what === "POST upload-chunk") throw new Error("stop");
    return undefined;
  };
  const begin = (item: string) => new ParallelUploader({ ...common(), file, item, maxRetries: 0 }).start();
  await expect(begin("passport")).rejects.toThrow();
  const key = sessionKey({ name: "a.pdf", size: 2, link: uploadUrl, path: "a.pdf", item: "passport" });
  expect(new LocalSessions(clock).load(key)).toMatchObject({ item: "passport", path: "a.pdf" });
  server.before = () => undefined;
  await begin("receipts");
  expect(server.asked.filter((what) => what === "POST uploads")).toHaveLength(2);
  await begin("passport");
  expect(server.asked.filter((what) => what === "POST uploads")).toHaveLength(2);
});
