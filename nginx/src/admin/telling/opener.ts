// Opens the panel about messages, which is loaded then.

import { need } from "../../page/dom";
import type { OwnerApi } from "../api";
import { loadWords } from "../i18n";
import { show } from "../parts";
import { errorWords } from "../words";
import type { TellingPanel, TellingPorts, ToldLink } from "./panel";

export class TellingOpener {
  readonly #api: Pick<OwnerApi, "raw">;
  readonly #ports: TellingPorts;
  #panel: Promise<TellingPanel> | null = null;

  constructor(api: Pick<OwnerApi, "raw">, ports: TellingPorts) {
    this.#api = api;
    this.#ports = ports;
  }

  /** About one link, or about all that are in reach. */
  async open(link: ToldLink | null): Promise<void> {
    try {
      this.#panel ??= Promise.all([import("./panel"), loadWords("telling")]).then(
        ([{ TellingPanel }]) => new TellingPanel(this.#api, this.#ports),
      );
      await (await this.#panel).open(link);
    } catch (error) {
      // Offline perhaps: the next click asks again.
      this.#panel = null;
      show(need("trouble"), errorWords(error));
    }
  }
}
