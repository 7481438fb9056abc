// What lies over the page is closed by going back, as people do on a phone, and not left with the page below it. While a dialog is open
// the history has an entry more, of the same address; it goes with the dialog, however that is closed.

/** What marks the entry. */
interface Over {
  readonly over?: boolean;
}

/** Whether the entry that one is at stands for what lies over the page: what is gone to from there takes its place. */
export function isOver(state: unknown = history.state): boolean {
  return typeof state === "object" && state !== null && (state as Over).over === true;
}

/** Our own step back is on its way, and what waits for it. */
let going = false;
const waiting: (() => void)[] = [];

/** Goes on once the history is where the page is: at once, but just after something was closed. */
export function whenBack(task: () => void): void {
  if (going) waiting.push(task);
  else task();
}

export class BackCloses {
  /** Those that are open, the topmost last. */
  #open: HTMLDialogElement[] = [];
  /** Where one was when the first was opened. */
  #address = "";

  start(): void {
    // Of a page that was loaded again while something lay over it.
    if (isOver()) history.replaceState({ ...history.state, over: false }, "");
    new MutationObserver((changes) => this.#look(changes)).observe(document, {
      subtree: true,
      attributeFilter: ["open"],
    });
    // Before anybody else: who shows places has nothing to do with these.
    addEventListener("popstate", (event) => this.#went(event), { capture: true });
  }

  #look(changes: readonly MutationRecord[]): void {
    for (const { target } of changes) {
      if (!(target instanceof HTMLDialogElement)) continue;
      this.#open = this.#open.filter((each) => each !== target);
      if (target.open && target.matches(":modal")) this.#open.push(target);
    }
    this.#follow();
  }

  /** Has the history have the entry exactly while something is open. */
  #follow(): void {
    this.#open = this.#open.filter((each) => each.isConnected && each.open);
    if (going || isOver() === this.#open.length > 0) return;
    if (this.#open.length > 0) {
      this.#address = location.href;
      // Where one has scrolled to meanwhile stays.
      history.scrollRestoration = "manual";
      history.pushState({ ...history.state, over: true }, "");
    } else {
      going = true;
      history.back();
    }
  }

  #went(event: PopStateEvent): void {
    if (going) {
      going = false;
      event.stopImmediatePropagation();
      for (const task of waiting.splice(0)) task();
    } else if (this.#open.length > 0 && location.href === this.#address) {
      event.stopImmediatePropagation();
      this.#closeTopmost();
    } else for (const each of [...this.#open]) each.close();
    if (!isOver()) history.scrollRestoration = "auto";
    this.#follow();
  }

  /** As Escape does: who minds can prevent it. */
  #closeTopmost(): void {
    const dialog = this.#open.at(-1);
    if (dialog?.dispatchEvent(new Event("cancel", { cancelable: true }))) dialog.close();
  }
}
