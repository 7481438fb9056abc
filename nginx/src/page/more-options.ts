// What most senders never need, behind "More options": a speed limit, a notice at the end, moving to another device.

import type { UploadManager } from "../utils/upload-manager";
import type { Begun } from "./begun";
import { need, setHidden, setText } from "./dom";
import { formatSpeed } from "./format";
import { onLanguage, t } from "./i18n";
import type { LinkApi } from "./link-api";
import { Notice } from "./notice";
import { reasonFor } from "./reasons";

/** Bytes per second; 0 is as fast as possible. */
const SPEEDS = [0, 0.25, 0.5, 1, 2, 5, 10, 25].map((mebibytes) => mebibytes * 1024 * 1024);

export interface OptionsNeeds {
  readonly api: LinkApi;
  readonly manager: UploadManager;
  readonly onHandedOver: (uploads: readonly Begun[]) => Promise<void>;
  readonly onProblem: (words: () => string) => void;
}

export class MoreOptions {
  readonly notice = new Notice();
  readonly #needs: OptionsNeeds;
  readonly #speed = need("speed-limit", HTMLSelectElement);
  readonly #move = need("move-device", HTMLButtonElement);
  readonly #code = need("code-input", HTMLInputElement);
  readonly #codeProblem = need("code-problem");

  constructor(needs: OptionsNeeds) {
    this.#needs = needs;
    this.#speed.append(...SPEEDS.map((speed) => new Option("", String(speed))));
    this.#speed.addEventListener("change", () => needs.manager.setSpeedLimit(Number(this.#speed.value)));
    this.#move.addEventListener("click", () => void this.#handOff());
    this.#paint();
    onLanguage(() => this.#paint());
  }

  /** Only what the server knows and has not finished can move. */
  paint(): void {
    setHidden(this.#move, this.#movable().length === 0);
  }

  /** Shows what another device was sending. */
  async open(code: string): Promise<void> {
    const wanted = code.trim().toUpperCase();
    setHidden(this.#codeProblem, true);
    try {
      const { handedOver } = await import("./begun");
      await this.#needs.onHandedOver(await handedOver(this.#needs.api, wanted));
      need("have-code", HTMLDetailsElement).open = false;
      this.#code.value = "";
    } catch {
      need("have-code", HTMLDetailsElement).open = true;
      this.#code.value = wanted;
      setHidden(this.#codeProblem, false);
      setText(this.#codeProblem, t("code_unknown"));
    }
  }

  #movable(): string[] {
    const open = this.#needs.manager.items.filter(({ state }) => state !== "done" && state !== "cancelled");
    return open.flatMap(({ uploadId }) => (uploadId === null ? [] : [uploadId]));
  }

  /** Two devices must not send the same file at once: here everything stops. */
  async #handOff(): Promise<void> {
    this.#needs.manager.pauseAll();
    try {
      const { moveToDevice } = await import("./device");
      await moveToDevice(this.#needs.api, this.#movable());
    } catch (error) {
      this.#needs.onProblem(() => reasonFor(error));
    }
  }

  #paint(): void {
    for (const option of this.#speed.options) {
      const speed = Number(option.value);
      option.text = speed === 0 ? t("speed_full") : t("speed_most", { speed: formatSpeed(speed) });
    }
  }
}
