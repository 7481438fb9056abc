// The memory of what was sent from here: loaded where there is one, or once there is something to remember.

import type { UploadItem } from "../utils/upload-manager";
import type { Visit, VisitNeeds } from "./visit";

export class LateVisit {
  readonly #needs: VisitNeeds;
  #visit: Promise<Visit> | null = null;

  constructor(needs: VisitNeeds) {
    this.#needs = needs;
    if (remembers(needs.hash)) this.#load().catch(this.#failed);
  }

  /** It may have arrived, or been taken back. */
  follow(item: UploadItem): void {
    if (item.state !== "done" && this.#visit === null) return;
    // Without it, offline perhaps, the page does all else.
    this.#load().then((visit) => visit.follow(item), this.#failed);
  }

  readonly #failed = (): void => {
    this.#visit = null;
  };

  #load(): Promise<Visit> {
    this.#visit ??= import("./visit").then(({ Visit }) => new Visit(this.#needs));
    return this.#visit;
  }
}

function remembers(hash: string): boolean {
  try {
    return localStorage.getItem(`droppr_sent_${hash}`) !== null;
  } catch {
    return false;
  }
}
