// HTTP by XMLHttpRequest: `fetch` cannot report how much of a body has been sent.

import { abortedError, networkError, type UploadError } from "../core/errors";
import type { Transport, TransportReply, TransportRequest } from "../ports";
import { whyLost } from "./why-lost";

/** Silence in both directions for this long is a dead connection; the browser itself would wait for ever. */
const STALL_MS = 120_000;

export class XhrTransport implements Transport {
  /** Whether the latest request that ended had no answer. */
  #lost = false;

  send(request: TransportRequest): Promise<TransportReply> {
    if (request.signal.aborted) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      const watch = new Watchdog(() => xhr.abort());
      const abort = (): void => xhr.abort();
      request.signal.addEventListener("abort", abort);
      xhr.onloadend = () => {
        watch.stop();
        request.signal.removeEventListener("abort", abort);
        if (request.signal.aborted) reject(abortedError());
        else if (xhr.status === 0) void this.#lose(request).then(reject);
        else {
          this.#lost = false;
          resolve(replyOf(xhr));
        }
      };
      dispatch(xhr, request, watch);
    });
  }

  /** Connections break while much is sent; that is not asked about before it happens again. */
  async #lose({ url, body, signal }: TransportRequest): Promise<UploadError> {
    const once = body instanceof Blob && !this.#lost;
    this.#lost = true;
    return once ? networkError() : whyLost(url, signal);
  }
}

function dispatch(xhr: XMLHttpRequest, request: TransportRequest, watch: Watchdog): void {
  xhr.open(request.method, request.url);
  for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
  xhr.upload.onprogress = ({ loaded }) => {
    watch.restart();
    request.onSent?.(loaded);
  };
  xhr.onprogress = () => watch.restart();
  watch.restart();
  xhr.send(request.body ?? null);
}

function replyOf(xhr: XMLHttpRequest): TransportReply {
  return { status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) };
}

class Watchdog {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onStall: () => void;

  constructor(onStall: () => void) {
    this.#onStall = onStall;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onStall, STALL_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
