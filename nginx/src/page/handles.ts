// What was dropped, kept where the browser can open it again after a reload. Only some browsers offer that, and only
// over https; everywhere else nothing is kept, and the person chooses the files again.

const DATABASE = "droppr-dropped";
const STORE = "dropped";

interface Kept {
  readonly link: string;
  readonly handle: FileSystemHandle;
}

interface Askable {
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

export class Handles {
  readonly #link: string;
  #roots: readonly FileSystemHandle[] = [];

  constructor(link: string) {
    this.#link = link;
  }

  /** Finds what earlier visits kept for this link. */
  async load(): Promise<void> {
    const kept = await this.#store<Kept[]>("readonly", (store) => store.getAll());
    this.#roots = (kept ?? []).filter(({ link }) => link === this.#link).map(({ handle }) => handle);
  }

  async keep(handles: readonly FileSystemHandle[]): Promise<void> {
    const last = handles.at(-1);
    if (last === undefined) return;
    await this.#store("readwrite", (store) => {
      const put = (handle: FileSystemHandle): IDBRequest =>
        store.put({ link: this.#link, handle }, this.#keyOf(handle.name));
      handles.slice(0, -1).map(put);
      return put(last);
    });
  }

  /** Everything has been sent: nothing needs to be opened again. */
  async forget(): Promise<void> {
    const range = IDBKeyRange.bound(this.#keyOf(""), this.#keyOf("\uffff"));
    await this.#store("readwrite", (store) => store.delete(range));
  }

  has(path: string): boolean {
    return this.#rootOf(path) !== undefined;
  }

  /** The file below what was dropped; null when it went away or may not be read. Call it from a click: the browser may ask. */
  async open(path: string): Promise<File | null> {
    const root = this.#rootOf(path);
    if (root === undefined || !(await mayRead(root))) return null;
    try {
      return await fileBelow(root, path.split("/").slice(1));
    } catch {
      return null;
    }
  }

  #rootOf(path: string): FileSystemHandle | undefined {
    const [name, ...rest] = path.split("/");
    const kind = rest.length > 0 ? "directory" : "file";
    return this.#roots.find((root) => root.name === name && root.kind === kind);
  }

  #keyOf(name: string): string {
    return `${this.#link}\n${name}`;
  }

  /** The result of one request, or null where there is no database (private windows) or it fails: it is a convenience. */
  async #store<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T | null> {
    try {
      const database = await openDatabase();
      try {
        return (await settled(ask(database.transaction(STORE, mode).objectStore(STORE)))) as T;
      } finally {
        database.close();
      }
    } catch {
      return null;
    }
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
  return settled(opening);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/** The browser asks the person only where it has not done so yet. */
async function mayRead(handle: FileSystemHandle & Askable): Promise<boolean> {
  return ((await handle.requestPermission?.({ mode: "read" })) ?? "granted") === "granted";
}

async function fileBelow(root: FileSystemHandle, parts: readonly string[]): Promise<File> {
  let at = root;
  for (const [index, name] of parts.entries()) {
    const folder = at as FileSystemDirectoryHandle;
    at = await (index < parts.length - 1 ? folder.getDirectoryHandle(name) : folder.getFileHandle(name));
  }
  return (at as FileSystemFileHandle).getFile();
}
