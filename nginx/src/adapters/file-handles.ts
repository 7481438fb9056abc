// Files the browser may open again by itself: their handles are kept in IndexedDB, so that after a reload nobody has to choose
// them again. Only where the File System Access API is (Chromium, secure contexts); elsewhere every call answers "no".

const DATABASE = "droppr";
const STORE = "file-handles";

interface Permitting {
  queryPermission?(mode: { mode: "read" }): Promise<PermissionState>;
  requestPermission?(mode: { mode: "read" }): Promise<PermissionState>;
}

export class FileHandles {
  #database: Promise<IDBDatabase> | null = null;

  /** Whether handles can be kept here at all. */
  get available(): boolean {
    return typeof FileSystemFileHandle !== "undefined" && typeof indexedDB !== "undefined";
  }

  /** Keeps a handle under a key of the caller's, the upload's id say. Resolves to false where that is impossible. */
  async save(key: string, handle: FileSystemFileHandle): Promise<boolean> {
    return (await this.#ask("readwrite", (store) => store.put(handle, key))) !== undefined;
  }

  async remove(key: string): Promise<void> {
    await this.#ask("readwrite", (store) => store.delete(key));
  }

  async keys(): Promise<string[]> {
    const keys = await this.#ask("readonly", (store) => store.getAllKeys());
    return keys?.map(String) ?? [];
  }

  /**
   * The file as it is now, or null: never kept, gone, or not permitted. With `ask` the browser may ask the person, which it does only
   * right after a click or key.
   */
  async reopen(key: string, ask: boolean): Promise<File | null> {
    const handle: (FileSystemFileHandle & Permitting) | undefined = await this.#ask("readonly", (store) =>
      store.get(key),
    );
    if (handle === undefined) return null;
    try {
      const mode = { mode: "read" } as const;
      let state = (await handle.queryPermission?.(mode)) ?? "granted";
      if (state === "prompt" && ask) state = (await handle.requestPermission?.(mode)) ?? "denied";
      return state === "granted" ? await handle.getFile() : null;
    } catch {
      // Moved or deleted: the person is asked for the file, as without a handle.
      return null;
    }
  }

  /** Undefined where there is no storage; it may also be full or forbidden, and none of that may stop an upload. */
  async #ask<T>(
    mode: IDBTransactionMode,
    request: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | undefined> {
    if (!this.available) return undefined;
    try {
      this.#database ??= open();
      const database = await this.#database;
      return await settled(request(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return undefined;
    }
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
