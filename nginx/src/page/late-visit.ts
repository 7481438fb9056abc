// The memory of what was sent from here: loaded where there is one, or once there is something to remember.

import type { UploadItem } from "../utils/upload-manager";
import type { LateApi } from "./late-api";
import type { Visit, VisitNeeds } from "./visit";

interface Needs extends Omit<VisitNeeds, "api"> {
  readonly api: LateApi;
}

export class LateVisit {
  readonly #needs: Needs;
  #visit: Promise<Visit> | null = null;
  #made: Visit | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
    if (remembers(needs.hash)) this.#load().catch(this.#failed);
  }

  /** It may have arrived, or been taken back. */
  follow(item: UploadItem): void {
    if (item.state !== "done" && this.#visit === null) return;
    // Without it, offline perhaps, the page does all else.
    this.#load().then((visit) => visit.follow(item), this.#failed);
  }

  readonly wasSentBefore = (item: UploadItem): boolean => this.#made?.wasSentBefore(item) ?? false;

  /** The person has said who sends: it need not be said again after a reload. */
  keepSender(): void {
    const { senderName, senderEmail } = this.#needs.senderForm;
    if (senderName || senderEmail) this.#load().then((visit) => visit.keepSender(), this.#failed);
  }

  readonly #failed = (): void => {
    this.#visit = null;
  };

  #load(): Promise<Visit> {
    this.#visit ??= this.#make();
    return this.#visit;
  }

  async #make(): Promise<Visit> {
    const [{ Visit }, api] = await Promise.all([import("./visit"), this.#needs.api()]);
    this.#made = new Visit({ ...this.#needs, api });
    return this.#made;
  }
}

function remembers(hash: string): boolean {
  try {
    return localStorage.getItem(`droppr_sent_${hash}`) !== null;
  } catch {
    return false;
  }
}
