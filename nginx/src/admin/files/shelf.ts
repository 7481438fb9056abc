// The files of a view, of which only those that somebody came near are here. What is not here yet has its place all the same, so that
// the list is as long as it is and nothing moves when more comes.

import type { FilePage, ReceivedFile } from "../wire";
import { listQuery, PLAIN_VIEW, type View } from "./view";

/** A place in the list, with its file once it is here. */
export interface Entry {
  readonly id: number;
  file: ReceivedFile | null;
}

/** How many are asked for first, as one waits for them, and then. */
const FIRST = 200;
const MORE = 1_000;
/** So many rows beyond what is looked at are kept here. */
const AHEAD = 400;
/** Of what lies further down nothing new is asked until somebody comes near it. */
const UNSETTLED_LOOKED_AT = 200;

export interface ShelfPorts {
  readonly load: (
    query: Record<string, string>,
    cursor: string,
    limit: number,
    count: boolean,
  ) => Promise<FilePage>;
  /** Places have come or gone: `items` is another list. */
  readonly changed: () => void;
  /** Files have come into their places. */
  readonly filled: () => void;
  readonly failed: (error: unknown) => void;
}

export interface Found {
  readonly files: number;
  readonly bytes: number;
  /** When the newest arrived, in seconds as the server writes it. */
  readonly newestAt: number | null;
  /** Whether what is deleted can be restored. */
  readonly restorable: boolean;
  /** Bytes of what had been received before; null where nobody asked. */
  readonly again: number | null;
}

const NOTHING: Found = { files: 0, bytes: 0, newestAt: null, restorable: true, again: null };

export class Shelf {
  readonly #ports: ShelfPorts;
  #view: View = PLAIN_VIEW;
  #items: readonly Entry[] = [];
  #loaded = 0;
  #cursor: string | null = "";
  #found: Found = NOTHING;
  #isKnown = false;
  /** What is under way belongs to an earlier view where this has gone on. */
  #turn = 0;
  #wanted = 0;
  #loading: Promise<void> | null = null;
  #nextId = 0;

  constructor(ports: ShelfPorts) {
    this.#ports = ports;
  }

  get view(): View {
    return this.#view;
  }

  get items(): readonly Entry[] {
    return this.#items;
  }

  get found(): Found {
    return this.#found;
  }

  /** Whether the server has told anything of this view. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  get loaded(): readonly Entry[] {
    return this.#items.slice(0, this.#loaded);
  }

  /** Whether something is still to be told of those that are here. */
  get isUnsettled(): boolean {
    return this.#items
      .slice(0, UNSETTLED_LOOKED_AT)
      .some(
        ({ file }) =>
          file !== null &&
          (file.sha256 === null || (file.passedOn !== null && file.passedOn.state !== "done")),
      );
  }

  /** Another view, from its beginning. */
  async show(view: View): Promise<void> {
    this.#view = view;
    this.#isKnown = false;
    await this.reload();
  }

  /** The same view anew; what is shown stays until it is there. */
  async reload(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    this.#loading = null;
    const page = await this.#ports.load(listQuery(this.#view), "", this.#firstLimit(), true);
    if (turn === this.#turn) this.#begin(page);
  }

  /**
   * Asks for the beginning again and brings what is known of its files up to date. Where others have come or gone, everything is shown
   * anew if `mayMove` says that nobody minds; otherwise how many have come, less those that went; null where that is neither.
   */
  async compare(mayMove: () => boolean): Promise<number | null> {
    const turn = this.#turn;
    const page = await this.#ports.load(listQuery(this.#view), "", this.#firstLimit(), true);
    if (turn !== this.#turn) return null;
    const known = new Map(this.loaded.map((entry) => [entry.file?.uploadId, entry]));
    for (const file of page.items) {
      const entry = known.get(file.uploadId);
      if (entry !== undefined) entry.file = file;
    }
    const same =
      page.found?.files === this.#found.files && page.items.every(({ uploadId }) => known.has(uploadId));
    if (same) {
      this.#ports.filled();
      return null;
    }
    if (mayMove()) {
      this.#begin(page);
      return null;
    }
    this.#ports.filled();
    return (page.found?.files ?? 0) - this.#found.files;
  }

  /** Sees to it that the files up to this place, and some more, are here. */
  want(index: number): void {
    this.#wanted = Math.max(this.#wanted, Math.min(index + AHEAD, this.#items.length));
    if (this.#loading === null && this.#needsMore) this.#loading = this.#load(this.#turn);
  }

  /** The file at this place, once it is here; null where there is none. Throws where it cannot be had. */
  async at(index: number): Promise<ReceivedFile | null> {
    const turn = this.#turn;
    while (this.#cursor !== null && this.#loaded <= index && index < this.#items.length) {
      this.#wanted = Math.max(this.#wanted, index + 1);
      await (this.#loading ?? this.#more(turn));
      if (turn !== this.#turn) return null;
    }
    return this.#items[index]?.file ?? null;
  }

  /** Waits until all are here. Throws where they cannot be had. */
  async all(): Promise<readonly Entry[]> {
    const turn = this.#turn;
    while (this.#cursor !== null) {
      this.#wanted = this.#items.length;
      await (this.#loading ?? this.#more(turn));
      if (turn !== this.#turn) return [];
    }
    return this.#items;
  }

  /** Takes files that are no longer there out of the list; whether all of them were here. */
  remove(uploadIds: ReadonlySet<string>): boolean {
    let [bytes, before] = [0, 0];
    const stays = (entry: Entry, at: number): boolean => {
      if (entry.file === null || !uploadIds.has(entry.file.uploadId)) return true;
      bytes += entry.file.size;
      if (at < this.#loaded) before += 1;
      return false;
    };
    this.#items = this.#items.filter(stays);
    this.#loaded -= before;
    this.#found = {
      ...this.#found,
      files: this.#items.length,
      bytes: Math.max(0, this.#found.bytes - bytes),
    };
    this.#ports.changed();
    return before === uploadIds.size;
  }

  #firstLimit(): number {
    return Math.min(MORE, Math.max(FIRST, this.#loaded));
  }

  #begin({ items, nextCursor, found }: FilePage): void {
    this.#turn += 1;
    this.#loading = null;
    this.#isKnown = true;
    const known = new Map(this.loaded.map((entry) => [entry.file?.uploadId, entry]));
    const here: Entry[] = items.map((file) => {
      const entry = known.get(file.uploadId) ?? this.#place();
      entry.file = file;
      return entry;
    });
    this.#loaded = here.length;
    this.#cursor = nextCursor;
    this.#found = found ?? { ...NOTHING, files: here.length };
    while (here.length < this.#found.files && nextCursor !== null) here.push(this.#place());
    this.#items = here;
    this.#wanted = 0;
    this.#ports.changed();
  }

  #place(): Entry {
    this.#nextId += 1;
    return { id: this.#nextId, file: null };
  }

  get #needsMore(): boolean {
    return this.#cursor !== null && this.#loaded < this.#wanted;
  }

  async #load(turn: number): Promise<void> {
    try {
      while (turn === this.#turn && this.#needsMore) await this.#more(turn);
    } catch (error) {
      if (turn === this.#turn) this.#ports.failed(error);
    } finally {
      if (turn === this.#turn) this.#loading = null;
    }
  }

  async #more(turn: number): Promise<void> {
    const page = await this.#ports.load(listQuery(this.#view), this.#cursor ?? "", MORE, false);
    if (turn !== this.#turn) return;
    this.#cursor = page.nextCursor;
    const items = [...this.#items];
    const fits = this.#loaded + page.items.length <= items.length;
    for (const file of page.items) {
      const entry = items[this.#loaded] ?? this.#place();
      entry.file = file;
      items[this.#loaded] = entry;
      this.#loaded += 1;
    }
    // More or fewer than were counted: some came or went meanwhile.
    if (fits && (page.nextCursor !== null || this.#loaded === items.length)) {
      this.#ports.filled();
      return;
    }
    if (page.nextCursor === null) items.length = this.#loaded;
    this.#items = items;
    this.#ports.changed();
  }
}
