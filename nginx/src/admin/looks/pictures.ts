// Small pictures in rows: each is asked for when its row is seen, a few at a time, those that were seen last first.

import { UploadError } from "../../core/errors";
import { make } from "../../page/dom";
import { ROW_PIXELS } from "./look-api";

const AT_ONCE = 3;
/** Pictures that are kept here, of a few thousand bytes each: going back and forth asks for nothing twice. */
const KEPT = 400;
/** While one scrolls on nothing is asked for, but at least so often. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 400;
/** What goes for every file of this server. */
const NONE_AT_ALL = ["not_installed"];
/** Kinds, and extensions of other kinds, of which the server draws nothing. What is called otherwise than it is, is drawn when it is opened. */
const UNDRAWN_TYPES = ["audio", "archive"];
const DRAWN_DOCUMENTS = ["pdf"];
const UNDRAWN = ["svg", "ico", "jxl", "psd", "jp2", "mxf"];

/** Loads the picture of a file in this size; throws `no_picture` where there is none. */
type Load = (uploadId: string, size: number, page: number, signal: AbortSignal) => Promise<Blob>;

export interface Pictured {
  readonly uploadId: string;
  readonly path: string;
  readonly type: string;
}

interface Wanted {
  readonly place: HTMLElement;
  readonly file: Pictured;
}

/** Whether there may be a picture of a file that is called so. */
export function mayHavePicture({ path, type }: Pictured): boolean {
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  if (type === "document") return DRAWN_DOCUMENTS.includes(extension);
  return !UNDRAWN_TYPES.includes(type) && !UNDRAWN.includes(extension);
}

export class Pictures {
  readonly #load: Load;
  readonly #pixels: number;
  readonly #watching: IntersectionObserver;
  /** Places that can be seen. */
  readonly #inView = new WeakSet<Element>();
  readonly #asked = new WeakMap<Element, Pictured>();
  readonly #waiting: Wanted[] = [];
  /** Addresses of pictures in memory, the one that was shown least lately first; null where there is none. */
  readonly #kept = new Map<string, string | null>();
  readonly #coming = new Set<string>();
  #isOff = false;
  #drawsFilms = true;
  #soon: ReturnType<typeof setTimeout> | undefined;
  /** When the first of those began to wait that nobody has begun to ask for. */
  #since = 0;

  /** Pictures whose longer side has so many pixels. */
  constructor(load: Load, pixels = ROW_PIXELS) {
    this.#load = load;
    this.#pixels = pixels;
    this.#watching = new IntersectionObserver((entries) => this.#saw(entries));
  }

  /**
   * Shows a file's picture in `place`, whose content stays where there is none. A place may be used again for another file, or for
   * none, with content of its own.
   */
  show(place: HTMLElement, file: Pictured | null): void {
    place.classList.remove("pictured");
    if (file === null || !this.#isDrawn(file)) {
      this.#asked.delete(place);
      return;
    }
    const kept = this.#kept.get(file.uploadId);
    if (typeof kept === "string") put(place, kept);
    if (kept !== undefined) {
      this.#asked.delete(place);
      return;
    }
    this.#asked.set(place, file);
    this.#watching.observe(place);
    if (this.#inView.has(place)) this.#want(place);
  }

  #isDrawn(file: Pictured): boolean {
    return !this.#isOff && (this.#drawsFilms || file.type !== "video") && mayHavePicture(file);
  }

  #saw(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) {
        this.#inView.delete(target);
        continue;
      }
      this.#inView.add(target);
      if (target instanceof HTMLElement) this.#want(target);
    }
  }

  #want(place: HTMLElement): void {
    const file = this.#asked.get(place);
    if (file === undefined) return;
    const kept = this.#kept.get(file.uploadId);
    if (kept !== undefined) {
      this.#asked.delete(place);
      if (kept !== null) put(place, kept);
      return;
    }
    const now = performance.now();
    if (this.#soon === undefined) this.#since = now;
    this.#waiting.push({ place, file });
    clearTimeout(this.#soon);
    const pause = Math.max(0, Math.min(PAUSE_MS, this.#since + LONGEST_PAUSE_MS - now));
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.#next();
    }, pause);
  }

  #next(): void {
    while (this.#coming.size < AT_ONCE) {
      const wanted = this.#waiting.pop();
      if (wanted === undefined) return;
      // It was scrolled past, or has been asked for before it went out of sight and came back.
      const { uploadId } = wanted.file;
      if (!this.#isWanted(wanted) || this.#coming.has(uploadId)) continue;
      this.#coming.add(uploadId);
      void this.#bring(wanted).finally(() => {
        this.#coming.delete(uploadId);
        this.#next();
      });
    }
  }

  #isWanted({ place, file }: Wanted): boolean {
    return (
      this.#isDrawn(file) &&
      this.#inView.has(place) &&
      place.isConnected &&
      this.#asked.get(place)?.uploadId === file.uploadId
    );
  }

  async #bring(wanted: Wanted): Promise<void> {
    const { place, file } = wanted;
    const { uploadId } = file;
    try {
      const blob = await this.#load(uploadId, this.#pixels, 1, new AbortController().signal);
      const url = URL.createObjectURL(blob);
      this.#keep(uploadId, url);
      if (!this.#isWanted(wanted)) return;
      this.#asked.delete(place);
      put(place, url);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      if (error.code === "no_picture") this.#keep(uploadId, null);
      if (error.details.reason === "no_program" && file.type === "video") this.#drawsFilms = false;
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
