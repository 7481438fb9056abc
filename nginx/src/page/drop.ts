// Files from pickers, drops and the clipboard, folders included, with their paths.

import type { Picked } from "./limits";

export interface Collected {
  readonly picked: readonly Picked[];
  /** Paths the browser could not read. */
  readonly unreadable: readonly string[];
  /** Folders with nothing in them. */
  readonly emptyFolders: readonly string[];
  /** What the browser may open again after a reload, where it offers that: one for each thing dropped. */
  readonly handles: Promise<readonly FileSystemHandle[]>;
}

/** What lies behind the entries of a drop. */
export type Found = Omit<Collected, "handles">;

/** Told the number of files found so far, now and then. */
export type OnFound = (files: number) => void;

const NO_HANDLES: Promise<readonly FileSystemHandle[]> = Promise.resolve([]);

export function fromInput(input: HTMLInputElement): Collected {
  const picked = Array.from(input.files ?? [], (file) => ({
    file,
    path: file.webkitRelativePath || file.name,
  }));
  // Single files keep the order in which the person's file dialog shows them.
  const sorted = input.webkitdirectory ? inOrder(picked, ({ path }) => path) : picked;
  return { picked: sorted, unreadable: [], emptyFolders: [], handles: NO_HANDLES };
}

/** Everything in a drop or a paste. Must be called in the event itself: afterwards the browser takes the list away. */
export function fromDrop(transfer: DataTransfer, onFound: OnFound = () => undefined): Promise<Collected> {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const handles = handlesOf(items);
  if (entries.length === 0 || entries.includes(null)) {
    const picked = Array.from(transfer.files, (file) => ({ file, path: file.name }));
    return Promise.resolve({ picked, unreadable: [], emptyFolders: [], handles });
  }
  return walked(
    entries.filter((entry) => entry !== null),
    onFound,
  ).then((found) => ({ ...found, handles }));
}

/** What looks into folders is loaded when something is dragged over the page. Where it does not load, none of it can be read. */
async function walked(entries: readonly FileSystemEntry[], onFound: OnFound): Promise<Found> {
  try {
    const { Walk } = await import("./walk");
    return await new Walk(onFound).all(entries);
  } catch {
    return { picked: [], unreadable: entries.map(pathOf), emptyFolders: [] };
  }
}

/** Each is asked for by a call of its own. */
const MAX_HANDLES = 500;

interface WithHandle {
  readonly getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

/** Only some browsers offer handles, and only over https. */
async function handlesOf(
  items: readonly (DataTransferItem & WithHandle)[],
): Promise<readonly FileSystemHandle[]> {
  const asked = items.slice(0, MAX_HANDLES).map((item) => item.getAsFileSystemHandle?.() ?? null);
  const found = await Promise.allSettled(asked);
  return found.flatMap((each) => (each.status === "fulfilled" && each.value !== null ? [each.value] : []));
}

const byName = new Intl.Collator("en", { numeric: true });

/** Sorted by path, part by part, with 2 before 10: a disk hands out a folder in whatever order it likes. */
export function inOrder<T>(found: readonly T[], pathOf: (each: T) => string): T[] {
  const keyed = found.map((each) => ({ each, parts: pathOf(each).split("/") }));
  return keyed.sort((one, other) => compareParts(one.parts, other.parts)).map(({ each }) => each);
}

function compareParts(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at < 0 ? one.length - other.length : byName.compare(one[at] ?? "", other[at] ?? "");
}

export function pathOf(entry: FileSystemEntry): string {
  return entry.fullPath.replace(/^\//, "");
}
