// The calls of a link that move no file: loaded when the first of them is made.

import { networkError } from "../core/errors";
import type { Clock } from "../ports";
import type { LinkApi } from "./link-api";
import { once } from "./once";

/** Rejects with an UploadError. */
export type LateApi = () => Promise<LinkApi>;

export function lateApi(hash: string, clock: Clock): LateApi {
  return once(async () => {
    const { LinkApi } = await import("./link-api").catch((cause: unknown) => {
      throw networkError(cause);
    });
    return new LinkApi(hash, clock);
  });
}
