// The server's live figures as typed values. Sections that a server does not have are null.

export interface RunningUpload {
  readonly uploadId: string;
  readonly path: string;
  readonly size: number;
  readonly received: number;
  readonly chunks: number;
  readonly totalChunks: number;
}

export interface DiskFigures {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly promisedBytes: number;
  /** What new uploads may still announce. */
  readonly availableBytes: number;
  readonly receivedBytes: number;
  readonly binBytes: number;
}

export interface Activity {
  /** Seconds since 1970 by the server's clock. */
  readonly at: number;
  readonly running: number;
  readonly places: number;
  readonly waiting: number;
  readonly uploads: readonly RunningUpload[];
  /** In percent of `limitBytes`. */
  readonly memoryPercent: number;
  readonly memoryMaxPercent: number;
  readonly limitBytes: number;
  readonly reservedBytes: number;
  readonly disk: DiskFigures;
  /** Of all files, small ones included, since the server started. */
  readonly received: { readonly files: number; readonly bytes: number };
  /** How often senders were asked to come back later since the server started. */
  readonly refusals: number;
  readonly buffers: { readonly inUse: number; readonly heldBytes: number } | null;
  readonly passingOn: Readonly<Record<string, number>> | null;
  /** Sentences on what works and could be better. */
  readonly notes: readonly Note[];
}

/** A server of before has no codes. */
export interface Note {
  readonly code: string;
  readonly sentence: string;
}

type Fields = Readonly<Record<string, unknown>>;

export function parseActivity(value: unknown): Activity {
  const all = fields(value);
  const concurrency = fields(all.concurrency);
  const memory = fields(all.memory_monitor);
  return {
    at: number(all.at),
    running: number(concurrency.running_uploads),
    places: number(concurrency.max_concurrent_uploads),
    waiting: number(concurrency.waiting_uploads),
    uploads: (Array.isArray(all.uploads) ? all.uploads : []).map(parseUpload),
    memoryPercent: number(memory.current_usage),
    memoryMaxPercent: number(memory.max_usage),
    limitBytes: number(memory.limit_bytes),
    reservedBytes: number(memory.reserved_bytes),
    disk: parseDisk(fields(all.disk)),
    received: parseReceived(fields(all.received)),
    refusals: Object.values(fields(all.refusals)).reduce<number>((sum, each) => sum + number(each), 0),
    buffers: all.buffer_pool === undefined ? null : parseBuffers(fields(all.buffer_pool)),
    passingOn: all.destinations === undefined ? null : numbersOf(fields(all.destinations)),
    notes: notesOf(texts(all.notes), texts(all.note_codes)),
  };
}

function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : []).map(String);
}

function notesOf(said: readonly string[], codes: readonly string[]): readonly Note[] {
  return said.map((sentence, at) => ({ code: codes[at] ?? "", sentence }));
}

function parseUpload(value: unknown): RunningUpload {
  const upload = fields(value);
  const chunks = fields(upload.chunk_progress);
  return {
    uploadId: String(upload.upload_id),
    path: String(upload.path),
    size: number(upload.size),
    received: number(upload.received_bytes),
    chunks: number(chunks.completed_chunks),
    totalChunks: number(chunks.total_chunks),
  };
}

function parseDisk(disk: Fields): DiskFigures {
  return {
    totalBytes: number(disk.total_bytes),
    freeBytes: number(disk.free_bytes),
    promisedBytes: number(disk.promised_bytes),
    availableBytes: number(disk.available_bytes),
    receivedBytes: number(disk.received_bytes),
    binBytes: number(disk.bin_bytes),
  };
}

function parseReceived(received: Fields): Activity["received"] {
  return { files: number(received.files), bytes: number(received.bytes) };
}

function parseBuffers(pool: Fields): { inUse: number; heldBytes: number } {
  return { inUse: number(pool.in_use), heldBytes: number(pool.held_bytes) };
}

function numbersOf(counts: Fields): Readonly<Record<string, number>> {
  const found = Object.entries(counts).filter(
    (pair): pair is [string, number] => typeof pair[1] === "number",
  );
  return Object.fromEntries(found);
}

function fields(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new TypeError("Not an object");
  return value as Fields;
}

function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError("Not a number");
  return value;
}
