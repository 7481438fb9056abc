// Runs in a worker: hashes the files it is sent, one after the other.

import { sha256 } from "@noble/hashes/sha2.js";

/** Hash `blob`; without one, drop the order of that id. */
export interface HashOrder {
  readonly id: number;
  readonly blob?: Blob;
}

/** `hex`, or the reason why the file could not be read. */
export interface HashAnswer {
  readonly id: number;
  readonly hex?: string;
  readonly reason?: string;
}

const PIECE_BYTES = 4 * 1024 * 1024;
/** Up to this size the browser's own hashing is faster, where there is one. */
const NATIVE_HASH_BYTES = 64 * 1024 * 1024;
const dropped = new Set<number>();
let queue: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<HashOrder>) => {
  const { id, blob } = data;
  if (blob === undefined) dropped.add(id);
  else queue = queue.then(() => answer(id, blob));
});

async function answer(id: number, blob: Blob): Promise<void> {
  let said: HashAnswer;
  try {
    said = { id, hex: hexOf(await hash(id, blob)) };
  } catch (error) {
    said = { id, reason: String(error) };
  }
  if (!dropped.delete(id)) postMessage(said);
}

async function hash(id: number, blob: Blob): Promise<Uint8Array> {
  if (blob.size <= NATIVE_HASH_BYTES && globalThis.crypto?.subtle !== undefined) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  }
  const running = sha256.create();
  for (let at = 0; at < blob.size && !dropped.has(id); at += PIECE_BYTES) {
    running.update(new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer()));
  }
  return running.digest();
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
