import { describe, expect, it } from "vitest";
import {
  diskShort,
  diskWords,
  memoryWords,
  moreWords,
  progressWords,
  uploadWords,
  withSpeeds,
} from "../src/admin/activity";
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
    seconds_to_limit: 51 * 60,
  },
  disk: {
    total_bytes: 100 * 1024 * MB,
    free_bytes: 60 * 1024 * MB,
    promised_bytes: 3 * MB,
    available_bytes: 59 * 1024 * MB,
    received_bytes: 30 * 1024 * MB,
    bin_bytes: 0,
  },
  received: { files: 10, bytes: 100 * MB },
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
    const told = {
      ...WIRE,
      notes: ["It could be better.", "So could this."],
      note_codes: ["http2_in_front"],
    };
    expect(parseActivity(told).notes).toEqual([
      { code: "http2_in_front", sentence: "It could be better." },
      { code: "", sentence: "So could this." },
    ]);
  });

  it("are refused when they are none", () => {
    expect(() => parseActivity(null)).toThrow(TypeError);
    expect(() => parseActivity({ ...WIRE, at: "now" })).toThrow(TypeError);
    expect(() => parseActivity({ ...WIRE, disk: undefined })).toThrow(TypeError);
  });

  it("tell each upload's speed from one time to the next", () => {
    const first = activity();
    const [upload] = first.uploads;
    if (upload === undefined) throw new Error("no upload");
    const later = activity({ at: 102, uploads: [{ ...upload, received: 44 * MB }] });
    expect(withSpeeds(first, null)[0]?.speed).toBe(0);
    expect(withSpeeds(later, first)[0]?.speed).toBe(12 * MB);
    expect(withSpeeds({ ...first, at: 104 }, later)[0]?.speed).toBe(0);
    expect(uploadWords(later, withSpeeds(later, first), first)).toBe(
      "1 of 20 uploads at once · 2 waiting · 12 MB/s",
    );
    expect(withSpeeds(later, first).map(progressWords)).toEqual([
      "55% · 44 MB of 80 MB · 2 of 10 chunks · 12 MB/s",
    ]);
  });

  it("say that nothing comes, and nothing more where there is nothing to say", () => {
    const idle = activity({ running: 0, waiting: 0, uploads: [] });
    expect(uploadWords(idle, [], null)).toBe("Nothing is arriving.");
    expect(uploadWords({ ...idle, at: 102 }, [], idle)).toBe("Nothing is arriving.");
    const disk = { ...idle.disk, promisedBytes: 0 };
    expect(moreWords(activity({ disk, reservedBytes: 0, refusals: 0 }))).toBe("");
    const passingOn = { arriving: 0, waiting: 2, failed: 1, bytes_left: 3 * MB };
    expect(moreWords(activity({ buffers: { inUse: 1, heldBytes: 8 * MB }, passingOn }))).toBe(
      "3 MB of the disk promised to uploads on their way · 8 MB of memory set aside for uploads · 1 buffer in use, 8 MB held · passing on 3 files: 2 waiting, 1 failed, " +
        "3 MB left · asked to come back later since the start: 3 times",
    );
    expect(
      moreWords(activity({ disk, reservedBytes: 0, refusals: 0, passingOn: { failed: 0, bytes_left: 0 } })),
    ).toBe("");
  });

  it("tell that small files come, which take no place among the uploads", () => {
    const before = activity({ running: 0, waiting: 0, uploads: [] });
    const words = (files: number, bytes: number): string => {
      const now = { ...before, at: 102, received: { files: 10 + files, bytes: 100 * MB + bytes } };
      return uploadWords(now, [], before);
    };
    expect(words(104, 6 * MB)).toBe("Small files are arriving · 52 files a second · 3 MB/s");
    expect(words(0, 2 * MB)).toBe("Small files are arriving · 1 MB/s");
    expect(words(0, 1)).toBe("Small files are arriving · 1 byte/s");
    expect(words(0, 0.4)).toBe("Small files are arriving");
    // A server that has just been started counts from the beginning.
    expect(words(-10, -100 * MB)).toBe("Nothing is arriving.");
  });

  it("warn where the disk is full for new uploads, and of nothing else", () => {
    const { disk } = activity();
    expect(diskWords(disk)).toBe("30 GB received · 60 GB free of 100 GB");
    expect(diskShort(disk)).toBe("40 GB used · 60 GB free");
    expect(diskWords({ ...disk, freeBytes: 800 * MB, availableBytes: 0 })).toBe(
      "30 GB received · 800 MB free of 100 GB. New uploads are refused until there is more.",
    );
  });

  it("warn where memory is short, and foretell nothing", () => {
    expect(memoryWords(activity())).toBe("42% of 1 GB");
    expect(memoryWords(activity({ memoryPercent: 85.2 }))).toBe(
      "85% of 1 GB. New uploads wait until it is less.",
    );
  });
});
