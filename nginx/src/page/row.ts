// One file in the list.

import { mayPass } from "../core/errors";
import type { UploadStats } from "../utils/parallel-upload";
import type { UploadItem } from "../utils/upload-manager";
import { make, makeIcon, makeIconButton, setHidden, setLabel, setText, showIcon } from "./dom";
import { formatBytes, formatPercent, formatSpeed, formatTimeLeft } from "./format";
import { t } from "./i18n";
import { reasonFor } from "./reasons";

export interface RowActions {
  readonly cancel: (item: UploadItem) => void;
  readonly retry: (item: UploadItem) => void;
  readonly pause: (item: UploadItem) => void;
  readonly resume: (item: UploadItem) => void;
  readonly undo: (item: UploadItem) => void;
  /** Moves the file in the queue by so many places. */
  readonly move: (item: UploadItem, by: number) => void;
  /** Whether a file that has arrived may still be taken back. */
  readonly mayUndo: (item: UploadItem) => boolean;
  readonly wasTakenBack: (item: UploadItem) => boolean;
  readonly statsOf: (item: UploadItem) => UploadStats | null;
  readonly isOffline: () => boolean;
  /** Fills and keeps up the part that is shown on demand. */
  readonly details: (item: UploadItem, box: HTMLElement) => void;
  readonly isOpen: (item: UploadItem) => boolean;
  readonly toggle: (item: UploadItem) => void;
}

const ICONS = {
  waiting: "file",
  sending: "up",
  finishing: "up",
  paused: "pause",
  done: "check",
  failed: "alert",
  cancelled: "close",
} as const;

type Action = "grip" | "details" | "pause" | "resume" | "retry" | "undo" | "cancel";

export class Row {
  readonly element: HTMLLIElement;
  readonly #sign = makeIcon("file");
  readonly #bar = make("progress");
  readonly #sent = make("span");
  readonly #track: HTMLElement;
  readonly #size = make("span", { className: "file-size" });
  readonly #state = make("span", { className: "file-state" });
  readonly #box = make("div", { className: "file-details" });
  readonly #buttons: Readonly<Record<Action, HTMLButtonElement>>;
  readonly #actions: RowActions;
  #item: UploadItem;

  constructor(item: UploadItem, actions: RowActions) {
    this.#item = item;
    this.#actions = actions;
    this.#buttons = this.#makeButtons();
    this.#bar.max = 1;
    this.#track = make("div", { className: "bar" }, this.#sent, this.#bar);
    const sign = make("span", { className: "file-sign" });
    sign.append(this.#sign);
    const about = make("div", { className: "file-about" }, this.#size, this.#state);
    const text = make("div", { className: "file-text" }, nameOf(item.path), about);
    const { grip, ...others } = this.#buttons;
    const buttons = make("div", { className: "file-actions" }, ...Object.values(others));
    this.element = make("li", { className: "file" }, grip, sign, text, buttons, this.#track, this.#box);
    this.element.dataset.id = String(item.id);
  }

  paint(item: UploadItem): void {
    this.#item = item;
    const taken = item.state === "cancelled" && this.#actions.wasTakenBack(item);
    const className = `file ${item.state}`;
    if (this.element.className !== className) this.element.className = className;
    showIcon(this.#sign, taken ? "undo" : ICONS[item.state]);
    this.#paintBar(item);
    this.#paintButtons(item);
    setText(this.#size, formatBytes(item.file.size));
    setText(this.#state, taken ? t("taken_back") : this.#words(item));
    const open = this.#actions.isOpen(item);
    setHidden(this.#box, !open);
    this.#buttons.details.setAttribute("aria-expanded", String(open));
    if (open) this.#actions.details(item, this.#box);
  }

  focus(action: Action): void {
    this.#buttons[action].focus();
  }

  #words(item: UploadItem): string {
    const { safe, file } = item;
    if (item.state !== "sending" || !this.#actions.isOffline())
      return wordsFor(item, this.#actions.statsOf(item));
    return `${formatPercent(safe, file.size || 1)} · ${t("no_line")}`;
  }

  #makeButtons(): Record<Action, HTMLButtonElement> {
    const button = (icon: string, act: (item: UploadItem) => void): HTMLButtonElement =>
      makeIconButton(icon, () => act(this.#item));
    const { toggle, pause, resume, retry, undo, cancel, move } = this.#actions;
    const grip = button("grip", () => undefined);
    grip.classList.add("grip");
    grip.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      // The list itself must not take it for "go to the next file".
      event.stopPropagation();
      move(this.#item, by);
    });
    const details = button("more", toggle);
    details.classList.add("expander");
    return {
      grip,
      pause: button("pause", pause),
      resume: button("play", resume),
      retry: button("retry", retry),
      undo: button("undo", undo),
      details,
      cancel: button("close", cancel),
    };
  }

  #paintBar({ state, file, safe, loaded, path }: UploadItem): void {
    const under = state === "sending" || state === "finishing" || (state === "paused" && safe > 0);
    setHidden(this.#track, !under);
    if (!under) return;
    setLabel(this.#bar, t("progress_of", { path }));
    const value = file.size === 0 ? 0 : safe / file.size;
    if (this.#bar.value !== value) this.#bar.value = value;
    this.#sent.style.inlineSize = `${file.size === 0 ? 0 : (loaded / file.size) * 100}%`;
  }

  #paintButtons(item: UploadItem): void {
    const { state, error, path } = item;
    const ended = state === "failed" || state === "cancelled";
    const shown: Record<Action, boolean> = {
      grip: state === "waiting",
      pause: state === "waiting" || state === "sending",
      resume: state === "paused",
      retry: ended && (error === null || mayPass(error)),
      undo: state === "done" && this.#actions.mayUndo(item),
      details: state === "sending" || state === "paused" || state === "finishing",
      cancel: state !== "done" && state !== "cancelled" && state !== "finishing",
    };
    for (const [name, button] of Object.entries(this.#buttons)) setHidden(button, !shown[name as Action]);
    setLabel(this.#buttons.grip, t("move_item", { path }));
    setLabel(this.#buttons.pause, t("pause_item", { path }));
    setLabel(this.#buttons.resume, t("resume_item", { path }));
    setLabel(this.#buttons.retry, t("retry_item", { path }));
    setLabel(this.#buttons.undo, t("undo_item", { path }));
    setLabel(this.#buttons.details, t("details_item", { path }));
    setLabel(this.#buttons.cancel, t(state === "failed" ? "remove_item" : "cancel_item", { path }));
  }
}

/** The folder stands back; of a name too long for the line the end stays, which tells files of one name apart. */
function nameOf(path: string): HTMLElement {
  const cut = path.lastIndexOf("/") + 1;
  const name = path.slice(cut);
  const letters = [...name];
  const tail = letters.length > 24 ? letters.slice(-10).join("") : "";
  const head = tail === "" ? name : letters.slice(0, -10).join("");
  const box = make("div", { className: "file-name" });
  if (cut > 0) box.append(make("span", { className: "file-folder", text: path.slice(0, cut) }));
  box.append(make("span", { className: "file-head", text: head }));
  if (tail !== "") box.append(make("span", { className: "file-tail", text: tail }));
  box.title = path;
  box.dir = "auto";
  return box;
}

function wordsFor({ state, safe, loaded, file, error }: UploadItem, stats: UploadStats | null): string {
  switch (state) {
    case "waiting":
      return t("waiting");
    case "paused":
      return safe === 0 ? t("paused") : `${t("paused")} · ${formatPercent(safe, file.size)}`;
    case "done":
      return t("arrived");
    case "cancelled":
      return t("cancelled");
    case "failed":
      return reasonFor(error);
    case "finishing":
      return t("finishing");
    case "sending":
      if (stats?.stuck) return `${formatPercent(safe, file.size || 1)} · ${t("trouble")}`;
      if (stats === null || (loaded === 0 && safe === 0)) return t("starting");
      return [formatPercent(safe, file.size), ...pace(stats)].join(" · ");
  }
}

interface Pace {
  readonly speed: number;
  readonly eta: number;
  readonly stuck: boolean;
}

/** Speed and time left, where something moves. */
export function pace({ speed, eta, stuck }: Pace): string[] {
  if (stuck) return [t("no_line")];
  if (speed < 1) return [];
  return [formatSpeed(speed), formatTimeLeft(eta)].filter((words) => words !== "");
}
