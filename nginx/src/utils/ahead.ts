// Chunks that leave while their upload is still being opened: where the way is long that is a round trip less. They name it by its
// key; the server asks one that overtakes the opening to wait for it (`upload_not_opened`).

import { bearable } from "../core/chunks";
import type { Pace } from "../core/pace";
import { parseUploadState, type UploadState } from "../core/wire";

/** What is known of uploads before they are opened, as a link tells it. */
export interface Ahead {
  readonly chunkSize: number;
  readonly maxParallelChunks: number;
  /** Where larger files than one chunk go straight to: then they wait for the opening, as their parts do. */
  readonly store?: string | null;
}

interface Unopened {
  readonly file: Pick<Blob, "size">;
  readonly ahead?: Ahead | null;
}

/** Milliseconds there and back from which on it pays: nearer by, chunks would overtake the opening and be sent twice. */
const FAR_MS = 50;

/** An upload that is still to be opened; null where that has to be waited for. */
export function unopened({ file, ahead }: Unopened, pace: Pace): UploadState | null {
  if (!ahead || file.size === 0 || ahead.maxParallelChunks <= 1 || pace.roundTripMs < FAR_MS) return null;
  if (ahead.store && file.size > ahead.chunkSize) return null;
  return parseUploadState({
    upload_id: "",
    chunk_size: ahead.chunkSize,
    max_parallel_chunks: ahead.maxParallelChunks,
    missing_ranges: [[0, file.size - 1]],
  });
}

/** How many chunks at once, and of how many bytes at most, the server wants of a file of so many bytes. `pace` heeds it. */
export function wantedBy(state: UploadState, size: number, pace: Pace): [number, number] {
  const { uploadId, maxParallelChunks: told, mostParallelChunks } = state;
  const width = pace.adaptsWidth && told > 1 ? mostParallelChunks : told;
  const wanted = bearable(state.chunkSize, size);
  // A server that wants the chunks of a file one at a time says nothing about several files.
  if (uploadId !== "") pace.limit(width === 1 ? Number.POSITIVE_INFINITY : width, wanted);
  return [width, wanted];
}
