// What the server is doing right now, as it tells it: uploads on their way, waiting ones, room on the disk, memory.

import { BASE } from "../page/base";
import { need, setText } from "../page/dom";
import { type Activity, type DiskFigures, parseActivity, type RunningUpload } from "./activity-wire";
import { countOf, formatBytes, formatPercent, formatSpeed } from "./format";
import { KeyedList, type KeyedRow } from "./keyed";
import { clonedElement, part } from "./parts";
import { visibleName } from "./visible";

const EVENTS = `${BASE}/api/v1/system/upload-events`;
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
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Activity | null = null;

  /** `onFigures` is told what running uploads have received, by upload id. */
  constructor(onFigures: (received: ReadonlyMap<string, number>) => void = () => undefined) {
    this.#onFigures = onFigures;
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  /** Shows figures while somebody looks, until `stop`. */
  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#follow();
  }

  stop(): void {
    this.#wanted = false;
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
    const { memoryPercent, memoryMaxPercent } = activity;
    showGauge("memory", memoryPercent, memoryMaxPercent, memoryWords(activity));
    const more = need("activity-more");
    setText(more, moreWords(activity));
    more.hidden = more.textContent === "";
    const notes = need("activity-notes");
    setText(notes, activity.notes.join(" "));
    notes.hidden = activity.notes.length === 0;
    need("activity").hidden = false;
  }

  #follow(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#last = null;
    if (this.#wanted && !document.hidden) this.#listen();
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
  const words = [`${running} of ${countOf(places, "upload")} at once`];
  if (waiting > 0) words.push(`${waiting} waiting`);
  if (speed > 0) words.push(formatSpeed(speed));
  return words.join(" · ");
}

/** Small files take no place among the uploads: that they come is seen from what has come. */
function smallWords({ at, received }: Activity, last: Activity | null): string {
  const seconds = last === null ? 0 : at - last.at;
  if (last === null || seconds <= 0 || received.bytes <= last.received.bytes) return "Nothing is arriving.";
  const words = ["Small files are arriving"];
  const files = Math.round((received.files - last.received.files) / seconds);
  if (files > 0) words.push(`${countOf(files, "file")} a second`);
  words.push(formatSpeed((received.bytes - last.received.bytes) / seconds));
  return words.join(" · ");
}

/** "42% · 168 of 400 MB · 21 of 50 chunks · 12 MB/s" */
export function progressWords({ received, size, chunks, totalChunks, speed }: Moving): string {
  const words = [
    formatPercent(received, size),
    `${formatBytes(received)} of ${formatBytes(size)}`,
    `${chunks} of ${countOf(totalChunks, "chunk")}`,
  ];
  if (speed > 0) words.push(formatSpeed(speed));
  return words.join(" · ");
}

export function diskWords(disk: DiskFigures): string {
  const { totalBytes, freeBytes, availableBytes, receivedBytes, binBytes } = disk;
  const parts = [`${formatBytes(receivedBytes)} received`];
  if (binBytes > 0) parts.push(`${formatBytes(binBytes)} in the bin`);
  const free = [...parts, `${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)}`].join(" · ");
  return availableBytes > 0 ? free : `${free}. New uploads are refused until there is more.`;
}

/** Nothing is foretold: how fast memory fills is mostly what else the machine does. */
export function memoryWords({ memoryPercent, memoryMaxPercent, limitBytes }: Activity): string {
  const used = `${Math.round(memoryPercent)}% of ${formatBytes(limitBytes)}`;
  return memoryPercent >= memoryMaxPercent ? `${used}. New uploads wait until it is less.` : used;
}

/** What is worth a line only where there is something to say. */
export function moreWords({ disk, reservedBytes, buffers, passingOn, refusals }: Activity): string {
  const words: string[] = [];
  if (disk.promisedBytes > 0)
    words.push(`${formatBytes(disk.promisedBytes)} of the disk promised to uploads on their way`);
  if (reservedBytes > 0) words.push(`${formatBytes(reservedBytes)} of memory set aside for uploads`);
  if (buffers !== null && buffers.heldBytes > 0)
    words.push(`${countOf(buffers.inUse, "buffer")} in use, ${formatBytes(buffers.heldBytes)} held`);
  if (passingOn !== null) words.push(...passingOnWords(passingOn));
  if (refusals > 0) words.push(`asked to come back later since the start: ${countOf(refusals, "time")}`);
  return words.join(" · ");
}

/** "passing on 3 files: 2 arriving, 1 failed, 40 MB left", or nothing */
function passingOnWords({ bytes_left: left = 0, ...states }: Readonly<Record<string, number>>): string[] {
  const files = Object.values(states).reduce((sum, each) => sum + each, 0);
  if (files === 0) return [];
  const parts = Object.entries(states).filter(([, count]) => count > 0);
  const words = parts.map(([state, count]) => `${count} ${state}`);
  return [`passing on ${countOf(files, "file")}: ${words.join(", ")}, ${formatBytes(left)} left`];
}
