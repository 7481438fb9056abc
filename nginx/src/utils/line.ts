// The few connections a browser opens to one server, shared out among all files that are being sent. A request that
// waits for a connection inside the browser looks like one the network swallowed; waiting here it is told apart.

import { abortedError } from "../core/errors";
import type { Transport, TransportReply, TransportRequest } from "../ports";

/** What browsers allow over HTTP/1.1. */
const CONNECTIONS = 6;
/** Kept from big files while small ones are sent: on a slow line a big chunk holds its connection for minutes. */
const KEPT_FOR_SMALL = 2;

interface Turn {
  readonly big: boolean;
  readonly begin: () => void;
}

export class Line {
  #active = 0;
  #big = 0;
  readonly #waiting = new Set<Turn>();
  readonly #smallOnes: () => boolean;

  /** `smallOnes` says whether small files are being sent. */
  constructor(smallOnes: () => boolean) {
    this.#smallOnes = smallOnes;
  }

  /** `transport` by way of this line, for the requests of one file. */
  through(transport: Transport, big: boolean): Transport {
    return { send: (request) => this.#send(transport, request, big) };
  }

  async #send(transport: Transport, request: TransportRequest, big: boolean): Promise<TransportReply> {
    await this.#turn(big, request.signal);
    try {
      return await transport.send(request);
    } finally {
      this.#count(big, -1);
      this.#next();
    }
  }

  async #turn(big: boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortedError();
    if (this.#isFree(big)) this.#count(big, 1);
    else await this.#queue(big, signal);
  }

  #queue(big: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(turn);
        reject(abortedError());
      };
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const turn: Turn = { big, begin };
      signal.addEventListener("abort", leave);
      this.#waiting.add(turn);
    });
  }

  #next(): void {
    for (const turn of this.#waiting) {
      if (!this.#isFree(turn.big)) continue;
      this.#waiting.delete(turn);
      this.#count(turn.big, 1);
      turn.begin();
    }
  }

  #isFree(big: boolean): boolean {
    if (this.#active >= CONNECTIONS) return false;
    return !big || !this.#smallOnes() || this.#big < CONNECTIONS - KEPT_FOR_SMALL;
  }

  #count(big: boolean, by: 1 | -1): void {
    this.#active += by;
    if (big) this.#big += by;
  }
}
