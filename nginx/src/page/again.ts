// Files that were sent from here before, byte for byte. Only what this browser holds the capabilities or the receipt of is
// compared, so nobody learns by it what others have sent. Loaded when something of an earlier one's size has arrived.

import type { UploadItem } from "../utils/upload-manager";
import type { LinkApi } from "./link-api";
import type { Batch, SentFile } from "./sent-store";

/** More are not compared: it is said for those who choose a file again, not for whole disks. */
const MOST = 200;
const NEVER = new AbortController().signal;
const NOBODY_WAITS = (): undefined => undefined;

/** Those of `items`, which have arrived, that have the bytes of a file in `batches`. Throws where the server does not say. */
export async function sentBefore(
  items: readonly UploadItem[],
  batches: readonly Batch[],
  api: Pick<LinkApi, "receipt">,
): Promise<ReadonlySet<UploadItem>> {
  const sizes = new Set(items.map(({ file }) => file.size));
  const known = new Set(batches.flatMap(({ receipt }) => digestsOf(receipt?.files)));
  const earlier = batches.flatMap(({ files }) => files.flatMap((file) => capabilityOf(file, sizes)));
  const before = earlier.slice(-MOST);
  const asked = items.flatMap((item) => (item.uploadId === null ? [] : [{ item, id: item.uploadId }]));
  const now = asked.slice(0, MOST);
  if (known.size + before.length === 0 || now.length === 0) return new Set();
  const ids = [...before, ...now.map(({ id }) => id)];
  // It names the files in the order in which they were asked for.
  const digests = digestsOf((await api.receipt(ids, NEVER, NOBODY_WAITS)).files);
  for (const each of digests.slice(0, before.length)) known.add(each);
  known.delete("");
  return new Set(now.flatMap(({ item }, at) => (known.has(digests[before.length + at] ?? "") ? [item] : [])));
}

function digestsOf(files: unknown): string[] {
  const all: readonly { readonly sha256?: unknown }[] = Array.isArray(files) ? files : [];
  return all.map(({ sha256 }) => (typeof sha256 === "string" ? sha256 : ""));
}

function capabilityOf({ size, id }: SentFile, sizes: ReadonlySet<number>): string[] {
  return id !== "" && sizes.has(size) ? [id] : [];
}
