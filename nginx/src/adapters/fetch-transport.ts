// HTTP by `fetch`, for Node and for workers. It cannot see how much of a body has left, so a body counts as sent when it is answered.

import { abortedError } from "../core/errors";
import type { Transport, TransportReply, TransportRequest } from "../ports";
import { whyLost } from "./why-lost";

/** Milliseconds an answer may take … */
const PATIENCE_MS = 120_000;
/** … and as many more as the body needs at this rate, in bytes per millisecond: slower is a dead connection. */
const SLOWEST_BYTES_PER_MS = 8;

export class FetchTransport implements Transport {
  readonly connections: number;

  /** `connections` is how many requests may be under way at once: 16 in Node, where nobody else limits them. */
  constructor(connections = 16) {
    this.connections = connections;
  }

  async send(request: TransportRequest): Promise<TransportReply> {
    if (request.signal.aborted) throw abortedError();
    const { body = null } = request;
    const bytes = body instanceof Blob ? body.size : 0;
    const tooLong = AbortSignal.timeout(Math.ceil(PATIENCE_MS + bytes / SLOWEST_BYTES_PER_MS));
    const { method, url, headers, signal } = request;
    try {
      const reply = await fetch(url, { method, headers, body, signal: AbortSignal.any([signal, tooLong]) });
      const text = await reply.text();
      request.onSent?.(bytes);
      return { status: reply.status, text, header: (name) => reply.headers.get(name) };
    } catch (cause) {
      throw signal.aborted ? abortedError() : await whyLost(url, signal, cause);
    }
  }
}
