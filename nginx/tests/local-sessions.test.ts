import { beforeEach, describe, expect, it } from "vitest";
import { LocalSessions, sessionKey } from "../src/adapters/local-sessions";
import type { SavedSession } from "../src/ports";
import { FakeClock } from "./support/clock";

const clock = new FakeClock();
const subject = {
  name: "film.mov",
  size: 12_345,
  link: "/api/droppr/requests/a/upload-chunk",
  path: "film.mov",
};
const key = sessionKey(subject);
const saved: SavedSession = {
  ...subject,
  uploadId: "abc123",
  completedChunks: [0, 1, 5],
  timestamp: clock.now(),
  lastModified: 7,
};

describe("LocalSessions", () => {
  beforeEach(() => localStorage.clear());

  it("keeps the guide's key and shape", () => {
    new LocalSessions(clock).save(key, saved);
    expect(key.startsWith("droppr_upload_parallel_film.mov_12345")).toBe(true);
    expect(JSON.parse(localStorage.getItem(key) ?? "")).toMatchObject({
      uploadId: "abc123",
      completedChunks: [0, 1, 5],
      timestamp: clock.now(),
    });
  });

  it("tells links and folders apart", () => {
    expect(sessionKey({ ...subject, link: "/api/droppr/requests/b/upload-chunk" })).not.toBe(key);
    expect(sessionKey({ ...subject, path: "b/film.mov" })).not.toBe(key);
    expect(sessionKey({ ...subject, item: "passport" })).not.toBe(key);
    expect(sessionKey({ ...subject, item: "" })).toBe(key);
  });

  it("forgets after 24 hours", () => {
    const sessions = new LocalSessions(clock);
    sessions.save(key, { ...saved, timestamp: clock.now() - 24 * 3_600_000 + 1 });
    expect(sessions.load(key)).not.toBeNull();
    sessions.save(key, { ...saved, timestamp: clock.now() - 24 * 3_600_000 });
    expect(sessions.load(key)).toBeNull();
    expect(localStorage.getItem(key)).toBeNull();
  });

  it("lists what is unfinished and skips what others wrote", () => {
    const sessions = new LocalSessions(clock);
    sessions.save(key, saved);
    localStorage.setItem("droppr_upload_parallel_x_1", "{oops");
    localStorage.setItem("theme", "dark");
    expect(sessions.all()).toEqual([saved]);
  });

  it("lives without storage, and with one that is full", () => {
    const full = {
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    expect(() => new LocalSessions(clock, full as unknown as Storage).save(key, saved)).not.toThrow();
    const none = new LocalSessions(clock, null);
    none.save(key, saved);
    expect([none.load(key), none.all()]).toEqual([null, []]);
  });
});
