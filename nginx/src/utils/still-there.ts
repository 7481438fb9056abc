// What was begun with files of one name and size, and what has become of it.

import type { DropprApi } from "../adapters/droppr-api";
import { UploadError } from "../core/errors";
import type { SavedSession } from "../ports";
import { isGone } from "./previous-uploads";
import type { PreviousUpload } from "./uploader-config";

/** Of the saved uploads those that the server still has unfinished, newest first. */
export async function stillThere(
  saved: readonly SavedSession[],
  api: DropprApi,
  signal: AbortSignal,
): Promise<PreviousUpload[]> {
  const asked = await Promise.all(saved.map((session) => lookUp(session, api, signal)));
  const found = asked.filter((each) => each !== null);
  return found.toSorted((a, b) => (b.timestamp ?? 0) - (a.timestamp ?? 0));
}

async function lookUp(
  session: SavedSession,
  api: DropprApi,
  signal: AbortSignal,
): Promise<PreviousUpload | null> {
  try {
    const { missing, complete } = await api.status(session.uploadId, signal);
    return complete ? null : { ...session, safe: session.size - missing.bytes };
  } catch (error) {
    if (isGone(error) || isCancelled(error)) return null;
    throw error;
  }
}

/** By the owner: unlike what is gone it is not begun anew by itself. */
function isCancelled(error: unknown): boolean {
  return error instanceof UploadError && error.code === "upload_cancelled";
}
