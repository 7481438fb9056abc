// Taking back what has arrived, as long as the server lets it.

import type { Clock } from "../ports";
import type { UploadItem, UploadManager } from "../utils/upload-manager";
import { need, setHidden, setText } from "./dom";
import { formatTime } from "./format";
import { t } from "./i18n";
import type { LateApi } from "./late-api";
import { reasonFor } from "./reasons";
import { TakingBack } from "./taking-back";

interface Needs {
  readonly manager: UploadManager;
  readonly api: LateApi;
  readonly clock: Clock;
  readonly say: (words: string) => void;
  readonly onProblem: (words: () => string) => void;
  readonly paint: () => void;
}

export class Undoing {
  readonly #needs: Needs;
  readonly #leaving = new TakingBack<UploadItem>((item) => void this.#end(item));
  readonly #gone = new Set<UploadItem>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  readonly may = ({ state, removableUntil: until }: UploadItem): boolean =>
    state === "done" && until !== null && this.#needs.clock.now() < until;

  readonly isLeaving = (item: UploadItem): boolean => this.#leaving.has(item);

  readonly wasTakenBack = (item: UploadItem): boolean => this.#gone.has(item);

  /** Begins, or thinks better of it. */
  readonly toggle = (item: UploadItem): void => {
    // It has to be there when the page is left.
    this.#needs.api().catch(() => undefined);
    this.#leaving.toggle(item);
    this.#needs.say(`${item.path}: ${t(this.isLeaving(item) ? "taking_back" : "arrived")}`);
    this.#needs.paint();
  };

  /** It is sent after all. */
  startOver(item: UploadItem): void {
    this.#gone.delete(item);
  }

  /** Tells until when all of these that can be taken back still can. */
  paint(items: readonly UploadItem[]): void {
    const end = items.reduce(
      (first, item) => (this.may(item) ? Math.min(first, item.removableUntil ?? first) : first),
      Number.POSITIVE_INFINITY,
    );
    const line = need("take-back-until");
    setHidden(line, end === Number.POSITIVE_INFINITY);
    if (!line.hidden) setText(line, t("take_back_until", { time: formatTime(end) }));
  }

  async #end(item: UploadItem): Promise<void> {
    const { manager, api, say, onProblem, paint } = this.#needs;
    const { path } = item;
    try {
      await manager.undo(item, async (uploadId) => (await api()).takeBack(uploadId));
      this.#gone.add(item);
      say(`${path}: ${t("taken_back")}`);
    } catch (error) {
      onProblem(() => `${t("undo_failed", { path })} ${reasonFor(error)}`);
    }
    paint();
  }
}
