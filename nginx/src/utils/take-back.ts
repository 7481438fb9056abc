// Deletes what the server has, or may have, of a file that was cancelled. Loaded when there is one.

import { sessionKey } from "../adapters/local-sessions";
import { packEntry, type Reach, retrierFor } from "./run";
import { asUploadError, type Delivered, type QueuedItem } from "./upload-item";

/** Null once nothing of it is left, or else what stands for good. */
export async function deleted(item: QueuedItem, reach: Reach): Promise<Delivered | null> {
  const { signal } = new AbortController();
  const [api, options] = [reach.api(), reach.options()];
  const stands = await retrierFor(reach).run(async () => {
    // The key leads to what was delivered, or else to an empty upload.
    item.uploadId ??= (
      await api.open(packEntry(item, options), (await options.openingHeaders?.(signal)) ?? {}, signal)
    ).uploadId;
    try {
      await api.cancel(item.uploadId);
      return null;
    } catch (error) {
      if (asUploadError(error).code !== "upload_complete") throw error;
      return api.status(item.uploadId, signal);
    }
  });
  const { file, path, size } = item;
  if (stands === null)
    options.sessions?.remove(
      sessionKey({ name: file.name, size, link: options.uploadUrl, path, item: item.item }),
    );
  return stands;
}
