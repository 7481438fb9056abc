// The server's JSON as typed values, read once at the edge. Anything else than the contract's shapes throws.

import { errorFromReply, type UploadError } from "./errors";
import type { PackLimits } from "./pack";
import { ByteRanges, type WireRange } from "./ranges";
import { type Declared, type Doubted, doubted, type FieldOf } from "./reply";

/** Of a file that stands complete. */
export interface Delivery {
  /** The name the file stands under, null until it is complete. */
  readonly name: string | null;
  /** Milliseconds since 1970 until which a complete file can be taken back, or null. */
  readonly removableUntil: number | null;
}

/** What both opening and asking for the status tell. */
export interface UploadState extends Delivery {
  readonly uploadId: string;
  /** Largest chunk the server wants. */
  readonly chunkSize: number;
  readonly maxParallelChunks: number;
  /** The same for who measures, and goes back where more carry no more. */
  readonly mostParallelChunks: number;
  readonly complete: boolean;
  readonly missing: ByteRanges;
  /** Bytes of the whole file; null in the answer to opening. */
  readonly size: number | null;
  /** Sample digest given when it was opened, or null. */
  readonly sample: string | null;
  /** Lower-case hex, null until the server has computed it. */
  readonly sha256: string | null;
  /** How parts of it go straight into a store, as the server tells it, for `utils/parts.ts` to read where they may. */
  readonly direct: unknown;
}

/** What the server says of one file of a pack: it stands, or why not. */
export type PackedFile = UploadState | UploadError;

export interface ChunkReceipt extends Partial<Delivery> {
  readonly complete: boolean;
  /** Bytes of the file the server has. */
  readonly receivedBytes: number;
}

/** What the server says of a file whose opening came with all of its bytes. */
export interface WholeReceipt extends ChunkReceipt {
  readonly uploadId: string;
}

export type Colours = Declared<"Colours">;
export type Asked = Declared<"Ask">;

/** What a link says about itself; limits are null where there is none. */
export interface LinkInfo {
  readonly title: string;
  readonly message: string;
  /** Of the owner's logo, or null. */
  readonly logoUrl: string | null;
  /** Who asks; empty where nobody says so. */
  readonly asker: string;
  /** In place of the page's own, or null. */
  readonly colours: Colours | null;
  /** Seconds from now, or null for never. */
  readonly expiresIn: number | null;
  /** Seconds from now, below 0 when files were due, or null for no date. */
  readonly dueIn: number | null;
  readonly requiresPassword: boolean;
  readonly captchaRequired: boolean;
  readonly captchaProvider: string;
  readonly captchaSiteKey: string;
  readonly maxFileSize: number | null;
  readonly maxTotalSize: number | null;
  readonly maxFiles: number | null;
  /** Of these, how many still fit by what has arrived; null where there is no limit or the link asks for a password. */
  readonly filesLeft: number | null;
  readonly bytesLeft: number | null;
  /** Nothing is taken any more: it would not fit, or would come too late. */
  readonly full: boolean;
  /** Where files go after this server: "s3", "drive", or null for nowhere. */
  readonly passedOnTo: string | null;
  /** Where large files go straight to, as scheme, host and port, or null. */
  readonly store: string | null;
  /** Whether texts in files are indexed. */
  readonly search: boolean;
  /** Lower case, without dots; empty for any. */
  readonly allowedExtensions: readonly string[];
  readonly askName: Asked;
  readonly askEmail: Asked;
  /** That of whom the link is for, or `auto`. */
  readonly language: string;
  readonly chunkSize: number;
  readonly maxParallelChunks: number;
  /** Null where the server takes no packs of small files. */
  readonly pack: PackLimits | null;
  /** Files up to so many bytes may be opened and sent in one request; 0 where none may. */
  readonly wholeFileBytes: number;
  /** What is asked for, and the owner's questions: as the server tells them, for `core/asked.ts` to read where there are any. */
  readonly items: readonly unknown[];
  readonly questions: readonly unknown[];
}

/** Bytes. A server may wish for smaller chunks than any other, but for none at all it cannot. */
const MAX_CHUNK_BYTES = 2 ** 30;
const MAX_PARALLEL_CHUNKS = 256;

type Grid = Pick<Declared<"Opened">, "chunk_size" | "max_parallel_chunks">;
type Finished = Partial<Declared<"ChunkReply">>;

/** What both opening and the status tell, and opening leaves out the half of. */
type State = Declared<"Opened"> & Partial<Declared<"UploadStatus">>;

export function parseUploadState(value: unknown): UploadState {
  const fields = doubted<State>(value);
  const grid = parseGrid(fields);
  return {
    uploadId: text(fields, "upload_id"),
    ...grid,
    mostParallelChunks: Math.max(
      grid.maxParallelChunks,
      upTo(MAX_PARALLEL_CHUNKS, fields.most_parallel_chunks),
    ),
    complete: fields.complete === true,
    missing: ByteRanges.fromWire(wireRanges(fields.missing_ranges)),
    ...parseDelivery(fields),
    size: typeof fields.size === "number" ? fields.size : null,
    sample: textOrNull(fields.sample),
    sha256: textOrNull(fields.sha256),
    direct: fields.direct,
  };
}

/** How a file is to be cut, within bounds: nothing is counted or allocated only because a server named a number. */
function parseGrid(fields: Doubted<Grid>): Pick<UploadState, "chunkSize" | "maxParallelChunks"> {
  return {
    chunkSize: Math.min(positive(fields, "chunk_size"), MAX_CHUNK_BYTES),
    maxParallelChunks: Math.min(positive(fields, "max_parallel_chunks"), MAX_PARALLEL_CHUNKS),
  };
}

function parseDelivery(fields: Doubted<Finished>): Delivery {
  const until = fields.removable_until;
  return {
    name: fields.complete === true ? textOrNull(fields.name) : null,
    removableUntil: typeof until === "number" ? until * 1_000 : null,
  };
}

/** One file of a pack's reply; throws where it is neither a file nor a refusal. */
function parsePackedFile(value: unknown): PackedFile {
  const refused = doubted<Declared<"RefusedFile">>(value);
  if (typeof refused.code === "string") {
    const status = typeof refused.status === "number" ? refused.status : 0;
    const text = JSON.stringify(refused);
    const retryAfter = typeof refused.retry_after === "number" ? String(refused.retry_after) : null;
    return errorFromReply({ status, text, retryAfter, now: 0 });
  }
  const grid = { chunk_size: 1, max_parallel_chunks: 1, missing_ranges: [] };
  return parseUploadState({ ...grid, ...refused });
}

export function parsePackReply(value: unknown): PackedFile[] {
  const { files } = doubted<Declared<"PackReply">>(value);
  if (!Array.isArray(files)) throw new TypeError("files is not a list");
  return files.map(parsePackedFile);
}

export function parseChunkReceipt(value: unknown): ChunkReceipt {
  const fields = doubted<Declared<"ChunkReply">>(value);
  const complete = fields.complete === true;
  const receivedBytes = count(fields, "received_bytes");
  return complete ? { complete, receivedBytes, ...parseDelivery(fields) } : { complete, receivedBytes };
}

export function parseWholeReceipt(value: unknown): WholeReceipt {
  const uploadId = text(doubted<Declared<"ChunkReply">>(value), "upload_id");
  return { uploadId, ...parseChunkReceipt(value) };
}

export function parseLinkInfo(value: unknown): LinkInfo {
  const fields = doubted<Declared<"SenderLink">>(value);
  const dueIn = typeof fields.due_in === "number" ? fields.due_in : null;
  return {
    title: optionalText(fields.title),
    message: optionalText(fields.message),
    logoUrl: optionalText(fields.logo_url) || null,
    asker: optionalText(fields.asker),
    colours: coloursOf(fields.colours),
    expiresIn: limit(fields.expires_in),
    dueIn,
    requiresPassword: fields.requires_password === true,
    captchaRequired: fields.captcha_required === true,
    captchaProvider: optionalText(fields.captcha_provider),
    captchaSiteKey: optionalText(fields.captcha_site_key),
    maxFileSize: limit(fields.max_file_size),
    maxTotalSize: limit(fields.max_total_size),
    maxFiles: limit(fields.max_files),
    filesLeft: left(fields.files_left),
    bytesLeft: left(fields.bytes_left),
    full: fields.full === true || (dueIn !== null && dueIn <= 0 && fields.allow_late === false),
    passedOnTo: textOrNull(fields.passed_on_to),
    store: textOrNull(fields.store),
    search: fields.search === true,
    allowedExtensions: extensions(fields.allowed_extensions),
    askName: asked(fields.ask_name),
    askEmail: asked(fields.ask_email),
    language: optionalText(fields.recipient_language),
    ...parseGrid(fields),
    pack: packLimits(fields.pack),
    wholeFileBytes: upTo(MAX_CHUNK_BYTES, fields.whole_file_bytes),
    items: listed(fields.items),
    questions: listed(fields.questions),
  };
}

/** They become rules of a style sheet, so nothing else than colours may stand there. */
function coloursOf(value: unknown): Colours | null {
  const sets = Object.values(value ?? {}).flatMap((set: unknown) => Object.values(set ?? {}));
  const right = sets.length > 0 && sets.every((each) => /^#[\da-f]{6}$/.test(String(each)));
  return right ? (value as Colours) : null;
}

function packLimits(value: unknown): PackLimits | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = doubted<Declared<"PackLimits">>(value);
  return { maxFiles: count(fields, "max_files"), maxBytes: count(fields, "max_bytes") };
}

function text<T>(fields: Doubted<T>, name: FieldOf<T, string>): string {
  const value: unknown = fields[name];
  if (typeof value !== "string") throw new TypeError(`${name} is not a text`);
  return value;
}

function count<T>(fields: Doubted<T>, name: FieldOf<T, number>): number {
  const value: unknown = fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new TypeError(`${name} is not a count`);
  }
  return value;
}

/** What a server need not say; 0 where it does not. */
function upTo(most: number, value: unknown): number {
  return Number.isSafeInteger(value) ? Math.min(most, value as number) : 0;
}

function positive<T>(fields: Doubted<T>, name: FieldOf<T, number>): number {
  const value = count(fields, name);
  if (value === 0) throw new TypeError(`${name} is nothing`);
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

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function optionalText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** In the settings 0 means no limit; on the wire it may also be null or absent. */
function limit(value: unknown): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}

function left(value: unknown): number | null {
  return typeof value === "number" ? Math.max(0, value) : null;
}

function asked(value: unknown): Asked {
  return value === "optional" || value === "required" ? value : "no";
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function extensions(value: unknown): string[] {
  const texts = listed(value).filter((each) => typeof each === "string");
  const names = texts.map((each) => each.trim().toLowerCase().replace(/^\./, ""));
  return names.includes("*") ? [] : names.filter((each) => each !== "");
}
