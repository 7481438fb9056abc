// One file in the queue of an UploadManager, as others see it and as the manager keeps it.

import { UploadError } from "../core/errors";
import { newUploadKey } from "../core/keys";
import type { Ranked } from "../core/order";
import { fitsPack, type PackLimits } from "../core/pack";
import type { Counted, ItemState } from "../core/tally";
import type { UploadState } from "../core/wire";
import type { FileLike } from "../ports";
import type { ParallelUploader } from "./parallel-upload";
import type { PreviousUpload } from "./uploader-config";

export type { ItemState };

/**
 * `waiting` for its turn · `sending` · `paused` by the person · `finishing`: all sent, the server has not said yet that it
 * stands · `done`: it stands · `failed`: see `error` · `cancelled`.
 */
export interface UploadItem {
  /** Counted from 0 in the order of adding; never used twice. */
  readonly id: number;
  readonly file: FileLike;
  readonly path: string;
  /** Of the link's checklist, which item it is for; empty for none. */
  readonly item: string;
  readonly state: ItemState;
  /** It was cancelled, and the server has not confirmed yet that nothing of it is left. */
  readonly cancelling: boolean;
  /** Bytes sent, some of which may still be lost. */
  readonly loaded: number;
  /** Bytes the server has acknowledged. */
  readonly safe: number;
  /** Why it failed, or why it went back to waiting. */
  readonly error: UploadError | null;
  /** Capability of the upload, once the server has told it. */
  readonly uploadId: string | null;
  /** Of a file that is done: what it is called where it stands. */
  readonly name: string | null;
  /** Of a file that is done: milliseconds since 1970 until which `undo` may work, or null. */
  readonly removableUntil: number | null;
}

/** How files go: many in one request, alone beside others, or with all their chunks in parallel. */
export type Kind = "packed" | "small" | "big";

export class QueuedItem implements UploadItem, Ranked, Counted {
  state: ItemState = "waiting";
  cancelling = false;
  loaded = 0;
  safe = 0;
  error: UploadError | null = null;
  uploadId: string | null;
  name: string | null = null;
  removableUntil: number | null = null;
  rank = 0;
  /** Upload key; kept over retries, so that a lost answer leaves no twin. */
  key = newUploadKey();
  /** A pack could not take it. */
  alone = false;
  /** It has left in a request that opens it, too, and no answer is known: under its key something may stand on the server. */
  uncertain = false;

  constructor(
    readonly id: number,
    readonly file: FileLike,
    readonly path: string,
    /** What was begun elsewhere and is to be continued. */
    readonly previous: PreviousUpload | null,
    readonly item: string,
  ) {
    this.uploadId = previous?.uploadId ?? null;
  }

  get size(): number {
    return this.file.size;
  }

  get isGoing(): boolean {
    return this.state === "sending" || this.state === "finishing";
  }

  kind(smallSize: number, packs: PackLimits | null): Kind {
    const packable = packs !== null && !this.alone && this.uploadId === null;
    if (packable && fitsPack(this.path, this.size, packs)) return "packed";
    return this.size > smallSize ? "big" : "small";
  }

  /** Takes over what its uploader knows of what the server has. */
  learn({ uploadId, uncertain }: Pick<ParallelUploader, "uploadId" | "uncertain">): void {
    this.uploadId = uploadId ?? this.uploadId;
    this.uncertain ||= uncertain;
  }

  /** Makes the next opening a new upload. */
  startOver(): void {
    this.key = newUploadKey();
    this.uploadId = null;
    this.alone = false;
    this.uncertain = false;
  }
}

export type Change = Partial<
  Pick<
    QueuedItem,
    "state" | "cancelling" | "loaded" | "safe" | "error" | "uploadId" | "name" | "removableUntil"
  >
>;

/** What the server says of a file that stands. */
export type Delivered = Pick<UploadState, "uploadId" | "name" | "removableUntil">;

/** All sent is not yet all safe. */
export function goingState({ size }: QueuedItem, loaded: number): ItemState {
  return size > 0 && loaded >= size ? "finishing" : "sending";
}

/** Answers about the sender, not about the file: the next file would get the same one. */
const HOLDING = new Set([
  "password_required",
  "password_invalid",
  "captcha_required",
  "captcha_unavailable",
  "too_many_attempts",
  "rate_limited",
  "answers_required",
]);
/** Answers about the link: no file will be taken any more. */
const CLOSING = new Set(["request_not_found", "request_expired", "request_closed", "request_overdue"]);

export function isHolding({ code }: UploadError): boolean {
  return HOLDING.has(code);
}

export function isClosing({ code }: UploadError): boolean {
  return CLOSING.has(code);
}

export function asUploadError(error: unknown): UploadError {
  if (error instanceof UploadError) return error;
  return new UploadError("Something went wrong in this page.", { code: "internal_error", cause: error });
}
