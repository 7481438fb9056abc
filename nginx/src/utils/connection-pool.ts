// The line to one server, shared out among all files that are being sent: one pool of chunks in flight, one speed limit, one
// measure of what the line can do. A request that waits for a connection inside the browser looks like one the network
// swallowed; waiting here it is told apart.

import { abortedError, errorFromReply, isPage, UploadError } from "../core/errors";
import type { Pace } from "../core/pace";
import type { Clock, Transport, TransportReply, TransportRequest } from "../ports";
import { SpeedLimit } from "./speed-limit";

/** What browsers allow over HTTP/1.1. */
export const BROWSER_CONNECTIONS = 6;
/** With a speed limit chunks are kept to what it allows in so many seconds, so that it does not go in bursts … */
const LIMITED_SECONDS = 2;
/** … but no smaller than this, in bytes. */
const MIN_LIMITED_BYTES = 256 * 1024;

/** Kept from big files while small ones are sent: a chunk on a slow line holds its connection for seconds, a small file should not. */
const CONNECTIONS_FOR_SMALL = 2;

interface Waiter {
  readonly isBody: boolean;
  readonly begin: () => void;
}

/** The requests of one file, under way and waiting. */
interface FileQueue {
  readonly small: boolean;
  active: number;
  /** When it was last let on, as a count of turns. */
  served: number;
  readonly waiting: Set<Waiter>;
}

export class ConnectionPool {
  readonly pace: Pace;
  readonly speedLimit: SpeedLimit;
  readonly #clock: Clock;
  readonly #connections: number;
  readonly #smallOnes: () => boolean;
  readonly #queues = new Set<FileQueue>();
  #active = 0;
  #bodies = { big: 0, small: 0 };
  #turns = 0;

  /** `connections` is how many requests of any kind may be under way at once; `smallOnes` whether small files are being sent. */
  constructor(
    pace: Pace,
    clock: Clock,
    connections: number = BROWSER_CONNECTIONS,
    smallOnes: () => boolean = () => false,
  ) {
    this.#smallOnes = smallOnes;
    this.pace = pace;
    this.speedLimit = new SpeedLimit(clock);
    this.#clock = clock;
    this.#connections = connections;
  }

  /** Bytes of the next chunk, at most. */
  get chunkSize(): number {
    const limit = this.speedLimit.bytesPerSecond;
    if (limit === null) return this.pace.chunkSize;
    const smooth = Math.max(MIN_LIMITED_BYTES, Math.floor(limit * LIMITED_SECONDS));
    return Math.min(this.pace.chunkSize, smooth);
  }

  /** `transport` by way of this line, for the requests of one file: a queue of its own. */
  through(transport: Transport, small = false): Transport {
    const queue: FileQueue = { small, active: 0, served: 0, waiting: new Set() };
    return { send: (request) => this.#send(transport, request, queue) };
  }

  async #send(transport: Transport, request: TransportRequest, queue: FileQueue): Promise<TransportReply> {
    const isBody = request.body instanceof Blob;
    await this.#wait(queue, isBody, request.signal);
    try {
      if (!(request.body instanceof Blob)) return await this.#sendWords(transport, request);
      return await this.#sendBody(transport, request, request.body.size);
    } finally {
      this.#count(queue, isBody, -1);
      this.#next();
    }
  }

  async #sendWords(transport: Transport, request: TransportRequest): Promise<TransportReply> {
    const began = this.#clock.now();
    const reply = await transport.send(request);
    this.pace.answered(this.#clock.now() - began);
    return reply;
  }

  async #sendBody(transport: Transport, request: TransportRequest, bytes: number): Promise<TransportReply> {
    const began = this.#clock.now();
    await this.speedLimit.take(bytes, request.signal);
    try {
      const reply = await transport.send(request);
      const now = this.#clock.now();
      if (reply.status < 300) {
        if (!isPage(reply.text)) this.pace.accepted(bytes, began, now, this.#inFlight);
      } else
        this.pace.failed(
          errorFromReply({ ...reply, retryAfter: null, now }),
          bytes,
          began,
          now,
          this.#inFlight,
        );
      return reply;
    } catch (error) {
      if (error instanceof UploadError && !request.signal.aborted) {
        this.pace.failed(error, bytes, began, this.#clock.now(), this.#inFlight);
      }
      throw error;
    }
  }

  get #inFlight(): number {
    return this.#bodies.big + this.#bodies.small;
  }

  /** It was paused, or offline: what was on its way says nothing about speed. */
  interrupted(): void {
    this.pace.interrupted(this.#clock.now());
  }

  #wait(queue: FileQueue, isBody: boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.waiting.delete(waiter);
        reject(abortedError());
      };
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const waiter: Waiter = { isBody, begin };
      signal.addEventListener("abort", leave);
      queue.waiting.add(waiter);
      this.#queues.add(queue);
      this.#next();
    });
  }

  /** Lets on whoever has least on the line, and of those who has waited longest. */
  #next(): void {
    for (let found = this.#fairest(); found !== null; found = this.#fairest()) {
      const { queue, waiter } = found;
      queue.waiting.delete(waiter);
      queue.served = ++this.#turns;
      this.#count(queue, waiter.isBody, 1);
      waiter.begin();
    }
  }

  #fairest(): { queue: FileQueue; waiter: Waiter } | null {
    let best: { queue: FileQueue; waiter: Waiter } | null = null;
    for (const queue of this.#queues) {
      const waiter = this.#readyOf(queue);
      if (queue.waiting.size === 0) this.#queues.delete(queue);
      else if (waiter !== undefined && (best === null || isBefore(queue, best.queue)))
        best = { queue, waiter };
    }
    return best;
  }

  #readyOf(queue: FileQueue): Waiter | undefined {
    if (this.#active >= this.#connections) return undefined;
    const full = this.#isFull(queue);
    for (const waiter of queue.waiting) if (!waiter.isBody || !full) return waiter;
    return undefined;
  }

  #isFull({ small }: FileQueue): boolean {
    const { width } = this.pace;
    if (small) return this.#inFlight >= width + CONNECTIONS_FOR_SMALL;
    const kept = this.#smallOnes() ? CONNECTIONS_FOR_SMALL : 0;
    return this.#bodies.big >= Math.min(width, Math.max(1, this.#connections - kept));
  }

  #count(queue: FileQueue, isBody: boolean, by: 1 | -1): void {
    queue.active += by;
    this.#active += by;
    if (isBody) this.#bodies[queue.small ? "small" : "big"] += by;
  }
}

function isBefore(one: FileQueue, other: FileQueue): boolean {
  return one.active === other.active ? one.served < other.served : one.active < other.active;
}
