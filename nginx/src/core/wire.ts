// The server's JSON as typed values, read once at the edge. Anything else than the contract's shapes throws.

import { ByteRanges, type WireRange } from "./ranges";

/** What both opening and asking for the status tell. */
export interface UploadState {
  readonly uploadId: string;
  /** Largest chunk the server wants. */
  readonly chunkSize: number;
  readonly maxParallelChunks: number;
  readonly complete: boolean;
  readonly missing: ByteRanges;
}

export interface ChunkReceipt {
  readonly complete: boolean;
  readonly receivedBytes: number;
}

export type Asked = "no" | "optional" | "required";

/** What a link says about itself; limits are null where there is none. */
export interface LinkInfo {
  readonly title: string;
  readonly message: string;
  /** Seconds from now, or null for never. */
  readonly expiresIn: number | null;
  readonly requiresPassword: boolean;
  readonly captchaRequired: boolean;
  readonly captchaProvider: string;
  readonly captchaSiteKey: string;
  readonly maxFileSize: number | null;
  readonly maxTotalSize: number | null;
  readonly maxFiles: number | null;
  /** Lower case, without dots; empty for any. */
  readonly allowedExtensions: readonly string[];
  readonly askName: Asked;
  readonly askEmail: Asked;
  readonly chunkSize: number;
  readonly maxParallelChunks: number;
}

type Fields = Readonly<Record<string, unknown>>;

export function parseFields(text: string): Fields {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new TypeError("Not an object");
  return value as Fields;
}

export function parseUploadState(fields: Fields): UploadState {
  return {
    uploadId: text(fields, "upload_id"),
    chunkSize: count(fields, "chunk_size"),
    maxParallelChunks: count(fields, "max_parallel_chunks"),
    complete: fields.complete === true,
    missing: ByteRanges.fromWire(wireRanges(fields.missing_ranges)),
  };
}

export function parseChunkReceipt(fields: Fields): ChunkReceipt {
  return { complete: fields.complete === true, receivedBytes: count(fields, "received_bytes") };
}

export function parseLinkInfo(fields: Fields): LinkInfo {
  return {
    title: optionalText(fields.title),
    message: optionalText(fields.message),
    expiresIn: limit(fields.expires_in),
    requiresPassword: fields.requires_password === true,
    captchaRequired: fields.captcha_required === true,
    captchaProvider: optionalText(fields.captcha_provider),
    captchaSiteKey: optionalText(fields.captcha_site_key),
    maxFileSize: limit(fields.max_file_size),
    maxTotalSize: limit(fields.max_total_size),
    maxFiles: limit(fields.max_files),
    allowedExtensions: extensions(fields.allowed_extensions),
    askName: asked(fields.ask_name),
    askEmail: asked(fields.ask_email),
    chunkSize: count(fields, "chunk_size"),
    maxParallelChunks: count(fields, "max_parallel_chunks"),
  };
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new TypeError(`${name} is not a text`);
  return value;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new TypeError(`${name} is not a count`);
  }
  return value;
}

function wireRanges(value: unknown): WireRange[] {
  if (!Array.isArray(value)) throw new TypeError("ranges are not a list");
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || typeof pair[0] !== "number" || typeof pair[1] !== "number") {
      throw new TypeError("a range is not a pair of numbers");
    }
    return [pair[0], pair[1]] as const;
  });
}

function optionalText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** In the settings 0 means no limit; on the wire it may also be null or absent. */
function limit(value: unknown): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}

function asked(value: unknown): Asked {
  return value === "optional" || value === "required" ? value : "no";
}

function extensions(value: unknown): string[] {
  const listed = Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  const names = listed.map((each) => each.trim().toLowerCase().replace(/^\./, ""));
  return names.includes("*") ? [] : names.filter((each) => each !== "");
}
