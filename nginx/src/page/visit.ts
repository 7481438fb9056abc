// What this visit sends is remembered in this browser, and what earlier ones sent is shown.

import type { Clock } from "../ports";
import type { UploadItem } from "../utils/upload-manager";
import type { LinkApi } from "./link-api";
import type { SenderForm } from "./sender-form";
import { SentStore } from "./sent-store";

export interface VisitNeeds {
  readonly hash: string;
  readonly senderForm: SenderForm;
  readonly api: LinkApi;
  readonly clock: Clock;
  readonly say: (words: string) => void;
  readonly onProblem: (words: () => string) => void;
}

const SAVE_EVERY_MS = 1_000;

export class Visit {
  readonly #needs: VisitNeeds;
  readonly #store: SentStore;
  readonly #began: number;
  readonly #arrived = new Map<number, UploadItem>();
  #dirty = false;

  constructor(needs: VisitNeeds) {
    this.#needs = needs;
    this.#store = new SentStore(needs.hash);
    this.#began = needs.clock.now();
    const { name, email } = this.#store.load(this.#began);
    needs.senderForm.fill(name, email);
    addEventListener("pagehide", () => this.#save());
    setInterval(() => this.#save(), SAVE_EVERY_MS);
    void this.#showEarlier();
  }

  /** It may have arrived, or been taken back. */
  follow(item: UploadItem): void {
    const is = item.state === "done" && item.uploadId !== null;
    if (!is && !this.#arrived.delete(item.id)) return;
    if (is) this.#arrived.set(item.id, item);
    this.#dirty = true;
  }

  keepSender(): void {
    this.#dirty = true;
  }

  async #showEarlier(): Promise<void> {
    if (this.#store.load(this.#began).batches.length === 0) return;
    // Without it, offline perhaps, the page does all else.
    const loaded = await import("./earlier").catch(() => null);
    if (loaded === null) return;
    const onForgotten = (): void => this.#forget();
    new loaded.Earlier({ ...this.#needs, store: this.#store, visit: this.#began, onForgotten });
  }

  #forget(): void {
    this.#arrived.clear();
    this.#dirty = false;
  }

  #save(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    const now = this.#needs.clock.now();
    const files = [...this.#arrived.values()].map(({ path, file, uploadId, removableUntil }) => ({
      path,
      size: file.size,
      id: uploadId ?? "",
      until: removableUntil,
    }));
    this.#store.put(now, { at: this.#began, files });
    const { senderName: name, senderEmail: email } = this.#needs.senderForm;
    this.#store.change(now, (sent) => ({ ...sent, name: name || sent.name, email: email || sent.email }));
  }
}
