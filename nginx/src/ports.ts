// What the upload code needs from outside. Adapters fulfil these; tests replace them.

export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Blob | string;
  readonly signal: AbortSignal;
  /** Called with the bytes of the body sent so far; they may still be lost. */
  readonly onSent?: (bytes: number) => void;
}

export interface TransportReply {
  readonly status: number;
  readonly text: string;
  header(name: string): string | null;
}

export interface Transport {
  /** How many requests may be under way at once; 6, as browsers allow over HTTP/1.1, unless given. */
  readonly connections?: number;
  /**
   * Resolves with any HTTP reply, whatever its status. Rejects with an `UploadError` of code `network_error` when
   * no reply came, and `aborted` once the signal fired.
   */
  send(request: TransportRequest): Promise<TransportReply>;
}

/** Where an unfinished upload can be asked for. The server's answer is the truth, this is the address. */
export interface SavedSession {
  readonly uploadId: string;
  /** Positions on the grid of `chunkSize`; a hint for display. */
  readonly completedChunks: readonly number[];
  /** Milliseconds since 1970; saved sessions count for 24 hours. */
  readonly timestamp: number;
  readonly link: string;
  readonly name: string;
  readonly path: string;
  /** Of the link's checklist; absent or empty for none. */
  readonly item?: string;
  readonly size: number;
  readonly lastModified: number;
  /** Sample digest of the file (`s1:…`); absent in what older versions saved. */
  readonly sample?: string;
}

export interface SessionStore {
  load(key: string): SavedSession | null;
  save(key: string, session: SavedSession): void;
  remove(key: string): void;
  /** Every session still young enough to resume. */
  all(): SavedSession[];
}

/** What the upload code needs of a file. A browser's `File` is one; `@droppr/upload/node` makes one of a path. */
export interface FileLike {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** The bytes `[start, stop)`, read only when they are needed. */
  slice(start: number, stop: number): Blob;
}

/** Whether there is a network at all. While there is none, nothing is tried and no retry is spent. */
export interface Connectivity {
  readonly online: boolean;
  /** Resolves at once while online; rejects with `aborted` when the signal fires. */
  whenOnline(signal: AbortSignal): Promise<void>;
}

/** SHA-256 away from the thread that paints. */
export interface Hasher {
  /** Lower-case hex of all bytes. Rejects with `file_unreadable` when the file changed or went away. */
  sha256(file: Blob | FileLike, signal: AbortSignal): Promise<string>;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 up to but not including 1. */
  random(): number;
}
