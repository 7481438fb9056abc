// A folder in the list: one row that opens. What is sent of it, and what failed and why, is told while it is closed, too.

import { mayPass } from "../core/errors";
import type { UploadItem } from "../utils/upload-manager";
import { make, makeButton, makeIcon, makeIconButton, setHidden, setLabel, setText } from "./dom";
import { type Entry, type Folder, isFolder, type Place, type Standing, standingOf } from "./folders";
import { formatBytes, formatPercent } from "./format";
import { joined, t } from "./i18n";
import { reasonFor } from "./reasons";
import { Bar, indent, insideOf, type RowActions } from "./row";

export interface FolderActions extends Pick<RowActions, "statsOf" | "isOffline" | "isGoing"> {
  readonly isFolderOpen: (folder: Folder) => boolean;
  readonly toggleFolder: (folder: Folder) => void;
  /** Opens it and goes to a file in it. */
  readonly goTo: (item: UploadItem) => void;
  readonly placeOf: (entry: Entry) => Place;
  /** Counts what happens to files: while it is the same, folders stand as they did. */
  readonly version: () => number;
  readonly forAll: Readonly<Record<Act, (files: readonly UploadItem[]) => void>>;
}

export type Act = "pause" | "resume" | "retry" | "cancel";

/** How long the second click that cancels a folder is waited for. */
const SURE_MS = 5_000;

export class FolderRow {
  readonly element = make("li", { className: "file folder" });
  readonly #open = make("button", { className: "folder-open" });
  readonly #name = make("span", { className: "file-name" });
  readonly #size = make("span", { className: "file-size" });
  readonly #state = make("span", { className: "file-state" });
  readonly #lost = makeButton("", "slim folder-lost", () => {
    const item = this.#standing.lost;
    if (item !== null) this.#actions.goTo(item);
  });
  readonly #bar = new Bar();
  readonly #buttons: Readonly<Record<Act, HTMLButtonElement>>;
  readonly #sure = make("span");
  readonly #actions: FolderActions;
  #folder!: Folder;
  #standing!: Standing;
  #version = -1;
  #timer = 0;

  constructor(actions: FolderActions) {
    this.#actions = actions;
    this.#buttons = {
      pause: this.#button("pause", "pause"),
      resume: this.#button("resume", "play"),
      retry: makeIconButton("retry", () => actions.forAll.retry(this.#again())),
      cancel: makeIconButton("close", () => this.#askTwice()),
    };
    this.#open.type = "button";
    this.#open.addEventListener("click", () => actions.toggleFolder(this.#folder));
    this.#name.dir = "auto";
    this.#open.append(this.#name, makeIcon("more"));
    const sign = make("span", { className: "file-sign" });
    sign.append(makeIcon("folder"));
    const about = make("div", { className: "file-about" }, this.#size, this.#state);
    const text = make("div", { className: "file-text" }, this.#open, about, this.#lost);
    const buttons = make("div", { className: "file-actions" }, ...Object.values(this.#buttons));
    this.element.append(sign, text, buttons, this.#bar.element);
  }

  fits(entry: Entry): boolean {
    return isFolder(entry);
  }

  paint(folder: Folder): void {
    const version = this.#actions.version();
    if (folder !== this.#folder || version !== this.#version) this.#standing = standingOf(folder.files);
    if (folder.id !== this.#folder?.id) this.#begin(folder);
    this.#folder = folder;
    this.#version = version;
    const standing = this.#standing;
    const place = this.#actions.placeOf(folder);
    const className = `file folder ${lookOf(standing)}${insideOf(place)}`;
    if (this.element.className !== className) this.element.className = className;
    if (place.depth > 0) indent(this.element, place);
    this.#open.setAttribute("aria-expanded", String(this.#actions.isFolderOpen(folder)));
    const { count, size, failed, lost, going, paused, safe, loaded } = standing;
    setText(this.#size, joined([t("files", { count: count || folder.files.length }), formatBytes(size)]));
    setText(this.#state, this.#words(standing));
    setHidden(this.#lost, failed === 0);
    if (lost !== null) setText(this.#lost, `${t("failed", { count: failed })} ${reasonFor(lost.error)}`);
    const moves = going + paused > 0 && (going > 0 || safe > 0);
    setHidden(this.#bar.element, !moves);
    if (moves) this.#bar.paint({ path: folder.path, size, safe, loaded });
    this.#paintButtons(folder, standing);
  }

  #begin({ id, name }: Folder): void {
    this.element.dataset.id = String(id);
    setText(this.#name, name.slice(0, -1));
    this.#ask(0);
  }

  #paintButtons(folder: Folder, { count, waiting, going, paused, lost, failed }: Standing): void {
    const path = folder.path.slice(0, -1);
    const { pause, resume, retry, cancel } = this.#buttons;
    setHidden(pause, going === 0 && (waiting === 0 || !this.#actions.isGoing()));
    setHidden(resume, paused === 0);
    setHidden(retry, waiting + going > 0 || (count > 0 && (lost === null || !mayTry(lost))));
    setHidden(cancel, waiting + going + paused + failed === 0);
    setLabel(pause, t("pause_item", { path }));
    setLabel(resume, t("resume_item", { path }));
    setLabel(retry, t("retry_item", { path }));
    setLabel(cancel, this.#timer === 0 ? t("cancel_item", { path }) : `${t("sure_cancel")} ${path}`);
  }

  #words(standing: Standing): string {
    const { count, waiting, going, paused, done, failed, safe, size, sends } = standing;
    const percent = formatPercent(safe, size || 1);
    if (count === 0) return t("cancelled");
    if (done === count) return t("arrived");
    const arrived = done === 0 ? [] : [t("total", { done, count })];
    if (going === 0) {
      if (paused > 0) return joined([t("paused"), ...(safe === 0 ? [] : [percent])]);
      return waiting > 0 && done + failed === 0 ? t("waiting") : joined(arrived);
    }
    return joined([percent, ...arrived, ...this.#now(sends)]);
  }

  /** Which file is being sent, where it is by itself: of those that go many at a time none stays long enough to be read. */
  #now(item: UploadItem | null): readonly string[] {
    if (this.#actions.isOffline()) return [t("no_line")];
    const stats = item && this.#actions.statsOf(item);
    if (item === null || stats === null) return [];
    return [stats.stuck ? t("trouble") : item.path.slice(item.path.lastIndexOf("/") + 1)];
  }

  /** What failed; what was cancelled only where all of it was. */
  #again(): readonly UploadItem[] {
    const wanted = this.#standing.count === 0 ? "cancelled" : "failed";
    return this.#folder.files.filter(({ state }) => state === wanted);
  }

  #button(act: Act, icon: string): HTMLButtonElement {
    return makeIconButton(icon, () => this.#actions.forAll[act](this.#folder.files));
  }

  /** As for all files: one click too many must not throw hours away. */
  #askTwice(): void {
    const sure = this.#timer !== 0;
    const calm = (): void => {
      this.#ask(0);
      this.#paintButtons(this.#folder, this.#standing);
    };
    this.#ask(sure ? 0 : Number(setTimeout(calm, SURE_MS)));
    this.#paintButtons(this.#folder, this.#standing);
    if (sure) this.#actions.forAll.cancel(this.#folder.files);
  }

  /** Asks whether all is to be cancelled until `timer` ends; 0 asks no more. */
  #ask(timer: number): void {
    clearTimeout(this.#timer);
    this.#timer = timer;
    const { cancel } = this.#buttons;
    cancel.classList.toggle("danger", timer !== 0);
    setText(this.#sure, t("sure_cancel"));
    if (timer === 0) this.#sure.remove();
    else cancel.append(this.#sure);
  }
}

function mayTry({ error }: UploadItem): boolean {
  return error === null || mayPass(error);
}

function lookOf({ count, waiting, going, paused, done, failed }: Standing): string {
  if (count === 0) return "cancelled";
  if (going > 0) return "sending";
  if (failed > 0) return "failed";
  if (paused > 0) return "paused";
  return waiting === 0 && done > 0 ? "done" : "waiting";
}
