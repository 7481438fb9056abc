// The line to one server, shared out among all files that are being sent: one pool of chunks in flight, one speed limit, one
// measure of what the line can do. A request that waits for a connection inside the browser looks like one the network
// swallowed; waiting here it is told apart.

import { abortedError, errorFromReply, isPage, UploadError } from "../core/errors";
import type { Flow } from "../core/flow";
import type { Clock, Transport, TransportReply, TransportRequest } from "../ports";
import { SpeedLimit } from "./speed-limit";

/** What browsers allow over HTTP/1.1. */
export const BROWSER_CONNECTIONS = 6;
/** With a speed limit chunks are kept to what it allows in so many seconds, so that it does not go in bursts … */
const LIMITED_SECONDS = 2;
/** … but no smaller than this, in bytes. */
const SMALLEST_LIMITED = 256 * 1024;

/** Kept from big files while small ones are sent: a chunk on a slow line holds its connection for seconds, a small file should not. */
const KEPT_FOR_SMALL = 2;

interface Turn {
  readonly isBody: boolean;
  readonly begin: () => void;
}

/** What one file has on the line. */
interface Lane {
  readonly small: boolean;
  active: number;
  /** When it was last let on, as a count of turns. */
  served: number;
  readonly waiting: Set<Turn>;
}

export class Line {
  readonly flow: Flow;
  readonly speedLimit: SpeedLimit;
  readonly #clock: Clock;
  readonly #connections: number;
  readonly #smallOnes: () => boolean;
  readonly #lanes = new Set<Lane>();
  #active = 0;
  #bodies = { big: 0, small: 0 };
  #turns = 0;

  /** `connections` is how many requests of any kind may be under way at once; `smallOnes` whether small files are being sent. */
  constructor(
    flow: Flow,
    clock: Clock,
    connections: number = BROWSER_CONNECTIONS,
    smallOnes: () => boolean = () => false,
  ) {
    this.#smallOnes = smallOnes;
    this.flow = flow;
    this.speedLimit = new SpeedLimit(clock);
    this.#clock = clock;
    this.#connections = connections;
  }

  /** Bytes of the next chunk, at most. */
  get chunkSize(): number {
    const limit = this.speedLimit.bytesPerSecond;
    if (limit === null) return this.flow.chunkSize;
    const smooth = Math.max(SMALLEST_LIMITED, Math.floor(limit * LIMITED_SECONDS));
    return Math.min(this.flow.chunkSize, smooth);
  }

  /** `transport` by way of this line, for the requests of one file: a lane of its own. */
  through(transport: Transport, small = false): Transport {
    const lane: Lane = { small, active: 0, served: 0, waiting: new Set() };
    return { send: (request) => this.#send(transport, request, lane) };
  }

  async #send(transport: Transport, request: TransportRequest, lane: Lane): Promise<TransportReply> {
    const isBody = request.body instanceof Blob;
    await this.#turn(lane, isBody, request.signal);
    try {
      if (!(request.body instanceof Blob)) return await this.#sendWords(transport, request);
      return await this.#sendBody(transport, request, request.body.size);
    } finally {
      this.#count(lane, isBody, -1);
      this.#next();
    }
  }

  async #sendWords(transport: Transport, request: TransportRequest): Promise<TransportReply> {
    const began = this.#clock.now();
    const reply = await transport.send(request);
    this.flow.answered(this.#clock.now() - began);
    return reply;
  }

  async #sendBody(transport: Transport, request: TransportRequest, bytes: number): Promise<TransportReply> {
    const began = this.#clock.now();
    await this.speedLimit.take(bytes, request.signal);
    try {
      const reply = await transport.send(request);
      const now = this.#clock.now();
      if (reply.status < 300) {
        if (!isPage(reply.text)) this.flow.accepted(bytes, began, now, this.#inFlight);
      } else
        this.flow.failed(
          errorFromReply({ ...reply, retryAfter: null, now }),
          bytes,
          began,
          now,
          this.#inFlight,
        );
      return reply;
    } catch (error) {
      if (error instanceof UploadError && !request.signal.aborted) {
        this.flow.failed(error, bytes, began, this.#clock.now(), this.#inFlight);
      }
      throw error;
    }
  }

  get #inFlight(): number {
    return this.#bodies.big + this.#bodies.small;
  }

  /** It was paused, or offline: what was on its way says nothing about speed. */
  interrupted(): void {
    this.flow.interrupted(this.#clock.now());
  }

  #turn(lane: Lane, isBody: boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        lane.waiting.delete(turn);
        reject(abortedError());
      };
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const turn: Turn = { isBody, begin };
      signal.addEventListener("abort", leave);
      lane.waiting.add(turn);
      this.#lanes.add(lane);
      this.#next();
    });
  }

  /** Lets on whoever has least on the line, and of those who has waited longest. */
  #next(): void {
    for (let found = this.#fairest(); found !== null; found = this.#fairest()) {
      const { lane, turn } = found;
      lane.waiting.delete(turn);
      lane.served = ++this.#turns;
      this.#count(lane, turn.isBody, 1);
      turn.begin();
    }
  }

  #fairest(): { lane: Lane; turn: Turn } | null {
    let best: { lane: Lane; turn: Turn } | null = null;
    for (const lane of this.#lanes) {
      const turn = this.#readyOf(lane);
      if (lane.waiting.size === 0) this.#lanes.delete(lane);
      else if (turn !== undefined && (best === null || isBefore(lane, best.lane))) best = { lane, turn };
    }
    return best;
  }

  #readyOf(lane: Lane): Turn | undefined {
    if (this.#active >= this.#connections) return undefined;
    const full = this.#isFull(lane);
    for (const turn of lane.waiting) if (!turn.isBody || !full) return turn;
    return undefined;
  }

  #isFull({ small }: Lane): boolean {
    const { width } = this.flow;
    if (small) return this.#inFlight >= width + KEPT_FOR_SMALL;
    const kept = this.#smallOnes() ? KEPT_FOR_SMALL : 0;
    return this.#bodies.big >= Math.min(width, Math.max(1, this.#connections - kept));
  }

  #count(lane: Lane, isBody: boolean, by: 1 | -1): void {
    lane.active += by;
    this.#active += by;
    if (isBody) this.#bodies[lane.small ? "small" : "big"] += by;
  }
}

function isBefore(one: Lane, other: Lane): boolean {
  return one.active === other.active ? one.served < other.served : one.active < other.active;
}
