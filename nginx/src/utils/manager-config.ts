// What an UploadManager is told, and what it tells of all its files together.

import type { UploadError } from "../core/errors";
import type { PackLimits } from "../core/pack";
import type { Clock, Connectivity } from "../ports";
import type { UploadItem } from "./upload-item";
import type { ParallelUploaderConfig } from "./uploader-config";

export interface UploadTotals {
  /** Files but the cancelled ones. */
  readonly files: number;
  readonly waiting: number;
  /** Sending or finishing. */
  readonly going: number;
  readonly paused: number;
  readonly done: number;
  readonly failed: number;
  /** Bytes sent, some of which may still be lost. */
  readonly loaded: number;
  /** Bytes the server has acknowledged. */
  readonly safe: number;
  /** Bytes of all files but the cancelled ones. */
  readonly size: number;
  /** Bytes per second. */
  readonly speed: number;
  /** Seconds; Infinity while nothing moves. */
  readonly eta: number;
  /** Files are being sent, and nothing of any of them gets through. */
  readonly stuck: boolean;
  /** The browser says that there is no network; everything goes on by itself when there is. */
  readonly offline: boolean;
}

type PerFile =
  | "file"
  | "relPath"
  | "item"
  | "key"
  | "sha256"
  | "pool"
  | "small"
  | "whole"
  | "crowded"
  | "connectivity"
  | "onProgress"
  | "onChunkComplete"
  | "onComplete"
  | "onError"
  | "signal";
export type UploaderOptions = Omit<ParallelUploaderConfig, PerFile>;

export interface UploadManagerConfig {
  /** Asked whenever a file starts, so that a password typed meanwhile counts. */
  readonly options: () => UploaderOptions;
  readonly clock: Clock;
  readonly connectivity?: Connectivity;
  /** `LinkInfo.pack`: what the server takes in one request of small files; null or absent sends each by itself. */
  readonly pack?: PackLimits | null;
  /** `LinkInfo.wholeFileBytes`: files up to this may go in one request each, while others fill the line; 0 or absent has each opened
   * first. */
  readonly wholeFileBytes?: number;
  /** Files up to this many bytes, or up to `wholeFileBytes`, are small: they go several at a time, and beside a big one. 8 MiB unless
   * given. */
  readonly smallSize?: number;
  /** Big files at once; 2 unless given. They share the line evenly. */
  readonly filesAtOnce?: number;
  /** The item changed; progress included. */
  readonly onChange?: (item: UploadItem) => void;
  /** The server wants something from the person before any file goes on. The file waits again; call `release()`. */
  readonly onHeld?: (error: UploadError) => void;
  /** The server has taken a file again, the first since the start or since something was wanted of the person. */
  readonly onTaken?: () => void;
}
