// Files from pickers and drops, folders included, with their paths.

import type { Picked } from "./limits";

export interface Collected {
  readonly picked: readonly Picked[];
  /** Paths the browser could not read. */
  readonly unreadable: readonly string[];
}

export function fromInput(input: HTMLInputElement): Collected {
  const picked = Array.from(input.files ?? [], (file) => ({
    file,
    path: file.webkitRelativePath || file.name,
  }));
  // Single files keep the order in which the person's file dialog shows them.
  return { picked: input.webkitdirectory ? inOrder(picked, ({ path }) => path) : picked, unreadable: [] };
}

/** Everything in a drop. Must be called in the event itself: afterwards the browser takes the list away. */
export function fromDrop(transfer: DataTransfer): Promise<Collected> {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.length === 0 || entries.includes(null)) {
    const picked = Array.from(transfer.files, (file) => ({ file, path: file.name }));
    return Promise.resolve({ picked, unreadable: [] });
  }
  return walk(entries.filter((entry) => entry !== null));
}

async function walk(roots: readonly FileSystemEntry[]): Promise<Collected> {
  const picked: Picked[] = [];
  const unreadable: string[] = [];
  const waiting = [...roots].reverse();
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    try {
      if (isFolder(entry)) for (const child of (await children(entry)).reverse()) waiting.push(child);
      else picked.push({ file: await fileOf(entry), path: pathOf(entry) });
    } catch {
      // One unreadable file is told, and does not keep the others from being sent.
      unreadable.push(pathOf(entry));
    }
  }
  return { picked: inOrder(picked, ({ path }) => path), unreadable: inOrder(unreadable, (path) => path) };
}

const byName = new Intl.Collator("en", { numeric: true });

/** Sorted by path, part by part, with 2 before 10: a disk hands out a folder in whatever order it likes. */
function inOrder<T>(found: readonly T[], pathOf: (each: T) => string): T[] {
  const keyed = found.map((each) => ({ each, parts: pathOf(each).split("/") }));
  return keyed.sort((one, other) => compareParts(one.parts, other.parts)).map(({ each }) => each);
}

function compareParts(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at < 0 ? one.length - other.length : byName.compare(one[at] ?? "", other[at] ?? "");
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function pathOf(entry: FileSystemEntry): string {
  return entry.fullPath.replace(/^\//, "");
}

function fileOf(entry: FileSystemEntry): Promise<File> {
  return new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
}

/** Browsers hand out a folder in portions (Chromium: 100): read until one is empty. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
