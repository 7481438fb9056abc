// Whether what was begun with a file is still there to go on with, and is of that file.

import { UploadError } from "../core/errors";
import type { UploadState } from "../core/wire";
import type { FileLike } from "../ports";
import type { PreviousUpload } from "./uploader-config";

export function isGone(error: unknown): boolean {
  return error instanceof UploadError && ["upload_not_found", "upload_expired"].includes(error.code);
}

/** Whether what the server has is of this file: by the sample digest where both sides have one, else by the date. */
export function isOf(
  file: FileLike,
  sample: string | null,
  state: UploadState,
  begun: PreviousUpload | null,
): boolean {
  if (state.size !== null && state.size !== file.size) return false;
  const before = state.sample ?? begun?.sample;
  if (before && sample) return before === sample;
  return begun?.lastModified === undefined || begun.lastModified === file.lastModified;
}
