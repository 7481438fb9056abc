// What the server is doing right now, as it tells it: uploads on their way, waiting ones, room on the disk, memory.

import { BASE } from "../page/base";
import { need, setAttribute, setText } from "../page/dom";
import { type Activity, type DiskFigures, parseActivity, type RunningUpload } from "./activity-wire";
import { formatBytes, formatList, formatPercent, formatSpeed } from "./format";
import { errorSentence, isKey, joined, sentences, t } from "./i18n";
import { KeyedList, type KeyedRow } from "./keyed";
import { clonedElement, part } from "./parts";
import { visibleName } from "./visible";

/** One event each time that the browser asks, which it does again by itself. */
const EVENTS = `${BASE}/api/v1/system/upload-events?once=true`;
/** A browser gives up for good on an answer that is no stream; we come back after so long. */
const COME_BACK_MS = 5_000;

/** A running upload with what has come of it each second since the figures before. */
export interface Moving extends RunningUpload {
  readonly speed: number;
}

export class ActivityPanel {
  readonly #rows = new KeyedList<Moving, UploadRow>(
    need("running"),
    (upload) => upload.uploadId,
    () => new UploadRow(),
  );
  readonly #onFigures: (received: ReadonlyMap<string, number>) => void;
  #wanted = false;
  /** Whether figures are asked for, as nobody tells them. */
  #isAsking = false;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Activity | null = null;

  /** `onFigures` is told what running uploads have received, by upload id. */
  constructor(onFigures: (received: ReadonlyMap<string, number>) => void = () => undefined) {
    this.#onFigures = onFigures;
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  /** Shows figures that are told, until `stop`. */
  start(): void {
    this.#wanted = true;
  }

  stop(): void {
    this.#wanted = false;
    this.#isAsking = false;
    this.#follow();
  }

  /** Shows figures that the desk's stream has told. */
  told(data: string): void {
    if (this.#isAsking) {
      this.#isAsking = false;
      this.#follow();
    }
    if (this.#wanted) this.show(parseActivity(JSON.parse(data)));
  }

  /** Asks for them while somebody looks, until they are told again. */
  ask(): void {
    if (this.#isAsking || !this.#wanted) return;
    this.#isAsking = true;
    this.#follow();
  }

  show(activity: Activity): void {
    const moving = withSpeeds(activity, this.#last);
    setText(need("activity-uploads"), uploadWords(activity, moving, this.#last));
    this.#last = activity;
    this.#rows.show(moving);
    this.#onFigures(new Map(moving.map(({ uploadId, received }) => [uploadId, received])));
    const { totalBytes, freeBytes, availableBytes } = activity.disk;
    const used = totalBytes === 0 ? 0 : (100 * (totalBytes - freeBytes)) / totalBytes;
    showGauge("disk", used, availableBytes > 0 ? 100 : 0, diskWords(activity.disk));
    showHead(activity.disk, used);
    const { memoryPercent, memoryMaxPercent } = activity;
    showGauge("memory", memoryPercent, memoryMaxPercent, memoryWords(activity));
    const more = need("activity-more");
    setText(more, moreWords(activity));
    more.hidden = more.textContent === "";
    const notes = need("activity-notes");
    setText(notes, sentences(...activity.notes.map(({ code, sentence }) => errorSentence(code) ?? sentence)));
    notes.hidden = activity.notes.length === 0;
    need("activity").hidden = false;
  }

  #follow(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#last = null;
    if (this.#isAsking && !document.hidden && typeof EventSource !== "undefined") this.#listen();
  }

  #listen(): void {
    const source = new EventSource(EVENTS);
    this.#source = source;
    source.onmessage = ({ data }) => this.show(parseActivity(JSON.parse(String(data))));
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      this.#timer = setTimeout(() => this.#follow(), COME_BACK_MS);
    };
  }
}

/** From so much on, an owner should think of making room. */
const SCARCE_PERCENT = 90;

/** Quiet at the top of the page, and in colour where it gets scarce. */
function showHead(disk: DiskFigures, used: number): void {
  const words = diskShort(disk);
  for (const id of ["disk-figure", "activity-short"]) {
    const figure = need(id);
    setText(figure, words);
    figure.classList.toggle("soon", used >= SCARCE_PERCENT && disk.availableBytes > 0);
    figure.classList.toggle("late", disk.availableBytes <= 0);
  }
  setAttribute(need("disk-figure"), "title", diskWords(disk));
  need("disk-figure").hidden = false;
}

/** "41 GB used · 63 GB free" */
export function diskShort({ totalBytes, freeBytes }: DiskFigures): string {
  return t("disk_short", { used: formatBytes(totalBytes - freeBytes), free: formatBytes(freeBytes) });
}

/** Red where `percent` is more than `most`. */
function showGauge(id: string, percent: number, most: number, words: string): void {
  const meter = need(id, HTMLMeterElement);
  meter.value = percent;
  meter.high = most;
  meter.optimum = 0;
  setText(need(`${id}-words`), words);
}

class UploadRow implements KeyedRow<Moving> {
  readonly element = clonedElement("running-upload");
  readonly #name = part(this.element, "name", HTMLElement);
  readonly #bar = part(this.element, "bar", HTMLProgressElement);
  readonly #words = part(this.element, "words", HTMLElement);

  show(upload: Moving): void {
    const name = visibleName(upload.path);
    setText(this.#name, name);
    this.#bar.max = Math.max(1, upload.size);
    this.#bar.value = upload.received;
    this.#bar.setAttribute("aria-label", name);
    setText(this.#words, progressWords(upload));
  }
}

export function withSpeeds({ at, uploads }: Activity, last: Activity | null): Moving[] {
  const before = new Map(last?.uploads.map((each) => [each.uploadId, each.received]));
  const seconds = last === null ? 0 : at - last.at;
  return uploads.map((upload) => {
    const then = before.get(upload.uploadId);
    const speed = then === undefined || seconds <= 0 ? 0 : Math.max(0, upload.received - then) / seconds;
    return { ...upload, speed };
  });
}

/** "3 of 20 uploads · 2 waiting · 84 MB/s" */
export function uploadWords(activity: Activity, moving: readonly Moving[], last: Activity | null): string {
  const { running, places, waiting } = activity;
  if (running === 0 && waiting === 0) return smallWords(activity, last);
  const speed = moving.reduce((sum, each) => sum + each.speed, 0);
  return joined(
    t("uploads_at_once", { running, count: places }),
    waiting > 0 ? t("waiting", { count: waiting }) : "",
    speed > 0 ? formatSpeed(speed) : "",
  );
}

/** Small files take no place among the uploads: that they come is seen from what has come. */
function smallWords({ at, received }: Activity, last: Activity | null): string {
  const seconds = last === null ? 0 : at - last.at;
  if (last === null || seconds <= 0 || received.bytes <= last.received.bytes) return t("nothing_arriving");
  const files = Math.round((received.files - last.received.files) / seconds);
  const bytes = Math.round((received.bytes - last.received.bytes) / seconds);
  return joined(
    t("small_arriving"),
    files > 0 ? t("files_a_second", { count: files }) : "",
    // Of a note of ten bytes there is nothing more to say.
    bytes > 0 ? formatSpeed(bytes) : "",
  );
}

/** "42% · 168 of 400 MB · 21 of 50 chunks · 12 MB/s" */
export function progressWords({ received, size, chunks, totalChunks, speed }: Moving): string {
  return joined(
    formatPercent(received, size),
    t("bytes_of", { done: formatBytes(received), size: formatBytes(size) }),
    t("chunks_of", { done: chunks, count: totalChunks }),
    speed > 0 ? formatSpeed(speed) : "",
  );
}

export function diskWords(disk: DiskFigures): string {
  const { totalBytes, freeBytes, availableBytes, receivedBytes, binBytes } = disk;
  const facts = joined(
    t("disk_received", { size: formatBytes(receivedBytes) }),
    binBytes > 0 ? t("disk_bin", { size: formatBytes(binBytes) }) : "",
    t("disk_free", { free: formatBytes(freeBytes), size: formatBytes(totalBytes) }),
  );
  return availableBytes > 0 ? facts : t("disk_full", { facts });
}

/** Nothing is foretold: how fast memory fills is mostly what else the machine does. */
export function memoryWords({ memoryPercent, memoryMaxPercent, limitBytes }: Activity): string {
  const percent = formatPercent(Math.round(memoryPercent), 100);
  const facts = t("memory_used", { percent, size: formatBytes(limitBytes) });
  return memoryPercent >= memoryMaxPercent ? t("memory_full", { facts }) : facts;
}

/** What is worth a line only where there is something to say. */
export function moreWords({ disk, reservedBytes, buffers, passingOn, refusals }: Activity): string {
  const words: string[] = [];
  if (disk.promisedBytes > 0) words.push(t("promised", { size: formatBytes(disk.promisedBytes) }));
  if (reservedBytes > 0) words.push(t("set_aside", { size: formatBytes(reservedBytes) }));
  if (buffers !== null && buffers.heldBytes > 0)
    words.push(t("buffers", { count: buffers.inUse, size: formatBytes(buffers.heldBytes) }));
  if (passingOn !== null) words.push(...passingOnWords(passingOn));
  if (refusals > 0) words.push(t("refusals", { count: refusals }));
  return joined(...words);
}

/** "passing on 3 files: 2 arriving, 1 failed, 40 MB left", or nothing */
function passingOnWords({ bytes_left: left = 0, ...states }: Readonly<Record<string, number>>): string[] {
  const files = Object.values(states).reduce((sum, each) => sum + each, 0);
  if (files === 0) return [];
  const parts = Object.entries(states).filter(([, count]) => count > 0);
  const words = parts.flatMap(([state, count]) => {
    const key = `passing_${state}`;
    return isKey(key) ? [t(key, { count })] : [];
  });
  words.push(t("passing_left", { size: formatBytes(left) }));
  return [t("passing_on", { count: files, states: formatList(words) })];
}
