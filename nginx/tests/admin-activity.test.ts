import { describe, expect, it } from "vitest";
import { memoryWords, moreWords, progressWords, uploadWords, withSpeeds } from "../src/admin/activity";
import { type Activity, parseActivity } from "../src/admin/activity-wire";

const MB = 1024 ** 2;

const WIRE = {
  at: 100,
  concurrency: {
    running_uploads: 1,
    waiting_uploads: 2,
    max_concurrent_uploads: 20,
    max_concurrent_per_user: 3,
    max_concurrent_chunks: 8,
  },
  uploads: [
    {
      upload_id: "u1",
      path: "a/b.bin",
      seconds: 3,
      size: 80 * MB,
      received_bytes: 20 * MB,
      chunk_progress: { chunk_size: 8 * MB, completed_chunks: 2, total_chunks: 10 },
    },
  ],
  memory_monitor: {
    current_usage: 42.3,
    max_usage: 80,
    limit_bytes: 1024 * MB,
    reserved_bytes: 8 * MB,
    seconds_to_limit: null,
  },
  refusals: { places: 2, user: 1, memory: 0 },
};

function activity(change: Partial<Activity> = {}): Activity {
  return { ...parseActivity(WIRE), ...change };
}

describe("live figures", () => {
  it("are read, with sections that a server may lack", () => {
    expect(activity()).toMatchObject({ running: 1, places: 20, refusals: 3, buffers: null, passingOn: null });
    const full = { ...WIRE, buffer_pool: { in_use: 3, held_bytes: 48 * MB }, destinations: { waiting: 4 } };
    expect(parseActivity(full).buffers).toEqual({ inUse: 3, heldBytes: 48 * MB });
    expect(parseActivity(full).passingOn).toEqual({ waiting: 4 });
    expect(activity().notes).toEqual([]);
    expect(parseActivity({ ...WIRE, notes: ["It could be better."] }).notes).toEqual(["It could be better."]);
  });

  it("are refused when they are none", () => {
    expect(() => parseActivity(null)).toThrow(TypeError);
    expect(() => parseActivity({ ...WIRE, at: "now" })).toThrow(TypeError);
  });

  it("tell each upload's speed from one time to the next", () => {
    const first = activity();
    const [upload] = first.uploads;
    if (upload === undefined) throw new Error("no upload");
    const later = activity({ at: 102, uploads: [{ ...upload, received: 44 * MB }] });
    expect(withSpeeds(first, null)[0]?.speed).toBe(0);
    expect(withSpeeds(later, first)[0]?.speed).toBe(12 * MB);
    expect(withSpeeds({ ...first, at: 104 }, later)[0]?.speed).toBe(0);
    expect(uploadWords(later, withSpeeds(later, first))).toBe(
      "1 of 20 uploads at once · 2 waiting · 12 MB/s",
    );
    expect(withSpeeds(later, first).map(progressWords)).toEqual([
      "55% · 44 MB of 80 MB · 2 of 10 chunks · 12 MB/s",
    ]);
  });

  it("say that nothing comes, and nothing more where there is nothing to say", () => {
    expect(uploadWords(activity({ running: 0, waiting: 0, uploads: [] }), [])).toBe(
      "No large file is arriving.",
    );
    expect(moreWords(activity({ reservedBytes: 0, refusals: 0 }))).toBe("");
    const passingOn = { arriving: 0, waiting: 2, failed: 1, bytes_left: 3 * MB };
    expect(moreWords(activity({ buffers: { inUse: 1, heldBytes: 8 * MB }, passingOn }))).toBe(
      "8 MB set aside for uploads · 1 buffer in use, 8 MB held · passing on 3 files: 2 waiting, 1 failed, " +
        "3 MB left · asked to come back later since the start: 3 times",
    );
    expect(
      moreWords(activity({ reservedBytes: 0, refusals: 0, passingOn: { failed: 0, bytes_left: 0 } })),
    ).toBe("");
  });

  it("warn where memory is short or will be", () => {
    expect(memoryWords(activity())).toBe("42% of 1 GB");
    expect(memoryWords(activity({ secondsToLimit: 90 }))).toBe("42% of 1 GB, at this pace full in 2 min");
    expect(memoryWords(activity({ memoryPercent: 85.2 }))).toBe(
      "85% of 1 GB. New uploads wait until it is less.",
    );
  });
});
