// What this browser has sent to a link, kept in localStorage: one batch for each visit. Storage may be absent or full; then
// nothing is kept.

import { keyName } from "./asked/sender-key";

export interface SentFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Capability of the upload: it is kept only until the receipt is, and can delete the file until `until`. */
  readonly id: string;
  /** Milliseconds since 1970; null where it cannot be taken back. */
  readonly until: number | null;
}

export interface Batch {
  /** When the visit began; milliseconds since 1970. */
  readonly at: number;
  readonly files: readonly SentFile[];
  /** Signed by the server, once nothing of it can be taken back. */
  readonly receipt?: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly name: string;
  readonly email: string;
  /** The oldest first. */
  readonly batches: readonly Batch[];
}

const NOTHING: Sent = { name: "", email: "", batches: [] };
const KEPT_MS = 30 * 86_400_000;
const MAX_BATCHES = 20;
const MAX_FILES = 2_000;

export class SentStore {
  readonly #hash: string;
  readonly #key: string;

  constructor(hash: string) {
    this.#hash = hash;
    this.#key = `droppr_sent_${hash}`;
  }

  load(now: number): Sent {
    try {
      const found = JSON.parse(localStorage.getItem(this.#key) ?? "") as Sent;
      return { ...NOTHING, ...found, batches: found.batches.filter(({ at }) => now - at < KEPT_MS) };
    } catch {
      return NOTHING;
    }
  }

  /** Changes what is kept; another tab may have changed it meanwhile. */
  change(now: number, edit: (sent: Sent) => Sent): void {
    const { batches, ...who } = edit(this.load(now));
    let files = 0;
    const kept = batches.filter((batch) => batch.files.length > 0).slice(-MAX_BATCHES);
    const fitting = kept
      .toReversed()
      .filter((batch) => {
        files += batch.files.length;
        return files <= MAX_FILES;
      })
      .toReversed();
    try {
      localStorage.setItem(this.#key, JSON.stringify({ ...who, batches: fitting }));
    } catch {
      return;
    }
  }

  /** Puts a visit's batch in place of what it had before. */
  put(now: number, batch: Batch): void {
    this.change(now, (sent) => ({
      ...sent,
      batches: [...sent.batches.filter(({ at }) => at !== batch.at), batch],
    }));
  }

  /** Who comes next is no longer known as who was here. */
  forget(): void {
    try {
      localStorage.removeItem(this.#key);
      localStorage.removeItem(keyName(this.#hash));
    } catch {
      return;
    }
  }
}
