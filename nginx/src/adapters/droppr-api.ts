// The upload calls of the HTTP contract, over any Transport. Turns every refusal into an UploadError.

import { errorFromReply, type UploadError, unexpectedReply } from "../core/errors";
import { PACK_TYPE } from "../core/pack";
import type { Span } from "../core/ranges";
import {
  type ChunkReceipt,
  type LinkInfo,
  type PackedFile,
  parseChunkReceipt,
  parseLinkInfo,
  parsePackReply,
  parseUploadState,
  parseWholeReceipt,
  type UploadState,
  type WholeReceipt,
} from "../core/wire";
import type { Clock, Transport, TransportReply, TransportRequest } from "../ports";
import { callsSoFar } from "./browser-network";

export type HttpHeaders = Readonly<Record<string, string>>;

export interface NewUpload {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970, as `File.lastModified`; seconds on the wire. */
  readonly lastModified: number;
  readonly senderName?: string;
  readonly senderEmail?: string;
  /** Upload key: opening again with it answers with the same upload. */
  readonly key?: string;
  /** Sample digest (`s1:…`), to tell files of one name and size apart when resuming. */
  readonly sample?: string;
  /** Lower-case hex; a file that turns out different is not delivered. */
  readonly sha256?: string;
  /** Of the link's checklist; empty for none. */
  readonly item?: string;
}

/** Many small files in one request. */
export interface PackToSend {
  readonly body: Blob;
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
}

/** Bytes to send. */
export interface Content {
  readonly body: Blob;
  /** A `Content-Digest` value, or null where the browser cannot hash. */
  readonly digest: string | null;
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
}

export interface ChunkToSend extends Content {
  /** By what it names its upload: the id, or the key under which that is being opened. */
  readonly upload: HttpHeaders;
  readonly span: Span;
  readonly total: number;
  readonly index: number;
}

/** Bytes of the header that opens an upload by its first chunk, at most: proxies bound what they take. */
const MAX_OPENING_HEADER = 4096;

/** Wanted when an upload is opened and nowhere else, so they do not travel with every chunk. */
const OPENING_ONLY = new Set(["x-request-password", "x-captcha-token"]);

export interface DropprApiConfig {
  readonly transport: Transport;
  readonly clock: Pick<Clock, "now">;
  /** `/api/droppr/requests/{hash}/upload-chunk` */
  readonly chunkUrl: string;
  readonly headers: HttpHeaders;
}

export class DropprApi {
  readonly #config: DropprApiConfig;
  readonly #uploadsUrl: string;
  readonly #everyHeaders: HttpHeaders;

  constructor(config: DropprApiConfig) {
    this.#config = config;
    this.#uploadsUrl = config.chunkUrl.replace(/\/upload-chunk\/?$/, "/uploads");
    const lasting = Object.entries(config.headers).filter(([name]) => !OPENING_ONLY.has(name.toLowerCase()));
    this.#everyHeaders = Object.fromEntries(lasting);
  }

  /** What everything goes by. */
  get transport(): Transport {
    return this.#config.transport;
  }

  async open(upload: NewUpload, extra: HttpHeaders, signal: AbortSignal): Promise<UploadState> {
    const headers = {
      ...openingHeaders({ ...this.#config.headers, ...extra, "X-Next-Hop-Protocol": protocolSoFar() }),
      ...JSON_BODY,
    };
    const body = JSON.stringify(openingBody(upload));
    return this.#ask({ method: "POST", url: this.#uploadsUrl, headers, body, signal }, parseUploadState);
  }

  async status(uploadId: string, signal: AbortSignal): Promise<UploadState> {
    const headers = this.#everyHeaders;
    return this.#ask({ method: "GET", url: this.#uploadUrl(uploadId), headers, signal }, parseUploadState);
  }

  /** Resolves also where nothing of it was left. */
  async cancel(uploadId: string, signal = new AbortController().signal): Promise<void> {
    const headers = this.#everyHeaders;
    try {
      await this.#send({ method: "DELETE", url: this.#uploadUrl(uploadId), headers, signal });
    } catch (error) {
      if ((error as UploadError).status !== 404) throw error;
    }
  }

  /** Asks for addresses of parts, or says (`/done`) which were put; the answer is read in `utils/parts.ts`. */
  askAboutParts(uploadId: string, place: string, body: Fields, signal: AbortSignal): Promise<unknown> {
    const headers = { ...this.#everyHeaders, ...JSON_BODY };
    const url = `${this.#uploadUrl(uploadId)}/parts${place}`;
    return this.#ask({ method: "POST", url, headers, body: JSON.stringify(body), signal }, (value) => value);
  }

  async sendChunk(chunk: ChunkToSend): Promise<ChunkReceipt> {
    const headers = { ...this.#everyHeaders, ...chunkHeaders(chunk) };
    const { body, signal, onSent } = chunk;
    const url = this.#config.chunkUrl;
    return this.#ask({ method: "POST", url, headers, body, signal, onSent }, parseChunkReceipt);
  }

  /** Opens an upload by the one chunk that is all of it. Null, and nothing is sent, where what opens it is too long for a header. */
  async sendWhole(upload: NewUpload, content: Content, extra: HttpHeaders): Promise<WholeReceipt | null> {
    const { body, digest, signal, onSent } = content;
    const opening = asciiJson(openingBody(upload));
    if (opening.length > MAX_OPENING_HEADER) return null;
    const headers = {
      ...openingHeaders({ ...this.#config.headers, ...extra }),
      ...contentHeaders({ start: 0, stop: body.size }, body.size, digest),
      "X-Upload-Opening": opening,
    };
    const url = this.#config.chunkUrl;
    return this.#ask({ method: "POST", url, headers, body, signal, onSent }, parseWholeReceipt);
  }

  /** One answer for each file of the pack, in its order. */
  async sendPack({ body, signal, onSent }: PackToSend, extra: HttpHeaders): Promise<PackedFile[]> {
    const url = this.#uploadsUrl.replace(/uploads$/, "pack");
    const headers = { ...openingHeaders({ ...this.#config.headers, ...extra }), "Content-Type": PACK_TYPE };
    return this.#ask({ method: "POST", url, headers, body, signal, onSent }, parsePackReply);
  }

  #uploadUrl(uploadId: string): string {
    return `${this.#uploadsUrl}/${encodeURIComponent(uploadId)}`;
  }

  async #ask<T>(request: TransportRequest, parse: (value: unknown) => T): Promise<T> {
    return read(await this.#send(request), parse);
  }

  #send(request: TransportRequest): Promise<TransportReply> {
    return sendOrThrow(this.#config.transport, request, this.#config.clock);
  }
}

/** What a link says about itself; `origin` is needed where there is no page, as in Node. Throws `request_not_found`, `request_expired`, `request_closed`. */
export async function fetchLinkInfo(
  { transport, clock }: Pick<DropprApiConfig, "transport" | "clock">,
  hash: string,
  signal: AbortSignal,
  origin = "",
): Promise<LinkInfo> {
  const url = `${origin}/api/droppr/requests/${encodeURIComponent(hash)}`;
  return read(
    await sendOrThrow(transport, { method: "GET", url, headers: {}, signal }, clock),
    parseLinkInfo,
  );
}

type Fields = Readonly<Record<string, unknown>>;

const JSON_BODY = { "Content-Type": "application/json" } as const;

async function sendOrThrow(
  transport: Transport,
  request: TransportRequest,
  clock: Pick<Clock, "now">,
): Promise<TransportReply> {
  const reply = await transport.send(request);
  if (reply.status >= 200 && reply.status < 300) return reply;
  const { status, text } = reply;
  throw errorFromReply({ status, text, retryAfter: reply.header("Retry-After"), now: clock.now() });
}

function read<T>({ status, text }: TransportReply, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(text));
  } catch {
    throw unexpectedReply(status);
  }
}

/** How this page came to the server, for its owner: only a browser knows what a proxy in front speaks. Empty where it does not tell. */
function protocolSoFar(): string {
  return callsSoFar()[0]?.nextHopProtocol ?? "";
}

/** Callers give the password as it is typed; header values carry ASCII only. */
function openingHeaders(headers: HttpHeaders): HttpHeaders {
  const filled = Object.entries(headers).filter(([, value]) => value !== "");
  return Object.fromEntries(
    filled.map(([name, value]) => [
      name,
      name.toLowerCase() === "x-request-password" ? encodeURIComponent(value) : value,
    ]),
  );
}

function openingBody(upload: NewUpload): Fields {
  const { path, size, lastModified, senderName, senderEmail, key, sample, sha256, item } = upload;
  return {
    path,
    size,
    last_modified: lastModified / 1_000,
    ...(senderName ? { sender_name: senderName } : {}),
    ...(senderEmail ? { sender_email: senderEmail } : {}),
    ...(key ? { key } : {}),
    ...(sample ? { sample } : {}),
    ...(sha256 ? { sha256 } : {}),
    ...(item ? { item } : {}),
  };
}

/** As a header carries it. */
function asciiJson(fields: Fields): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(fields).replace(/[\u007f-\uffff]/g, escaped);
}

function chunkHeaders({ upload, span, total, index, digest }: ChunkToSend): HttpHeaders {
  return {
    ...contentHeaders(span, total, digest),
    ...upload,
    "X-Chunk-Index": String(index),
  };
}

function contentHeaders({ start, stop }: Span, total: number, digest: string | null): HttpHeaders {
  return {
    "Content-Type": "application/octet-stream",
    "Content-Range": `bytes ${start}-${stop - 1}/${total}`,
    ...(digest === null ? {} : { "Content-Digest": digest }),
  };
}
