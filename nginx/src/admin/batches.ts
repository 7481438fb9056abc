// Files that one sender has sent in one go: what an owner calls "Anna sent 3 files".

import { countOf, formatBytes } from "./format";
import { visibleName } from "./visible";
import type { ReceivedFile } from "./wire";
import { senderWords } from "./words";

/** What comes sooner after the file before belongs to the same go. */
const PAUSE_MS = 15 * 60_000;

export interface Batch {
  /** Of its oldest file, which stays while younger ones are added. */
  readonly id: string;
  /** Empty where the sender stayed unknown. */
  readonly sender: string;
  readonly files: number;
  readonly bytes: number;
  /** The newest comes first. */
  readonly names: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** So many names say what it is; the rest is a number. */
const NAMES = 3;

/** `files` newest first, as the server tells them; so are the batches. */
export function batchesOf(files: readonly ReceivedFile[]): readonly Batch[] {
  const batches: Batch[] = [];
  /** Where in `batches` a sender's last one is. */
  const latest = new Map<string, number>();
  for (const file of files) {
    const sender = senderWords(file);
    const at = latest.get(sender);
    const before = at === undefined ? undefined : batches[at];
    if (at === undefined || before === undefined || before.from - file.receivedAt > PAUSE_MS) {
      latest.set(sender, batches.length);
      batches.push(begun(file, sender));
    } else batches[at] = withOne(before, file);
  }
  return batches;
}

function begun({ uploadId, path, size, receivedAt }: ReceivedFile, sender: string): Batch {
  return { id: uploadId, sender, files: 1, bytes: size, names: [path], from: receivedAt, to: receivedAt };
}

function withOne(batch: Batch, { uploadId, path, size, receivedAt }: ReceivedFile): Batch {
  return {
    ...batch,
    id: uploadId,
    files: batch.files + 1,
    bytes: batch.bytes + size,
    names: batch.names.length < NAMES ? [...batch.names, path] : batch.names,
    from: receivedAt,
  };
}

/** "sent 12 files, 41 MB" */
export function sentWords({ files, bytes }: Batch): string {
  return `sent ${countOf(files, "file")}, ${formatBytes(bytes)}`;
}

/** "contract.pdf, a.jpg, b.jpg and 9 more" */
export function namesWords({ names, files }: Batch): string {
  const shown = names.map((path) => visibleName(path.slice(path.lastIndexOf("/") + 1)));
  const rest = files - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
