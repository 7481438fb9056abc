import { beforeEach, describe, expect, it } from "vitest";
import { Pace } from "../src/core/pace";
import type { Transport, TransportReply, TransportRequest } from "../src/ports";
import { ConnectionPool } from "../src/utils/connection-pool";
import { FakeClock } from "./support/clock";

/** Answers a request when the test says so. */
class SlowServer implements Transport {
  readonly open = new Map<string, () => void>();

  send({ url }: TransportRequest): Promise<TransportReply> {
    const reply = { status: 200, text: "", header: () => null };
    return new Promise((resolve) => this.open.set(url, () => resolve(reply)));
  }

  async answer(url: string): Promise<void> {
    this.open.get(url)?.();
    this.open.delete(url);
    await settled();
  }

  get asked(): string {
    return [...this.open.keys()].join(" ");
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let server: SlowServer;
let clock: FakeClock;

function poolOf(width: number, connections = 6, smallOnes = false): ConnectionPool {
  const size = { chunkSize: 8, minChunkSize: 1, maxChunkSize: 8, adaptChunkSize: false };
  return new ConnectionPool(
    new Pace({ width, maxWidth: 16, adaptWidth: false, ...size }),
    clock,
    connections,
    () => smallOnes,
  );
}

async function ask(queue: Transport, names: string, body?: Blob): Promise<void> {
  for (const url of names.split(" ")) {
    const request = { method: "POST", url, headers: {}, signal: new AbortController().signal } as const;
    queue.send(body ? { ...request, body } : request).catch(() => undefined);
  }
  await settled();
}

const chunk = new Blob(["12345678"]);

beforeEach(() => {
  server = new SlowServer();
  clock = new FakeClock();
});

describe("the line", () => {
  it("carries as many bodies as the pace is wide, the next when one is answered", async () => {
    const queue = poolOf(3).through(server);
    await ask(queue, "1 2 3 4 5", chunk);
    expect(server.asked).toBe("1 2 3");
    await server.answer("2");
    expect(server.asked).toBe("1 3 4");
  });

  it("lets requests without a body pass, up to the number of connections", async () => {
    const queue = poolOf(2, 4).through(server);
    await ask(queue, "1 2 3", chunk);
    await ask(queue, "status1 status2 status3");
    expect(server.asked).toBe("1 2 status1 status2");
    await server.answer("1");
    expect(server.asked).toBe("2 status1 status2 3");
  });

  it("gives each file its share, whoever came first", async () => {
    const pool = poolOf(4);
    const [big, late, small] = [pool.through(server), pool.through(server), pool.through(server)];
    await ask(big, "B1 B2 B3 B4 B5 B6 B7", chunk);
    await ask(late, "L1 L2 L3", chunk);
    await ask(small, "s1", chunk);
    await server.answer("B1");
    await server.answer("B2");
    expect(server.asked).toBe("B3 B4 L1 s1");
    await server.answer("B3");
    await server.answer("B4");
    expect(server.asked).toBe("L1 s1 B5 L2");
  });

  it("keeps two connections for small files while there are any, beyond the width of the pace", async () => {
    const pool = poolOf(6, 6, true);
    const [big, small] = [pool.through(server), pool.through(server, true)];
    await ask(big, "B1 B2 B3 B4 B5 B6", chunk);
    await ask(small, "s1 s2 s3", chunk);
    expect(server.asked).toBe("B1 B2 B3 B4 s1 s2");
    const narrow = poolOf(1, 6, true);
    await ask(narrow.through(server), "N1 N2", chunk);
    await ask(narrow.through(server, true), "n1 n2 n3", chunk);
    expect(server.asked).toBe("B1 B2 B3 B4 s1 s2 N1 n1 n2");
  });

  it("lets an aborted request leave the queue", async () => {
    const queue = poolOf(1).through(server);
    await ask(queue, "1", chunk);
    const stop = new AbortController();
    const request = { method: "POST", url: "2", headers: {}, body: chunk, signal: stop.signal } as const;
    const waiting = queue.send(request);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await server.answer("1");
    await ask(queue, "3", chunk);
    expect(server.asked).toBe("3");
  });
});

describe("a speed limit", () => {
  const prompt: Transport = { send: async () => ({ status: 200, text: "", header: () => null }) };

  it("makes bodies wait for those before them, at the limited rate", async () => {
    const pool = poolOf(4);
    pool.speedLimit.set(4);
    await ask(pool.through(prompt), "1 2 3", chunk);
    expect(clock.slept).toEqual([2_000, 2_000]);
  });

  it("can be lifted while something waits for it", async () => {
    clock.holdSleep = true;
    const pool = poolOf(4);
    pool.speedLimit.set(4);
    await ask(pool.through(server), "1 2", chunk);
    expect(server.asked).toBe("1");
    pool.speedLimit.set(null);
    await settled();
    expect(server.asked).toBe("1 2");
  });

  it("keeps chunks small enough not to go in bursts", () => {
    const size = { chunkSize: 2 ** 23, minChunkSize: 2 ** 20, maxChunkSize: 2 ** 23, adaptChunkSize: true };
    const pool = new ConnectionPool(new Pace({ width: 1, maxWidth: 1, adaptWidth: false, ...size }), clock);
    expect(pool.chunkSize).toBe(2 ** 23);
    pool.speedLimit.set(500_000);
    expect(pool.chunkSize).toBe(1_000_000);
    pool.speedLimit.set(1);
    expect(pool.chunkSize).toBe(256 * 1024);
  });
});
