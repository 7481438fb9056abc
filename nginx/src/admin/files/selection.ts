// Which files are chosen: some, or all that the list finds but some. Pure.

export interface Choosable {
  readonly uploadId: string;
  readonly size: number;
}

/** How much a list finds in all. */
export interface Extent {
  readonly files: number;
  readonly bytes: number;
}

export class Selection {
  /** Those that are chosen; where all are, those that are not. With their sizes. */
  readonly #named = new Map<string, number>();
  #all = false;

  get isAll(): boolean {
    return this.#all;
  }

  /** Those that are named: the chosen ones, or, of all, those that are not. */
  get named(): readonly string[] {
    return [...this.#named.keys()];
  }

  has(uploadId: string): boolean {
    return this.#named.has(uploadId) !== this.#all;
  }

  set({ uploadId, size }: Choosable, chosen: boolean): void {
    if (chosen !== this.#all) this.#named.set(uploadId, size);
    else this.#named.delete(uploadId);
  }

  toggle(file: Choosable): void {
    this.set(file, !this.has(file.uploadId));
  }

  chooseAll(): void {
    this.#named.clear();
    this.#all = true;
  }

  clear(): void {
    this.#named.clear();
    this.#all = false;
  }

  /** What is gone is neither chosen nor left out any more. */
  drop(uploadIds: Iterable<string>): void {
    for (const uploadId of uploadIds) this.#named.delete(uploadId);
  }

  /** How much is chosen of a list that finds so much. */
  extentIn(found: Extent): Extent {
    let bytes = 0;
    for (const size of this.#named.values()) bytes += size;
    if (!this.#all) return { files: this.#named.size, bytes };
    return {
      files: Math.max(0, found.files - this.#named.size),
      bytes: Math.max(0, found.bytes - bytes),
    };
  }
}
