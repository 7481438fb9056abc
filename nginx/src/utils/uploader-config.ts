// What a ParallelUploader is told, and the line it builds from that when it has none to share.

import { connectedRoundTrip, connectionHint } from "../adapters/browser-network";
import type { HttpHeaders } from "../adapters/droppr-api";
import { chunkCount, completedChunks } from "../core/chunks";
import type { UploadError } from "../core/errors";
import type { Meter } from "../core/meter";
import { firstChunkSize, parallelChunksFor } from "../core/network";
import { Pace } from "../core/pace";
import { ByteRanges, type Span } from "../core/ranges";
import type { Clock, Connectivity, FileLike, Hasher, SavedSession, SessionStore, Transport } from "../ports";
import type { Ahead } from "./ahead";
import { BROWSER_CONNECTIONS, ConnectionPool } from "./connection-pool";
import type { ChunkInFlight, Movement } from "./transfer";

const MEBIBYTE = 1024 * 1024;
export const DEFAULT_CHUNK_SIZE = 8 * MEBIBYTE;
/** Where sizes adapt, the first chunks are small: they bring the first answer and the first measure. */
const FIRST_CHUNK_BYTES = MEBIBYTE / 2;
const MIN_CHUNK_BYTES = MEBIBYTE / 4;

export interface ParallelUploaderConfig {
  readonly file: FileLike;
  /** `/api/droppr/requests/{hash}/upload-chunk`; with its origin where there is no page, as in Node. */
  readonly uploadUrl: string;
  /** Bytes. Given, it is fixed (and never more than the server wants) unless `adaptiveChunkSizing` is on. */
  readonly chunkSize?: number;
  /** Chunks at once. Given, it is fixed (and never more than the server wants); with `adaptive: true` it is the most. */
  readonly maxParallelChunks?: number;
  /** Lets number and size of chunks follow the measured rate: on for whichever of the two is not given. */
  readonly adaptive?: boolean;
  /** The same for the chunk size alone: between `minChunkSize` (256 KiB) and `maxChunkSize` (64 MiB), in bytes; from 1 MiB on whole MiB. */
  readonly adaptiveChunkSizing?: boolean;
  readonly minChunkSize?: number;
  readonly maxChunkSize?: number;
  /** Bytes per second; null or 0 for no limit. `setSpeedLimit` changes it while running. */
  readonly speedLimit?: number | null;
  /** Retries in a row without progress before giving up; 5 unless given. Being offline costs none. */
  readonly maxRetries?: number;
  /** Sent with every request; `X-Request-Password` (as typed) and `X-Captcha-Token` only when opening. */
  readonly headers?: HttpHeaders;
  /** Path below the link's folder, with `/`; the file's name unless given. */
  readonly relPath?: string;
  /** Id of the item of the link's checklist that the file is for. */
  readonly item?: string;
  /** Upload key, 22 to 64 characters of `[A-Za-z0-9_-]`; a random one unless given. */
  readonly key?: string;
  readonly senderName?: string;
  readonly senderEmail?: string;
  /** Lower-case hex SHA-256 known beforehand; the server refuses to deliver a file that turns out different. */
  readonly sha256?: string;
  /** `auto` sends a digest with each chunk where `crypto.subtle` or a `hasher` can compute it, `never` sends none. */
  readonly chunkDigests?: "auto" | "never";
  /** Hashes where `crypto.subtle` is absent, as on plain http: `WorkerHasher` or `NodeHasher`. */
  readonly hasher?: Hasher;
  /** Lets the `hasher` compute the whole file's SHA-256 while it is sent; see `UploadResult.sha256`. */
  readonly hashWholeFile?: boolean;

  /** Bytes sent, some of which may still be lost, and the file's size. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /** The server has accepted the bytes `[start, stop)`: they are safe. */
  readonly onChunkComplete?: (start: number, stop: number) => void;
  readonly onComplete?: () => void;
  /** Called once, for every failure but `abort()`. */
  readonly onError?: (error: UploadError) => void;
  /** Asked before each retry of what could be tried again; `retries` counts from 0. False gives up at once. */
  readonly onShouldRetry?: (error: UploadError, retries: number) => boolean;
  /** An unfinished upload was remembered, but the file has other bytes: the old upload is given up and the file sent anew. */
  readonly onDifferentFile?: (previous: PreviousUpload) => void;
  /** Headers made anew for each attempt to open, such as a captcha token that counts once. */
  readonly openingHeaders?: (signal: AbortSignal) => Promise<HttpHeaders>;

  /** Aborts like `abort()`. */
  readonly signal?: AbortSignal;
  readonly transport?: Transport;
  readonly sessions?: SessionStore;
  readonly clock?: Clock;
  readonly connectivity?: Connectivity;
  /** Shared by the files of an `UploadManager`; `small` ones need not wait for the chunks of big ones. */
  readonly pool?: ConnectionPool;
  readonly small?: boolean;
  /** The same: the file goes in the request that opens it, unless something of it was begun. */
  readonly whole?: boolean;
  /** What the link says of uploads, where nothing is asked of the sender: on a long way the first chunks then leave with the opening. */
  readonly ahead?: Ahead | null;
  /** The same: whether other files fill the line. */
  readonly crowded?: () => boolean;
}

/** An upload that was begun and not finished. */
export interface PreviousUpload extends Pick<SavedSession, "uploadId"> {
  readonly path?: string;
  /** Milliseconds since 1970. */
  readonly lastModified?: number;
  readonly sample?: string;
  /** Milliseconds since 1970 when it last went on. */
  readonly timestamp?: number;
  /** Bytes the server has. */
  readonly safe?: number;
}

export interface UploadResult {
  readonly uploadId: string;
  readonly path: string;
  /** What the file is called where it stands: `name (1)` when the name was taken. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex of the bytes that were sent, with `hashWholeFile`; else null. */
  readonly sha256: string | null;
  /** Milliseconds since 1970 until which the sender may take the file back, or null. */
  readonly removableUntil: number | null;
}

export interface UploadStats {
  /** Bytes per second. */
  readonly speed: number;
  /** Seconds; Infinity while nothing moves. */
  readonly eta: number;
  readonly activeUploads: number;
  readonly completedChunks: number;
  readonly totalChunks: number;
  /** Chunks whose last attempt failed and which wait to be sent again. */
  readonly failedChunks: number;
  /** Nothing gets through: all that was asked of the server has failed and is being tried again. */
  readonly stuck: boolean;
}

/** Which bytes of a file are where. */
export interface ChunkMap {
  /** Bytes of the file. */
  readonly size: number;
  readonly safe: readonly Span[];
  readonly inFlight: readonly ChunkInFlight[];
  /** Neither safe nor on their way. */
  readonly missing: readonly Span[];
}

export function chunkMapOf(size: number, received: ByteRanges, inFlight: readonly ChunkInFlight[]): ChunkMap {
  const taken = inFlight.reduce((all, { start, stop }) => all.add({ start, stop }), received);
  return { size, safe: received.spans, inFlight, missing: taken.missing(size).spans };
}

/** How a file of so many bytes stands at `now`; `transfer` is what moves it, if anything does. */
export function statsOf(
  size: number,
  transfer: Movement | null,
  chunkSize: number,
  meter: Meter,
  now: number,
  stuck: boolean,
): UploadStats {
  return {
    speed: meter.speed(now),
    eta: meter.eta(size - (transfer?.loaded ?? 0), now),
    activeUploads: transfer?.active ?? 0,
    completedChunks: completedChunks(transfer?.received ?? ByteRanges.none, size, chunkSize).length,
    totalChunks: chunkCount(size, chunkSize),
    failedChunks: transfer?.failing.size ?? 0,
    stuck,
  };
}

/** Lower-case hex, or null where nobody asked for it or it cannot be had. */
export function wholeHash(config: ParallelUploaderConfig, signal: AbortSignal): Promise<string | null> {
  const { hasher, hashWholeFile, file } = config;
  if (!hashWholeFile || hasher === undefined) return Promise.resolve(null);
  return hasher.sha256(file, signal).catch(() => null);
}

type LineConfig = Pick<
  ParallelUploaderConfig,
  | "adaptive"
  | "adaptiveChunkSizing"
  | "chunkSize"
  | "maxParallelChunks"
  | "minChunkSize"
  | "maxChunkSize"
  | "speedLimit"
>;

export function poolFor(
  config: LineConfig,
  clock: Clock,
  transport: Transport,
  smallOnes: () => boolean = () => false,
): ConnectionPool {
  const connections = transport.connections ?? BROWSER_CONNECTIONS;
  const adaptWidth = config.adaptive ?? config.maxParallelChunks === undefined;
  const adaptChunkSize = config.adaptiveChunkSizing ?? config.adaptive ?? config.chunkSize === undefined;
  const start = adaptWidth ? getOptimalParallelChunks() : (config.maxParallelChunks ?? 1);
  const minChunkSize = config.minChunkSize ?? MIN_CHUNK_BYTES;
  const maxChunkSize = config.maxChunkSize ?? 64 * MEBIBYTE;
  const wanted = config.chunkSize ?? (adaptChunkSize ? FIRST_CHUNK_BYTES : DEFAULT_CHUNK_SIZE);
  const pace = new Pace({
    width: Math.min(start, config.maxParallelChunks ?? start),
    maxWidth: config.maxParallelChunks ?? connections,
    adaptWidth,
    chunkSize: adaptChunkSize
      ? firstChunkSize(connectionHint(), wanted, { min: minChunkSize, max: maxChunkSize })
      : wanted,
    minChunkSize,
    maxChunkSize: adaptChunkSize ? maxChunkSize : wanted,
    adaptChunkSize,
    // A browser chooses among connections that are idle: what is meant for a fast one may go by the slowest.
    maxShare: 1,
  });
  const known = connectedRoundTrip();
  if (known !== null) pace.answered(known);
  const most = Math.max(connections, config.maxParallelChunks ?? 0);
  const pool = new ConnectionPool(pace, clock, most, smallOnes);
  pool.speedLimit.set(config.speedLimit ?? null);
  return pool;
}

/** How many chunks to send at once, from what the browser knows of the line: 6 on 4g, 3 on 3g, 1 on 2g, else 4. */
export function getOptimalParallelChunks(): number {
  return parallelChunksFor(connectionHint());
}
