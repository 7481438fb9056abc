// Where the upload of one file can be continued, remembered in the browser: only a hint, the server says what it has.

import { sessionKey } from "../adapters/local-sessions";
import { completedChunks } from "../core/chunks";
import type { ByteRanges } from "../core/ranges";
import type { Clock, FileLike, SavedSession, SessionStore } from "../ports";

const SAVE_EVERY_MS = 1_000;

interface Subject {
  readonly file: FileLike;
  readonly path: string;
  readonly uploadUrl: string;
  readonly item: string;
}

/** How far it is. */
interface Progress {
  readonly uploadId: string;
  readonly received: ByteRanges;
  /** Bytes. */
  readonly chunkSize: number;
  readonly sample: string | null;
}

export class Bookmark {
  readonly #sessions: SessionStore;
  readonly #clock: Pick<Clock, "now">;
  readonly #subject: Subject;
  readonly #key: string;
  #savedAt = 0;

  constructor(sessions: SessionStore, clock: Pick<Clock, "now">, subject: Subject) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#subject = subject;
    const { file, path, uploadUrl, item } = subject;
    this.#key = sessionKey({ name: file.name, size: file.size, link: uploadUrl, path, item });
  }

  /** What was begun with a file of this name and size, if anything; phones give one file a new date at every choice. */
  load(): SavedSession | null {
    return this.#sessions.load(this.#key);
  }

  /** What was begun with files of this name and size, under any path of this link. */
  alike(): SavedSession[] {
    const { file, uploadUrl } = this.#subject;
    const isAlike = ({ name, size, link }: SavedSession): boolean =>
      name === file.name && size === file.size && link === uploadUrl;
    return this.#sessions.all().filter(isAlike);
  }

  /** Whether the last saving is some time ago. */
  get due(): boolean {
    return this.#clock.now() - this.#savedAt >= SAVE_EVERY_MS;
  }

  save({ uploadId, received, chunkSize, sample }: Progress): void {
    const { file, path, uploadUrl, item } = this.#subject;
    this.#savedAt = this.#clock.now();
    this.#sessions.save(this.#key, {
      uploadId,
      completedChunks: completedChunks(received, file.size, chunkSize),
      timestamp: this.#savedAt,
      link: uploadUrl,
      name: file.name,
      path,
      item,
      size: file.size,
      lastModified: file.lastModified,
      ...(sample === null ? {} : { sample }),
    });
  }

  clear(): void {
    this.#sessions.remove(this.#key);
  }
}
