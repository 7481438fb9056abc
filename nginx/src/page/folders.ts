// Which files of a list stand together as a folder, and how a folder stands: what its files come to.

import type { UploadItem } from "../utils/upload-manager";

/** Fewer files than this are seen at one glance. */
export const AT_A_GLANCE = 6;

export interface Folder {
  /** Below 0, where files are from there on. */
  readonly id: number;
  /** With its slash: `wedding/second camera/`. */
  readonly path: string;
  /** What of it the folder around it does not say already. */
  readonly name: string;
  readonly files: readonly UploadItem[];
}

export type Entry = UploadItem | Folder;

/** Where an entry stands: in which folder, null for none, and how deep. */
export interface Place {
  readonly folder: Folder | null;
  readonly depth: number;
}

const TOP: Place = { folder: null, depth: 0 };

export function isFolder(entry: Entry): entry is Folder {
  return entry.id < 0;
}

export class Folders {
  readonly #ids = new Map<string, number>();
  readonly #open = new Set<string>();
  #places = new Map<number, Place>();

  /** The entries of a list of files: of folders that are open, what is in them comes behind them. */
  arrange(files: readonly UploadItem[]): readonly Entry[] {
    this.#places = new Map();
    const entries: Entry[] = [];
    this.#fill(entries, files, TOP);
    return entries;
  }

  /** Each by itself. */
  flat(files: readonly UploadItem[]): readonly Entry[] {
    this.#places = new Map();
    return files;
  }

  placeOf({ id }: Entry): Place {
    return this.#places.get(id) ?? TOP;
  }

  isOpen({ path }: Folder): boolean {
    return this.#open.has(path);
  }

  toggle({ path }: Folder): void {
    if (!this.#open.delete(path)) this.#open.add(path);
  }

  /** Opens all folders that the file may stand in. */
  reveal({ path }: UploadItem): void {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
      this.#open.add(path.slice(0, at + 1));
  }

  #fill(entries: Entry[], files: readonly UploadItem[], place: Place): void {
    const cut = place.folder?.path.length ?? 0;
    const parts = new Map<string, UploadItem[]>();
    for (const file of files) {
      const name = partOf(file, cut);
      if (name === "") continue;
      const others = parts.get(name);
      if (others === undefined) parts.set(name, [file]);
      else others.push(file);
    }
    for (const file of files) {
      const name = partOf(file, cut);
      const inside = parts.get(name);
      if (inside === undefined || inside.length < AT_A_GLANCE) this.#put(entries, file, place);
      // With the first of its files, wherever the others are.
      else if (inside[0] === file) this.#putFolder(entries, inside, place);
    }
  }

  #putFolder(entries: Entry[], files: readonly UploadItem[], place: Place): void {
    const path = commonFolder(files);
    const id = this.#ids.get(path) ?? -1 - this.#ids.size;
    this.#ids.set(path, id);
    const folder = { id, path, name: path.slice(place.folder?.path.length ?? 0), files };
    this.#put(entries, folder, place);
    if (this.isOpen(folder)) this.#fill(entries, files, { folder, depth: place.depth + 1 });
  }

  #put(entries: Entry[], entry: Entry, place: Place): void {
    entries.push(entry);
    if (place !== TOP) this.#places.set(entry.id, place);
  }
}

/** The folder directly below the first `cut` characters, with its slash; empty where the file itself stands there. */
function partOf({ path }: UploadItem, cut: number): string {
  return path.slice(cut, path.indexOf("/", cut) + 1);
}

/** The deepest folder that all of these are in: a folder with nothing but a folder in it is one row with that. */
function commonFolder(files: readonly UploadItem[]): string {
  const [first, ...others] = files.map(({ path }) => path);
  let common = first?.slice(0, first.lastIndexOf("/") + 1) ?? "";
  for (const path of others) {
    while (!path.startsWith(common)) common = common.slice(0, common.lastIndexOf("/", common.length - 2) + 1);
  }
  return common;
}

export interface Standing {
  /** Without those that were cancelled. */
  readonly count: number;
  readonly waiting: number;
  readonly going: number;
  readonly paused: number;
  readonly done: number;
  readonly failed: number;
  readonly size: number;
  readonly loaded: number;
  readonly safe: number;
  /** The first of those that are being sent, and of those that failed, in their order. */
  readonly sends: UploadItem | null;
  readonly lost: UploadItem | null;
}

export function standingOf(files: readonly UploadItem[]): Standing {
  const count = { waiting: 0, sending: 0, finishing: 0, paused: 0, done: 0, failed: 0, cancelled: 0 };
  let [size, loaded, safe] = [0, 0, 0];
  let [sends, lost]: (UploadItem | null)[] = [null, null];
  for (const item of files) {
    count[item.state] += 1;
    if (item.state === "cancelled") continue;
    size += item.file.size;
    loaded += item.loaded;
    safe += item.safe;
    if (item.state === "sending") sends ??= item;
    if (item.state === "failed") lost ??= item;
  }
  const { waiting, paused, done, failed } = count;
  const going = count.sending + count.finishing;
  const all = files.length - count.cancelled;
  return {
    count: all,
    waiting,
    going,
    paused,
    done,
    failed,
    size,
    loaded,
    safe,
    sends: sends ?? null,
    lost: lost ?? null,
  };
}
