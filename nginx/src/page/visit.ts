// What this visit sends is remembered in this browser, and what earlier ones sent is shown.

import type { Clock } from "../ports";
import type { UploadItem } from "../utils/upload-manager";
import { t } from "./i18n";
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
  readonly paint: () => void;
}

const SAVE_EVERY_MS = 1_000;

export class Visit {
  readonly #needs: VisitNeeds;
  readonly #store: SentStore;
  readonly #began: number;
  readonly #arrived = new Map<number, UploadItem>();
  /** Those of them that nobody has compared with what was sent before. */
  #fresh: UploadItem[] = [];
  readonly #again = new Set<UploadItem>();
  #dirty = false;

  constructor(needs: VisitNeeds) {
    this.#needs = needs;
    this.#store = new SentStore(needs.hash);
    this.#began = needs.clock.now();
    const { name, email } = this.#store.load(this.#began);
    needs.senderForm.fill(name, email);
    addEventListener("pagehide", () => this.#save());
    setInterval(() => {
      this.#save();
      void this.#compare();
    }, SAVE_EVERY_MS);
    void this.#showEarlier();
  }

  /** It may have arrived, or been taken back. */
  follow(item: UploadItem): void {
    const is = item.state === "done" && item.uploadId !== null;
    if (!is && !this.#arrived.delete(item.id)) return;
    if (is && !this.#arrived.has(item.id)) this.#fresh.push(item);
    if (is) this.#arrived.set(item.id, item);
    this.#dirty = true;
  }

  /** Whether an earlier visit has sent the very same bytes. */
  wasSentBefore(item: UploadItem): boolean {
    return this.#again.has(item);
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

  /** The server keeps both: it is for the person to know, who may take one back. */
  async #compare(): Promise<void> {
    if (this.#fresh.length === 0) return;
    const { clock, api, say, paint } = this.#needs;
    const batches = this.#store.load(clock.now()).batches.filter(({ at }) => at !== this.#began);
    const sizes = new Set(batches.flatMap(({ files }) => files.map(({ size }) => size)));
    const alike = this.#fresh.filter(({ file }) => file.size > 0 && sizes.has(file.size));
    this.#fresh = [];
    if (alike.length === 0) return;
    try {
      const { sentBefore } = await import("./again");
      for (const item of await sentBefore(alike, batches, api)) {
        this.#again.add(item);
        say(`${item.path}: ${t("sent_before")}`);
      }
      paint();
    } catch {
      // Nobody has asked: where it cannot be known, nothing is said.
    }
  }

  #forget(): void {
    this.#again.clear();
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
