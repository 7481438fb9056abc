import { beforeEach, describe, expect, it } from "vitest";
import type { Transport, TransportReply, TransportRequest } from "../src/ports";
import { Line } from "../src/utils/line";

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
let small: boolean;
let line: Line;

async function ask(names: string, big: boolean, signal = new AbortController().signal): Promise<void> {
  const transport = line.through(server, big);
  for (const url of names.split(" ")) {
    transport.send({ method: "POST", url, headers: {}, signal }).catch(() => undefined);
  }
  await settled();
}

beforeEach(() => {
  server = new SlowServer();
  small = false;
  line = new Line(() => small);
});

describe("the line", () => {
  it("carries six requests at once, the next when one is answered", async () => {
    await ask("1 2 3 4 5 6 7 8", true);
    expect(server.asked).toBe("1 2 3 4 5 6");
    await server.answer("3");
    expect(server.asked).toBe("1 2 4 5 6 7");
  });

  it("keeps two places for small files while there are any", async () => {
    small = true;
    await ask("B1 B2 B3 B4 B5", true);
    await ask("s1 s2 s3", false);
    expect(server.asked).toBe("B1 B2 B3 B4 s1 s2");
    await server.answer("s1");
    expect(server.asked).toBe("B1 B2 B3 B4 s2 s3");
    small = false;
    await server.answer("s2");
    expect(server.asked).toBe("B1 B2 B3 B4 s3 B5");
  });

  it("gives the next free place to a small file that came while a big one had them all", async () => {
    await ask("B1 B2 B3 B4 B5 B6 B7", true);
    small = true;
    await ask("s1", false);
    await server.answer("B1");
    expect(server.asked).toBe("B2 B3 B4 B5 B6 s1");
  });

  it("lets an aborted request leave the queue", async () => {
    await ask("1 2 3 4 5 6", true);
    const stop = new AbortController();
    const waiting = line
      .through(server, true)
      .send({ method: "GET", url: "7", headers: {}, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await server.answer("1");
    await ask("8", true);
    expect(server.asked).toBe("2 3 4 5 6 8");
  });
});
