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
  return new Walk(onFound)
    .all(entries.filter((entry) => entry !== null))
    .then((found) => ({ ...found, handles }));
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

class Walk {
  readonly #picked: Picked[] = [];
  readonly #unreadable: string[] = [];
  readonly #emptyFolders: string[] = [];
  readonly #onFound: OnFound;

  constructor(onFound: OnFound) {
    this.#onFound = onFound;
  }

  async all(roots: readonly FileSystemEntry[]): Promise<Omit<Collected, "handles">> {
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
