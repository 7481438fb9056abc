// Has a file looked at; how that is done is loaded when somebody does for the first time.

import { loadWords } from "../i18n";
import type { Look, LookedAt, LookPorts } from "./look";

export interface LookerPorts<File extends LookedAt> extends LookPorts<File> {
  /** It cannot be loaded. */
  readonly failed: (error: unknown) => void;
}

export class Looker<File extends LookedAt> {
  readonly #ports: LookerPorts<File>;
  #look: Promise<Look<File>> | null = null;

  constructor(ports: LookerPorts<File>) {
    this.#ports = ports;
  }

  async open(file: File): Promise<void> {
    try {
      this.#look ??= Promise.all([import("./look"), loadWords("looks")]).then(
        ([{ Look }]) => new Look(this.#ports),
      );
      (await this.#look).open(file);
    } catch (error) {
      // Offline perhaps: the next click asks again.
      this.#look = null;
      this.#ports.failed(error);
    }
  }
}
