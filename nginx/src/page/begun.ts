// Uploads that were begun on a link, here or on another device: the calls that tell of them, loaded where there are such.

import { unexpectedReply } from "../core/errors";
import type { Fields, LinkApi } from "./link-api";

export interface HandOff {
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly url: string;
}

/** An upload somebody began, as the server knows it. */
export interface Begun {
  readonly uploadId: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly received: number;
  readonly complete: boolean;
  /** Milliseconds since 1970; null where whoever began it did not say. */
  readonly lastModified: number | null;
  readonly sample: string | null;
}

export async function handOff(api: LinkApi, uploads: readonly string[]): Promise<HandOff> {
  const { code, expires_at: until, url } = await api.post("/handoffs", { uploads });
  if (typeof code !== "string" || typeof until !== "number" || typeof url !== "string") {
    throw unexpectedReply(201);
  }
  return { code, url, expiresAt: until * 1_000 };
}

export async function handedOver(api: LinkApi, code: string): Promise<Begun[]> {
  const { uploads } = await api.get(`/handoffs/${encodeURIComponent(code)}`);
  return Array.isArray(uploads) ? uploads.map((each: Fields) => parseBegun(each)) : [];
}

export async function statusOf(api: LinkApi, uploadId: string): Promise<Begun> {
  return parseBegun(await api.get(`/uploads/${encodeURIComponent(uploadId)}`));
}

function parseBegun(fields: Fields): Begun {
  const {
    upload_id: uploadId,
    path,
    size,
    received_bytes: received,
    last_modified: seconds,
    sample,
  } = fields;
  if (typeof uploadId !== "string" || typeof path !== "string" || typeof size !== "number") {
    throw unexpectedReply(200);
  }
  return {
    uploadId,
    path,
    size,
    received: typeof received === "number" ? received : 0,
    complete: fields.complete === true,
    lastModified: typeof seconds === "number" ? Math.round(seconds * 1_000) : null,
    sample: typeof sample === "string" ? sample : null,
  };
}
