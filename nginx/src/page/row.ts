// One file in the list.

import { mayPass } from "../core/errors";
import type { UploadStats } from "../utils/parallel-upload";
import type { UploadItem } from "../utils/upload-manager";
import { make, makeButton, setText } from "./dom";
import { formatBytes, formatPercent, formatSpeed, formatTimeLeft } from "./format";
import { reasonFor } from "./reasons";

export interface RowActions {
  readonly cancel: (item: UploadItem) => void;
  readonly retry: (item: UploadItem) => void;
}

export class Row {
  readonly element: HTMLLIElement;
  readonly #bar: HTMLProgressElement;
  readonly #state: HTMLElement;
  readonly #retry: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;

  constructor(item: UploadItem, actions: RowActions) {
    const name = make("span", { text: item.path });
    const size = make("span", { className: "file-size", text: ` ${formatBytes(item.file.size)}` });
    this.#bar = make("progress");
    this.#bar.max = 1;
    this.#bar.setAttribute("aria-label", `Progress of ${item.path}`);
    this.#state = make("div", { className: "file-state" });
    this.#retry = makeButton("Try again", "slim", () => actions.retry(item));
    this.#retry.setAttribute("aria-label", `Try again to send ${item.path}`);
    this.#cancel = makeButton("Cancel", "slim", () => actions.cancel(item));
    const heading = make("div", { className: "file-name" }, name, size);
    const buttons = make("div", { className: "file-actions" }, this.#retry, this.#cancel);
    this.element = make("li", { className: "file" }, heading, buttons, this.#bar, this.#state);
  }

  remove(): void {
    this.element.remove();
  }

  paint(item: UploadItem, stats: UploadStats | null): void {
    const { state, loaded, file, error } = item;
    this.element.className = `file ${state}`;
    const ended = state === "failed" || state === "cancelled";
    this.#retry.hidden = !ended || (error !== null && !mayPass(error));
    this.#cancel.hidden = state === "done" || state === "cancelled";
    setText(this.#cancel, state === "failed" ? "Remove" : "Cancel");
    this.#cancel.setAttribute("aria-label", `${this.#cancel.textContent} ${item.path}`);
    this.#bar.hidden = state !== "sending";
    this.#bar.value = file.size === 0 ? 0 : loaded / file.size;
    setText(this.#state, wordsFor(item, stats));
  }
}

function wordsFor({ state, loaded, file, error }: UploadItem, stats: UploadStats | null): string {
  if (state === "waiting") return "Waiting";
  if (state === "done") return "Arrived";
  if (state === "cancelled") return "Cancelled";
  if (state === "failed") return reasonFor(error);
  if (stats?.stuck) return `${formatPercent(loaded, file.size || 1)} · connection trouble, trying again…`;
  if (stats === null || stats.totalChunks === 0) return "Starting…";
  if (loaded >= file.size) return "All sent, the server is finishing…";
  return [formatPercent(loaded, file.size), ...pace(stats)].join(" · ");
}

interface Pace {
  readonly speed: number;
  readonly eta: number;
  readonly stuck: boolean;
}

/** Speed and time left, where something moves. */
export function pace({ speed, eta, stuck }: Pace): string[] {
  if (stuck) return ["waiting for the connection…"];
  if (speed < 1) return [];
  return [formatSpeed(speed), formatTimeLeft(eta)].filter((words) => words !== "");
}
