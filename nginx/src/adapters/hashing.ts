// SHA-256 in a worker of its own, so that the page stays fluid, and also on plain http, where browsers offer no hashing.

import { abortedError, unreadableError } from "../core/errors";
import type { FileLike, Hasher } from "../ports";
import type { HashAnswer, HashOrder } from "./hash-worker";

interface Job {
  readonly resolve: (hex: string) => void;
  readonly reject: (reason: unknown) => void;
}

export class WorkerHasher implements Hasher {
  #worker: Worker | null = null;
  readonly #jobs = new Map<number, Job>();
  #nextId = 0;

  /** Bytes are read in pieces as they are hashed; a file of any size needs a few MiB of memory. */
  sha256(file: Blob | FileLike, signal: AbortSignal): Promise<string> {
    if (signal.aborted) return Promise.reject(abortedError());
    const id = this.#nextId++;
    const blob = file instanceof Blob ? file : file.slice(0, file.size);
    return new Promise<string>((resolve, reject) => {
      const stop = (): void => {
        this.#jobs.delete(id);
        this.#post({ id });
        reject(abortedError());
      };
      const done = (): void => signal.removeEventListener("abort", stop);
      signal.addEventListener("abort", stop);
      this.#jobs.set(id, {
        resolve: (hex) => {
          done();
          resolve(hex);
        },
        reject: (reason) => {
          done();
          reject(reason);
        },
      });
      this.#post({ id, blob });
    });
  }

  /** Ends the worker; what is being hashed is rejected. The next call starts another one. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const job of this.#jobs.values()) job.reject(abortedError());
    this.#jobs.clear();
  }

  #post(order: HashOrder): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      const job = this.#jobs.get(data.id);
      this.#jobs.delete(data.id);
      if (data.hex === undefined) job?.reject(unreadableError(data.reason));
      else job?.resolve(data.hex);
    };
    return worker;
  }
}
