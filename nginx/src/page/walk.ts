// Files and folders that were dropped, with all that is in them.

import { type Found, inOrder, type OnFound, pathOf } from "./drop";
import type { Picked } from "./limits";

export class Walk {
  readonly #picked: Picked[] = [];
  readonly #unreadable: string[] = [];
  readonly #emptyFolders: string[] = [];
  readonly #onFound: OnFound;

  constructor(onFound: OnFound) {
    this.#onFound = onFound;
  }

  async all(roots: readonly FileSystemEntry[]): Promise<Found> {
    const folders: FileSystemDirectoryEntry[] = [];
    await this.#take(roots, folders);
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      await this.#open(folder, folders);
      this.#onFound(this.#picked.length);
    }
    return {
      picked: inOrder(this.#picked, ({ path }) => path),
      unreadable: inOrder(this.#unreadable, (path) => path),
      emptyFolders: inOrder(this.#emptyFolders, (path) => path),
    };
  }

  async #open(folder: FileSystemDirectoryEntry, folders: FileSystemDirectoryEntry[]): Promise<void> {
    try {
      const found = await children(folder);
      if (found.length === 0) this.#emptyFolders.push(pathOf(folder));
      await this.#take(found, folders);
    } catch {
      this.#unreadable.push(pathOf(folder));
    }
  }

  async #take(entries: readonly FileSystemEntry[], folders: FileSystemDirectoryEntry[]): Promise<void> {
    folders.push(...entries.filter(isFolder));
    await Promise.all(entries.filter((entry) => !isFolder(entry)).map((entry) => this.#read(entry)));
  }

  /** One unreadable file is told, and does not keep the others from being sent. */
  async #read(entry: FileSystemEntry): Promise<void> {
    try {
      this.#picked.push({ file: await fileOf(entry), path: pathOf(entry) });
    } catch {
      this.#unreadable.push(pathOf(entry));
    }
  }
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
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
