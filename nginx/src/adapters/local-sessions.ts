// Remembers in localStorage where unfinished uploads can be asked for. Storage may be absent (private windows), full
// or scribbled over by others; none of that may stop an upload, so every access forgives.

import type { Clock, SavedSession, SessionStore } from "../ports";

const PREFIX = "droppr_upload_parallel_";
const MAX_AGE_MS = 24 * 3_600_000;

/** What `localStorage` offers; `fileStorage` of `@droppr/upload/node` offers it on a file. */
export type KeyValueStorage = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

export interface SessionSubject {
  readonly name: string;
  readonly size: number;
  /** Where chunks go: the same file sent to another link is another upload. */
  readonly link: string;
  readonly path: string;
  /** The same file sent for another item of the link's checklist is another upload. */
  readonly item?: string;
}

/** `droppr_upload_parallel_<name>_<size>`, with what tells links and folders apart behind it. */
export function sessionKey({ name, size, link, path, item = "" }: SessionSubject): string {
  return `${PREFIX}${name}_${size}_${fingerprint(`${link}\n${path}${item}`)}`;
}

export class LocalSessions implements SessionStore {
  readonly #storage: KeyValueStorage | null;
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">, storage: KeyValueStorage | null = availableStorage()) {
    this.#clock = clock;
    this.#storage = storage;
  }

  load(key: string): SavedSession | null {
    return this.#forgiving(null, (storage) => {
      const session = parseSession(storage.getItem(key));
      if (session !== null && this.#clock.now() - session.timestamp < MAX_AGE_MS) return session;
      storage.removeItem(key);
      return null;
    });
  }

  save(key: string, session: SavedSession): void {
    this.#forgiving(undefined, (storage) => storage.setItem(key, JSON.stringify(session)));
  }

  remove(key: string): void {
    this.#forgiving(undefined, (storage) => storage.removeItem(key));
  }

  all(): SavedSession[] {
    const keys = this.#forgiving([], (storage) => {
      return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    });
    const ours = keys.filter((key) => key.startsWith(PREFIX));
    return ours.map((key) => this.load(key)).filter((session) => session !== null);
  }

  #forgiving<T>(otherwise: T, access: (storage: KeyValueStorage) => T): T {
    if (this.#storage === null) return otherwise;
    try {
      return access(this.#storage);
    } catch {
      // Full or forbidden: the upload goes on, it only cannot be resumed after a reload.
      return otherwise;
    }
  }
}

function availableStorage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

function parseSession(text: string | null): SavedSession | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isSession(value) ? value : null;
  } catch {
    return null;
  }
}

function isSession(value: unknown): value is SavedSession {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  const texts = ["uploadId", "link", "name", "path"].every((name) => typeof fields[name] === "string");
  const numbers = ["timestamp", "size", "lastModified"].every((name) => typeof fields[name] === "number");
  return texts && numbers && Array.isArray(fields.completedChunks);
}

/** FNV-1a, 32 bits: tells keys apart, protects nothing. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
