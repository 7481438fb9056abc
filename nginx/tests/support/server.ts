// A server that keeps what it is sent, as the real one does.

import { abortedError } from "../../src/core/errors";
import type { Transport, TransportReply, TransportRequest } from "../../src/ports";

interface Held {
  readonly path: string;
  bytes: number;
  readonly size: number;
}

/** Keeps uploads as the real server does, by key. `before` may refuse, lose or hold up a request. */
export class Server implements Transport {
  readonly asked: string[] = [];
  readonly requests: TransportRequest[] = [];
  /** Requests with bytes of single files at once, at most. */
  most = 0;
  #open = 0;
  readonly uploads = new Map<string, Held>();
  readonly packs: string[][] = [];
  before: (what: string, request: TransportRequest) => Promise<TransportReply | undefined> | undefined = () =>
    undefined;
  after: (what: string) => void = () => undefined;
  chunkSize = 8;
  /** Of one file in a pack. */
  refuse: (path: string) => { code: string; status: number } | undefined = () => undefined;

  async send(request: TransportRequest): Promise<TransportReply> {
    const whole = "X-Upload-Opening" in request.headers;
    const what = whole ? "POST whole" : `${request.method} ${request.url.split("/").at(-1)}`;
    this.requests.push(request);
    this.asked.push(what);
    const carries = request.body instanceof Blob && what !== "POST pack" ? 1 : 0;
    this.#open += carries;
    this.most = Math.max(this.most, this.#open);
    try {
      const instead = await this.before(what, request);
      if (request.signal.aborted) throw abortedError();
      if (instead !== undefined) return instead;
      const answer = await this.#answer(request);
      this.after(what);
      return answer;
    } finally {
      this.#open -= carries;
    }
  }

  get delivered(): string[] {
    return [...this.uploads.values()].filter(({ bytes, size }) => bytes === size).map(({ path }) => path);
  }

  async #answer({ method, url, body, headers, onSent }: TransportRequest): Promise<TransportReply> {
    const opening = headers["X-Upload-Opening"] ?? (url.endsWith("/uploads") ? body : null);
    const id = headers["X-Upload-Id"] ?? url.split("/").at(-1) ?? "";
    if (method === "DELETE")
      return this.uploads.delete(id) ? reply(204, {}) : refusal(404, "upload_not_found");
    if (url.endsWith("/pack")) return this.#pack(body as Blob, onSent);
    if (opening !== null) {
      const { path, size, key } = JSON.parse(String(opening));
      const whole = body instanceof Blob;
      if (whole) onSent?.(size);
      if (whole || !this.uploads.has(key)) this.uploads.set(key, { path, size, bytes: whole ? size : 0 });
      return reply(201, this.#state(key));
    }
    const upload = this.uploads.get(id);
    if (upload === undefined) return refusal(404, "upload_not_found");
    if (method === "POST") {
      onSent?.((body as Blob).size);
      upload.bytes += (body as Blob).size;
    }
    return reply(200, this.#state(id));
  }

  async #pack(body: Blob, onSent?: (bytes: number) => void): Promise<TransportReply> {
    const bytes = Buffer.from(await body.arrayBuffer());
    const files: object[] = [];
    const paths: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(10, at);
      const { path, size, key } = JSON.parse(bytes.subarray(at, end).toString());
      at = end + 1 + size;
      paths.push(path);
      onSent?.(at);
      const refused = this.refuse(path);
      if (refused === undefined) this.uploads.set(key, { path, size, bytes: size });
      files.push(refused ? { error: "No.", ...refused } : this.#state(key));
    }
    this.packs.push(paths);
    return reply(200, { files });
  }

  #state(id: string): object {
    const { bytes, size, path } = this.uploads.get(id) ?? { bytes: 0, size: 0, path: "" };
    const missing = bytes < size ? [[bytes, size - 1]] : [];
    const grid = { chunk_size: this.chunkSize, max_parallel_chunks: 1 };
    const name = path.split("/").at(-1);
    return {
      upload_id: id,
      ...grid,
      complete: bytes === size,
      received_bytes: bytes,
      missing_ranges: missing,
      name,
    };
  }
}

export function reply(status: number, json: object): TransportReply {
  return { status, text: status === 204 ? "" : JSON.stringify(json), header: () => null };
}

export const refusal = (status: number, code: string): TransportReply =>
  reply(status, { error: "No.", code });
