// Many files deleted or restored: by as many calls as it takes, each of which tells what became of every file.

import { UploadError } from "../core/errors";
import type { ManyReply } from "./wire";

/** Files of one call, so that there is something to tell soon. */
const AT_ONCE = 200;

export interface ManyOutcome {
  /** Those that it was done with; also those that were gone before. */
  readonly done: readonly string[];
  /** Of those, what the server said of each: until when it can be restored, or its path; null where there is nothing. */
  readonly told: readonly (string | number | null)[];
  readonly failed: number;
  /** Why, of the first. */
  readonly error: unknown;
}

/** `call` takes some ids; `progress` is told how many are done so far. What a broken call leaves is told, not thrown. */
export async function inBatches(
  ids: readonly string[],
  call: (some: readonly string[]) => Promise<ManyReply>,
  progress: (done: number) => void = () => undefined,
): Promise<ManyOutcome> {
  const done: string[] = [];
  const told: (string | number | null)[] = [];
  let [failed, error, at]: [number, unknown, number] = [0, null, 0];
  while (at < ids.length) {
    try {
      const { outcomes } = await call(ids.slice(at, at + AT_ONCE));
      if (outcomes.length === 0) break;
      for (const { uploadId, result, refusal } of outcomes) {
        // Somebody else was quicker: it is gone, which is what was wanted.
        if (refusal === null || refusal.code === "file_not_found") {
          done.push(uploadId);
          told.push(refusal === null ? result : null);
        } else {
          failed += 1;
          error ??= new UploadError(refusal.words, { code: refusal.code, status: refusal.status });
        }
      }
      at += outcomes.length;
      progress(done.length);
    } catch (reason) {
      return { done, told, failed: failed + ids.length - at, error: error ?? reason };
    }
  }
  return { done, told, failed, error };
}
