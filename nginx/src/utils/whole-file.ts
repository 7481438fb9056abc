// A file in one request, which opens its upload and carries all of its bytes: most photos are no more than a chunk.

import type { HttpHeaders, NewUpload } from "../adapters/droppr-api";
import { abortedError, sizeAfter, UploadError } from "../core/errors";
import { ByteRanges, type Span } from "../core/ranges";
import type { WholeReceipt } from "../core/wire";
import type { ChunkInFlight, Means, Movement } from "./transfer";

export interface WholeFileConfig extends Means {
  readonly opening: NewUpload;
  /** Made anew for every opening. */
  readonly openingHeaders: () => Promise<HttpHeaders>;
}

export class WholeFile implements Movement {
  received = ByteRanges.none;
  loaded = 0;
  readonly failing: ReadonlySet<Span> = new Set<Span>();
  readonly lanes = 1;
  /** Whether the request has been made and not been answered. */
  inAir = false;
  /** Whether the server may have the file without our knowing its upload id. */
  uncertain = false;
  readonly #config: WholeFileConfig;

  constructor(config: WholeFileConfig) {
    this.#config = config;
  }

  get safe(): number {
    return this.received.bytes;
  }

  get active(): number {
    return this.inAir ? 1 : 0;
  }

  get inFlight(): ChunkInFlight[] {
    return this.inAir ? [{ start: 0, stop: this.#config.file.size, sent: this.loaded }] : [];
  }

  /** Null where the upload has to be opened first, also where the request failed in a way that passes: the upload key then tells
   * what came of it. Throws every other refusal. */
  async send(): Promise<WholeReceipt | null> {
    try {
      return await this.#attempt();
    } catch (error) {
      this.#passOver(error);
      return null;
    } finally {
      this.inAir = false;
    }
  }

  async #attempt(): Promise<WholeReceipt | null> {
    const { file, opening, api, digest, openingHeaders, signal, onProgress } = this.#config;
    onProgress();
    // As it is: of a part, even of one that is all of it, Chromium copies each byte through one process more.
    const body = file instanceof Blob ? file : file.slice(0, file.size);
    const [contentDigest, extra] = [await digest(body), await openingHeaders()];
    if (signal.aborted) throw abortedError();
    this.inAir = true;
    this.uncertain = true;
    const onSent = (bytes: number): void => this.#onSent(bytes);
    const receipt = await api.sendWhole(opening, { body, digest: contentDigest, signal, onSent }, extra);
    this.uncertain = false;
    if (receipt?.complete) this.received = ByteRanges.none.missing(file.size);
    return receipt;
  }

  /** What somebody on the way refuses, too, may pass as an upload that is opened first. */
  #passOver(error: unknown): void {
    this.loaded = 0;
    if (!(error instanceof UploadError) || error.code === "aborted") throw error;
    const { pool, file } = this.#config;
    const size = sizeAfter(error, file.size);
    if (size !== null) pool.pace.limit(Number.POSITIVE_INFINITY, size);
    if (error.retryable || size !== null || error.code.startsWith("http_")) return;
    this.uncertain = false;
    throw error;
  }

  #onSent(bytes: number): void {
    const { file, meter, clock, onProgress } = this.#config;
    const sent = Math.min(bytes, file.size);
    meter.add(Math.max(0, sent - this.loaded), clock.now());
    this.loaded = sent;
    onProgress();
  }
}
