// Small pictures in rows: each is asked for when its row is seen, a few at a time, those that were seen last first.

import { UploadError } from "../../core/errors";
import { make } from "../../page/dom";
import { ROW_PIXELS } from "./look-api";

const AT_ONCE = 3;
/** Pictures that are kept here, of a few thousand bytes each: going back and forth asks for nothing twice. */
const KEPT = 400;
/** What goes for every file of this server. */
const NONE_AT_ALL = ["not_installed"];

/** Loads the picture of a file in this size; throws `no_picture` where there is none. */
type Load = (uploadId: string, size: number, page: number, signal: AbortSignal) => Promise<Blob>;

interface Wanted {
  readonly place: HTMLElement;
  readonly uploadId: string;
}

export class Pictures {
  readonly #load: Load;
  readonly #seen: IntersectionObserver;
  readonly #asked = new WeakMap<Element, string>();
  readonly #waiting: Wanted[] = [];
  /** Addresses of pictures in memory, the one that was shown least lately first; null where there is none. */
  readonly #kept = new Map<string, string | null>();
  #running = 0;
  #isOff = false;

  constructor(load: Load) {
    this.#load = load;
    this.#seen = new IntersectionObserver((entries) => this.#saw(entries));
  }

  /**
   * Shows a file's picture in `place`, whose content stays where there is none. A place may be used again for another file, or for
   * none, with content of its own.
   */
  show(place: HTMLElement, uploadId: string | null): void {
    this.#seen.unobserve(place);
    place.classList.remove("pictured");
    if (uploadId === null) {
      this.#asked.delete(place);
      return;
    }
    this.#asked.set(place, uploadId);
    const kept = this.#kept.get(uploadId);
    if (kept === null || this.#isOff) return;
    if (kept !== undefined) put(place, kept);
    else this.#seen.observe(place);
  }

  #saw(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const uploadId = this.#asked.get(target);
      if (!isIntersecting || uploadId === undefined || !(target instanceof HTMLElement)) continue;
      this.#seen.unobserve(target);
      this.#waiting.push({ place: target, uploadId });
    }
    this.#next();
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const wanted = this.#waiting.pop();
      if (wanted === undefined) return;
      // It was scrolled past.
      if (!this.#isWanted(wanted)) continue;
      this.#running += 1;
      void this.#bring(wanted).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  #isWanted({ place, uploadId }: Wanted): boolean {
    return !this.#isOff && place.isConnected && this.#asked.get(place) === uploadId;
  }

  async #bring(wanted: Wanted): Promise<void> {
    const { place, uploadId } = wanted;
    try {
      const url =
        this.#kept.get(uploadId) ??
        URL.createObjectURL(await this.#load(uploadId, ROW_PIXELS, 1, new AbortController().signal));
      this.#keep(uploadId, url);
      if (this.#isWanted(wanted)) put(place, url);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      if (error.code === "no_picture") this.#keep(uploadId, null);
      if (NONE_AT_ALL.includes(error.code) || error.details.reason === "off") this.#isOff = true;
      // Whatever else it was may be over when the row is seen again.
    }
  }

  #keep(uploadId: string, url: string | null): void {
    this.#kept.delete(uploadId);
    this.#kept.set(uploadId, url);
    if (this.#kept.size <= KEPT) return;
    const [oldest, gone] = this.#kept.entries().next().value as [string, string | null];
    this.#kept.delete(oldest);
    if (gone !== null) URL.revokeObjectURL(gone);
  }
}

function put(place: HTMLElement, url: string): void {
  const before = [...place.childNodes];
  const picture = make("img");
  // The name beside it says what it is.
  picture.alt = "";
  picture.decoding = "async";
  picture.addEventListener("error", () => {
    place.classList.remove("pictured");
    place.replaceChildren(...before);
  });
  picture.src = url;
  place.classList.add("pictured");
  place.replaceChildren(picture);
}
