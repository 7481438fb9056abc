// Sends many small files in one request. Each carries its upload key, so a pack whose answer was lost is simply sent again.

import type { DropprApi, HttpHeaders } from "../adapters/droppr-api";
import { UploadError, unexpectedReply, unreadableError } from "../core/errors";
import { type PackEntry, packLine } from "../core/pack";
import type { PackedFile } from "../core/wire";
import type { FileLike } from "../ports";
import type { Retrier } from "./retrier";

export interface PackFile {
  readonly file: FileLike;
  readonly entry: PackEntry;
}

export interface PackSenderConfig {
  readonly files: readonly PackFile[];
  readonly api: DropprApi;
  readonly retrier: Retrier;
  readonly openingHeaders?: ((signal: AbortSignal) => Promise<HttpHeaders>) | undefined;
  /** Bytes of file number `index` have left; called for the files in their order. */
  readonly onSent: (index: number, bytes: number) => void;
}

interface Read {
  readonly index: number;
  readonly parts: [string, ArrayBuffer];
  /** Bytes of the line before the file's own. */
  readonly lead: number;
  readonly size: number;
}

/** One answer for each file, in their order. Rejects with an `UploadError` where the whole pack was refused. */
export async function sendPack(config: PackSenderConfig, signal: AbortSignal): Promise<PackedFile[]> {
  const { files, api, retrier, openingHeaders } = config;
  const answers: PackedFile[] = [];
  const read: Read[] = [];
  for (const [index, { file, entry }] of files.entries()) {
    const bytes = await bytesOf(file);
    if (bytes instanceof UploadError) answers[index] = bytes;
    else read.push(readFile(index, packLine(entry), bytes));
  }
  if (read.length === 0) return answers;
  const body = new Blob(read.flatMap(({ parts }) => parts));
  const replies = await retrier.run(async () => {
    const progress = new PackProgress(read, config.onSent);
    const extra = (await openingHeaders?.(signal)) ?? {};
    return api.sendPack({ body, signal, onSent: (bytes) => progress.sent(bytes) }, extra);
  }, signal);
  if (replies.length !== read.length) throw unexpectedReply(200);
  for (const [at, { index }] of read.entries()) answers[index] = replies[at] ?? unexpectedReply(200);
  return answers;
}

function readFile(index: number, line: string, bytes: ArrayBuffer): Read {
  return { index, parts: [line, bytes], lead: new TextEncoder().encode(line).length, size: bytes.byteLength };
}

/** All bytes of a small file: once they are in memory, nothing that happens to the file can spoil the pack. */
async function bytesOf(file: FileLike): Promise<ArrayBuffer | UploadError> {
  try {
    const bytes = await file.slice(0, file.size).arrayBuffer();
    return bytes.byteLength === file.size ? bytes : unreadableError(undefined);
  } catch (cause) {
    return unreadableError(cause);
  }
}

/** Tells of each file how much of it has left; what has left altogether is not looked at again. */
class PackProgress {
  #at = 0;
  #before = 0;
  readonly #files: readonly Read[];
  readonly #onSent: (index: number, bytes: number) => void;

  constructor(files: readonly Read[], onSent: (index: number, bytes: number) => void) {
    this.#files = files;
    this.#onSent = onSent;
  }

  sent(bytes: number): void {
    for (let file = this.#files[this.#at]; file !== undefined; file = this.#files[this.#at]) {
      const own = bytes - this.#before - file.lead;
      if (own > 0 || file.size === 0) this.#onSent(file.index, Math.min(Math.max(own, 0), file.size));
      if (own < file.size) return;
      this.#at += 1;
      this.#before += file.lead + file.size;
    }
  }
}
