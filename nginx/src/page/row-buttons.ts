// What can be done with one file: a button for each, made when it is first needed. Most rows never need most of them, and a
// long list that is scrolled makes many rows.

import { mayPass } from "../core/errors";
import type { Key } from "../messages/types";
import type { UploadItem } from "../utils/upload-manager";
import { make, makeIconButton, setHidden, setLabel, setText } from "./dom";
import { t } from "./i18n";

export interface ButtonActions {
  readonly cancel: (item: UploadItem) => void;
  readonly retry: (item: UploadItem) => void;
  readonly pause: (item: UploadItem) => void;
  readonly resume: (item: UploadItem) => void;
  /** Takes back what has arrived, or thinks better of it. */
  readonly undo: (item: UploadItem) => void;
  readonly toggle: (item: UploadItem) => void;
  /** Moves the file in the queue by so many places. */
  readonly move: (item: UploadItem, by: number) => void;
  /** Whether a file that has arrived may still be taken back. */
  readonly mayUndo: (item: UploadItem) => boolean;
  /** Whether what waits goes by itself when its turn comes, rather than once the person says so. */
  readonly isGoing: () => boolean;
  /** Whether it is about to be taken back. */
  readonly isLeaving: (item: UploadItem) => boolean;
}

interface Kind {
  readonly icon: string;
  readonly label?: Key;
  /** Stands beside the drawing; the label then is these words and the file. */
  readonly words?: (item: UploadItem, actions: ButtonActions) => Key;
  readonly shown: (item: UploadItem, actions: ButtonActions) => boolean;
  readonly act: (item: UploadItem, actions: ButtonActions) => void;
}

/** In the order in which they stand in the row. */
const KINDS = {
  grip: {
    icon: "grip",
    label: "move_item",
    shown: ({ state }) => state === "waiting",
    act: () => undefined,
  },
  pause: {
    icon: "pause",
    label: "pause_item",
    // Before anything goes there is nothing to hold up.
    shown: ({ state }, { isGoing }) => state === "sending" || (state === "waiting" && isGoing()),
    act: (item, { pause }) => pause(item),
  },
  resume: {
    icon: "play",
    label: "resume_item",
    shown: ({ state }) => state === "paused",
    act: (item, { resume }) => resume(item),
  },
  retry: {
    icon: "retry",
    label: "retry_item",
    shown: ({ state, cancelling, error }) =>
      (state === "failed" || state === "cancelled") && !cancelling && (error === null || mayPass(error)),
    act: (item, { retry }) => retry(item),
  },
  undo: {
    icon: "undo",
    // One button for both, so that a second click in the same place undoes the first.
    words: (item, { isLeaving }) => (isLeaving(item) ? "undo" : "take_back"),
    shown: (item, { mayUndo, isLeaving }) => item.state === "done" && (isLeaving(item) || mayUndo(item)),
    act: (item, { undo }) => undo(item),
  },
  details: {
    icon: "more",
    label: "details_item",
    shown: hasDetails,
    act: (item, { toggle }) => toggle(item),
  },
  cancel: {
    icon: "close",
    label: "cancel_item",
    shown: ({ state }) => state !== "done" && state !== "cancelled" && state !== "finishing",
    act: (item, { cancel }) => cancel(item),
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type ButtonName = keyof typeof KINDS;

/** Only of what is under way there is more to see. */
export function hasDetails({ state }: UploadItem): boolean {
  return state === "sending" || state === "paused" || state === "finishing";
}

export class RowButtons {
  /** Stands at the end of the row; the grip stands at its beginning. */
  readonly element = make("div", { className: "file-actions" });
  readonly #made = new Map<ButtonName, HTMLButtonElement>();
  readonly #actions: ButtonActions;
  readonly #row: HTMLElement;
  /** The one that was painted last. */
  #item!: UploadItem;

  constructor(actions: ButtonActions, row: HTMLElement) {
    this.#actions = actions;
    this.#row = row;
  }

  paint(item: UploadItem, open: boolean): void {
    this.#item = item;
    let before: HTMLButtonElement | null = null;
    for (const name of Object.keys(KINDS) as ButtonName[]) {
      const { shown }: Kind = KINDS[name];
      const show = shown(item, this.#actions);
      const button: HTMLButtonElement | undefined =
        this.#made.get(name) ?? (show ? this.#make(name, before) : undefined);
      if (button === undefined) continue;
      setHidden(button, !show);
      if (show) this.#name(name, button);
      if (name === "details") button.setAttribute("aria-expanded", String(open));
      if (name !== "grip") before = button;
    }
  }

  focus(name: ButtonName): void {
    this.#made.get(name)?.focus();
  }

  #name(name: ButtonName, button: HTMLButtonElement): void {
    const { path, state } = this.#item;
    const { label = "cancel_item", words }: Kind = KINDS[name];
    if (words !== undefined) {
      const said = t(words(this.#item, this.#actions));
      setText(button.lastElementChild as HTMLElement, said);
      setLabel(button, `${said}: ${path}`);
    } else setLabel(button, t(name === "cancel" && state === "failed" ? "remove_item" : label, { path }));
  }

  #make(name: ButtonName, before: HTMLButtonElement | null): HTMLButtonElement {
    const { icon, act, words }: Kind = KINDS[name];
    const button = makeIconButton(icon, () => act(this.#item, this.#actions));
    if (words !== undefined) button.append(make("span"));
    this.#made.set(name, button);
    if (name === "details") button.classList.add("expander");
    if (name === "grip") {
      this.#movable(button);
      this.#row.prepend(button);
    } else if (before === null) this.element.prepend(button);
    else before.after(button);
    return button;
  }

  #movable(grip: HTMLButtonElement): void {
    grip.classList.add("grip");
    grip.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      // The list itself must not take it for "go to the next file".
      event.stopPropagation();
      this.#actions.move(this.#item, by);
    });
  }
}
