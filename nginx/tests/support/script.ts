import { expect } from "vitest";
import { abortedError, networkError } from "../../src/core/errors";
import type { Transport, TransportReply, TransportRequest } from "../../src/ports";

export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** No reply comes. */
  readonly lost?: boolean;
  /** No reply comes until the request is aborted. */
  readonly hangs?: boolean;
  /** Runs before the answer is given. */
  readonly first?: (request: TransportRequest) => void | Promise<void>;
}

/** "POST /uploads", or with a chunk's range: "POST /upload-chunk 0-3/8". */
type Expected = string;

/** A server that follows a script: expects a request, answers, expects the next. Anything else fails the test. */
export class ScriptedTransport implements Transport {
  readonly requests: TransportRequest[] = [];
  readonly #steps: { expected: Expected; answer: Answer }[] = [];

  expect(expected: Expected, answer: Answer): this {
    this.#steps.push({ expected, answer });
    return this;
  }

  async send(request: TransportRequest): Promise<TransportReply> {
    this.requests.push(request);
    const asked = describe(request);
    const at = this.#steps.findIndex(({ expected }) => expected === asked);
    // Chunks in flight together may come in any order; what comes must be in the script, in order per request.
    if (at < 0)
      throw new Error(`Not in the script: ${asked}. Next: ${this.#steps[0]?.expected ?? "the end"}`);
    const [step] = this.#steps.splice(at, 1);
    return answerTo(request, step?.answer ?? {});
  }

  /** The script was played to its end. */
  done(): void {
    expect(this.#steps.map(({ expected }) => expected)).toEqual([]);
  }

  /** The requests that were made, described, in order. */
  get asked(): string[] {
    return this.requests.map(describe);
  }
}

async function answerTo(request: TransportRequest, answer: Answer): Promise<TransportReply> {
  await answer.first?.(request);
  if (answer.hangs) await untilAborted(request.signal);
  if (request.signal.aborted) throw abortedError();
  if (answer.lost) throw networkError();
  if (request.body instanceof Blob) request.onSent?.(request.body.size);
  const headers = new Headers(answer.headers ?? {});
  const text = answer.text ?? JSON.stringify(answer.json ?? {});
  return { status: answer.status ?? 200, text, header: (name) => headers.get(name) };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

function describe({ method, url, headers }: TransportRequest): string {
  const path = url.replace(/^\/api\/droppr\/requests\/[^/]+/, "");
  const range = headers["Content-Range"]?.replace("bytes ", " ") ?? "";
  return `${method} ${path}${range}`;
}
