// What the library needs of Node: files by path, sessions in a file, SHA-256 by OpenSSL.

import { createHash } from "node:crypto";
import { openAsBlob, readFileSync, renameSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { abortedError, unreadableError } from "../core/errors";
import type { FileLike, Hasher } from "../ports";
import type { KeyValueStorage } from "./local-sessions";

/** A file on disk; its bytes are read as they are sent. Rejects with `file_unreadable`. */
export async function openFile(path: string): Promise<FileLike> {
  try {
    const { size, mtimeMs } = await stat(path);
    const blob = await openAsBlob(path);
    const slice = (start: number, stop: number): Blob => blob.slice(start, stop);
    return { name: basename(path), size, lastModified: Math.floor(mtimeMs), slice };
  } catch (cause) {
    throw unreadableError(cause);
  }
}

/** For `new LocalSessions(clock, fileStorage(path))`: unfinished uploads are remembered in one JSON file. */
export function fileStorage(path: string): KeyValueStorage {
  const kept = new Map<string, string>(Object.entries(readObject(path)));
  const save = (): void => {
    // By rename, so that a crash leaves the old file or the new one.
    writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  return {
    get length() {
      return kept.size;
    },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => {
      kept.set(key, value);
      save();
    },
    removeItem: (key) => {
      if (kept.delete(key)) save();
    },
  };
}

export class NodeHasher implements Hasher {
  async sha256(file: Blob | FileLike, signal: AbortSignal): Promise<string> {
    const hash = createHash("sha256");
    try {
      for await (const piece of file.slice(0, file.size).stream()) {
        if (signal.aborted) throw abortedError();
        hash.update(piece);
      }
    } catch (cause) {
      throw signal.aborted ? abortedError() : unreadableError(cause);
    }
    return hash.digest("hex");
  }
}

function readObject(path: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // Absent or damaged: uploads begin anew, and the server's purge takes what was left.
    return {};
  }
}
