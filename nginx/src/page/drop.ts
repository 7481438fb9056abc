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
  return { picked, unreadable: [] };
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
  return { picked, unreadable };
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
