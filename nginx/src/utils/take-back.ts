// A file that was cancelled is gone only once the server says so: what it has, or may have, is taken back by its upload or by
// its key, again and again while nothing gets through. Where that fails, the file says so.

import { sessionKey } from "../adapters/local-sessions";
import { notCancelledError } from "../core/errors";
import type { PackEntry } from "../core/pack";
import type { UploaderOptions } from "./manager-config";
import { Retrier } from "./retrier";
import type { Reach, RunHost } from "./run";
import { asUploadError, type Delivered, type QueuedItem } from "./upload-item";

export async function takeBack(item: QueuedItem, host: RunHost): Promise<void> {
  if (item.uploadId !== null || item.uncertain) {
    const options = host.reach.options();
    try {
      const stands = await deleted(item, host.reach, options);
      if (stands !== null) return host.books.done(item, stands);
    } catch (cause) {
      // Sent again or cancelled again, it meets what may stand there.
      const error = notCancelledError(asUploadError(cause));
      return host.books.update(item, { state: "failed", error, cancelling: false });
    }
    const { file, path, size } = item;
    options.sessions?.remove(sessionKey({ name: file.name, size, link: options.uploadUrl, path }));
  }
  item.startOver();
  host.books.update(item, { cancelling: false });
}

/** Null once nothing of it is left, or else what stands for good. */
function deleted(item: QueuedItem, reach: Reach, options: UploaderOptions): Promise<Delivered | null> {
  const { signal } = new AbortController();
  const api = reach.api();
  return retrierFor(reach).run(async () => {
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
}

export function retrierFor({ options, clock, connectivity }: Reach): Retrier {
  const { maxRetries = 5, onShouldRetry } = options();
  return new Retrier(clock, maxRetries, connectivity, onShouldRetry);
}

export function packEntry(
  { path, size, key, file }: QueuedItem,
  { senderName, senderEmail }: UploaderOptions,
): PackEntry {
  return {
    path,
    size,
    key,
    lastModified: file.lastModified,
    ...(senderName ? { senderName } : {}),
    ...(senderEmail ? { senderEmail } : {}),
  };
}
