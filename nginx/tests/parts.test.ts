import { beforeEach, describe, expect, it } from "vitest";
import { networkError, UploadError } from "../src/core/errors";
import type { Span } from "../src/core/ranges";
import type { TransportReply, TransportRequest } from "../src/ports";
import { type Parts, type PartsConfig, partsOf } from "../src/utils/parts";
import { FakeClock } from "./support/clock";

const PART = 2 ** 20;
const SIZE = 5 * PART + 7;
const file = new File([new Uint8Array(SIZE)], "a.bin");
const quiet = new AbortController().signal;

/** A server that signs and lists, and a store that answers with what stands in `answers`, then with 200. */
class Both {
  readonly asked: [string, unknown[]][] = [];
  readonly puts: TransportRequest[] = [];
  answers: (number | Error)[] = [];
  there = new Set<number>();
  refusal: Error | null = null;
  gaps: [number, number][] = [];

  readonly transport = {
    send: async (request: TransportRequest): Promise<TransportReply> => {
      this.puts.push(request);
      request.onSent?.(100);
      const told = this.answers.shift() ?? 200;
      if (told instanceof Error) throw told;
      return { status: told, text: "", header: () => null };
    },
  };

  async askAboutParts(_id: string, place: string, { parts }: { parts: unknown[] }): Promise<unknown> {
    this.asked.push([place, parts]);
    if (this.refusal) throw this.refusal;
    if (place) return { complete: false, received_bytes: 0, missing_ranges: this.gaps };
    return { parts: (parts as { start: number }[]).map(({ start }) => this.#signed(start)) };
  }

  #signed(start: number): object {
    const there = this.there.has(start);
    const number = there ? null : start / PART + 1;
    return { start, there, number, url: there ? null : `https://s3.example.org/k?partNumber=${number}` };
  }

  async status(): Promise<object> {
    return { complete: false, missing: { bytes: 7 } };
  }
}

let both: Both;
let parts: Parts;
let spare: Parts | null = null;

function made(direct: unknown = { part_size: PART, most_parts: 64, seconds: 900 }): Parts | null {
  const digest = async (): Promise<string> => "sha-256=:qrs=:";
  const config = { file, api: both, clock: new FakeClock(), digest, uploadId: "u1" };
  return partsOf(direct, config as unknown as PartsConfig);
}

const part = (number: number): Span => ({ start: number * PART, stop: Math.min(SIZE, (number + 1) * PART) });
const sent: number[] = [];
const send = (chunk: Span): ReturnType<Parts["send"]> =>
  parts.send(chunk, quiet, (bytes) => sent.push(bytes));
const confirmed = (): unknown[] =>
  both.asked.filter(([place]) => place === "/done").map(([, numbers]) => numbers);

beforeEach(async () => {
  both = new Both();
  // What gets through makes this page forget how often it did not.
  spare ??= made();
  await spare?.send(part(0), quiet, () => undefined);
  both = new Both();
  parts = made() as Parts;
  sent.length = 0;
});

describe("parts that go straight into the store", () => {
  it("are put with their digest by the address that was signed for them, and count once they are confirmed", async () => {
    const receipts = await Promise.all([send(part(0)), send(part(5)), send(part(1))]);
    expect(receipts.map((each) => each?.complete)).toEqual([false, false, false]);
    expect(both.puts.map(({ method, url, headers }) => [method, url, headers])).toContainEqual([
      "PUT",
      "https://s3.example.org/k?partNumber=6",
      { "x-amz-checksum-sha256": "qrs=" },
    ]);
    expect(confirmed().flat().toSorted()).toEqual([1, 2, 6]);
    const [first] = both.asked;
    expect(first).toEqual(["", [{ start: 0, length: PART, sha256: "aabb" }]]);
  });

  it("have the following ones signed along", async () => {
    for (const number of [0, 1, 2, 3, 4, 5]) await send(part(number));
    const signed = both.asked.filter(([place]) => place === "");
    expect(signed.map(([, each]) => each.length)).toEqual([1, 2, 3]);
    expect(both.puts.length).toBe(6);
  });

  it("are whole ones", async () => {
    expect(await send({ start: 0, stop: PART - 1 })).toBeNull();
    expect(await send({ start: 1, stop: PART + 1 })).toBeNull();
    expect(both.asked).toEqual([]);
  });

  it("are not put where the store has them", async () => {
    both.there.add(0);
    expect(await send(part(0))).toMatchObject({ complete: false, receivedBytes: SIZE - 7 });
    expect(both.puts).toEqual([]);
  });

  it("are asked for anew where the address has expired, once", async () => {
    both.answers = [403, 200, 403, 403];
    expect(await send(part(0))).not.toBeNull();
    expect(await send(part(1))).toBeNull();
    expect(parts.isOff).toBe(true);
    expect(sent.at(-1)).toBe(0);
  });

  it("count as they are where another has brought them by the time the address is asked for anew", async () => {
    const { send: put } = both.transport;
    both.transport.send = async (request) => {
      both.there.add(0);
      return put(request);
    };
    both.answers = [403];
    expect(await send(part(0))).toMatchObject({ complete: false, receivedBytes: SIZE - 7 });
    expect(both.puts.length).toBe(1);
    expect(confirmed()).toEqual([]);
    expect(parts.isOff).toBe(false);
  });

  it.each([302, 404, 411, 500, networkError()])(
    "end where the first does not get through: %s",
    async (answer) => {
      both.answers = [answer];
      expect(await send(part(0))).toBeNull();
      expect(parts.isOff).toBe(true);
      expect(await send(part(1))).toBeNull();
      expect(both.puts.length).toBe(1);
    },
  );

  it("end where the line breaks twice in a row", async () => {
    both.answers = [200, networkError(), 200, networkError(), networkError()];
    await send(part(0));
    await expect(send(part(1))).rejects.toMatchObject({ code: "network_error" });
    expect(await send(part(1))).not.toBeNull();
    await expect(send(part(2))).rejects.toMatchObject({ code: "network_error" });
    expect(await send(part(2))).toBeNull();
    parts = made() as Parts;
    both.answers = [200, 503];
    await send(part(0));
    await expect(send(part(1))).rejects.toMatchObject({ code: "http_503", retryable: true });
  });

  it("end where somebody else has taken one, and said yes", async () => {
    both.gaps = [[0, PART - 1]];
    expect(await send(part(0))).toBeNull();
    expect(parts.isOff).toBe(true);
  });

  it("end where the server knows no such way, and fail as it says else", async () => {
    both.refusal = new UploadError("no", { code: "invalid_request", status: 400 });
    expect(await send(part(0))).toBeNull();
    expect(parts.isOff).toBe(true);
    parts = made() as Parts;
    both.refusal = new UploadError("closed", { code: "request_closed", status: 410 });
    await expect(send(part(0))).rejects.toMatchObject({ code: "request_closed" });
  });

  it("are not tried any more where several files in a row were barred", async () => {
    for (let count = 0; count < 3; count += 1) {
      parts = made() as Parts;
      both.answers = [404];
      await send(part(0));
    }
    expect(made()).toBeNull();
    // One that was begun before gets through.
    await spare?.send(part(0), quiet, () => undefined);
    expect(made()).not.toBeNull();
  });

  it.each([null, 7, {}, { part_size: 5, most_parts: 1 }, { part_size: PART, most_parts: 0 }])(
    "are not made of %s",
    (direct) => {
      expect(made(direct)).toBeNull();
    },
  );
});
