// Files that one sender has sent in one go: what an owner calls "Anna sent 3 files".

import { formatBytes, formatList } from "./format";
import { t } from "./i18n";
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
  /** The sender's name, or the address where there is none, as the server chooses files by it. */
  readonly sentBy: string;
  /** The uploads that brought its files, the newest first. */
  readonly uploadIds: readonly string[];
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
  const goes: ReceivedFile[][] = [];
  /** A sender's last one. */
  const latest = new Map<string, ReceivedFile[]>();
  for (const file of files) {
    const sender = senderWords(file);
    const go = latest.get(sender);
    const before = go?.at(-1);
    if (go === undefined || before === undefined || before.receivedAt - file.receivedAt > PAUSE_MS) {
      const begun = [file];
      latest.set(sender, begun);
      goes.push(begun);
    } else go.push(file);
  }
  return goes.flatMap((go) => batchOf(go) ?? []);
}

function batchOf(go: readonly ReceivedFile[]): Batch | null {
  const [newest, oldest] = [go[0], go.at(-1)];
  if (newest === undefined || oldest === undefined) return null;
  return {
    id: oldest.uploadId,
    sender: senderWords(newest),
    sentBy: newest.senderName ?? newest.senderEmail ?? "",
    uploadIds: go.map(({ uploadId }) => uploadId),
    files: go.length,
    bytes: go.reduce((sum, { size }) => sum + size, 0),
    names: go.slice(0, NAMES).map(({ path }) => path),
    from: oldest.receivedAt,
    to: newest.receivedAt,
  };
}

/** "12 files, 41 MB" */
export function sentWords({ files, bytes }: Batch): string {
  return formatList([t("files", { count: files }), formatBytes(bytes)]);
}

/** "contract.pdf, a.jpg, b.jpg and 9 more" */
export function namesWords({ names, files }: Batch): string {
  const shown = names.map((path) => visibleName(path.slice(path.lastIndexOf("/") + 1)));
  const rest = files - shown.length;
  const list = formatList(shown);
  return rest > 0 ? t("names_more", { names: list, count: rest }) : list;
}
