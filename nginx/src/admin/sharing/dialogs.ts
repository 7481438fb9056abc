// Opens the dialogs about a link's files; what they are made of is loaded when somebody asks for it first.

import type { OwnerApi } from "../api";
import { loadWords } from "../i18n";
import type { ReceivedFile } from "../wire";
import type { Renaming } from "./renaming";
import type { Shared, Sharing } from "./sharing";

export interface DialogPorts {
  readonly api: Pick<OwnerApi, "ask" | "tell">;
  readonly renamed: (file: ReceivedFile, path: string) => void;
  /** One of them cannot be loaded. */
  readonly failed: (error: unknown) => void;
}

export class Dialogs {
  readonly #hash: string;
  readonly #ports: DialogPorts;
  #sharing: Promise<Sharing> | null = null;
  #renaming: Promise<Renaming> | null = null;

  constructor(hash: string, ports: DialogPorts) {
    this.#hash = hash;
    this.#ports = ports;
  }

  async share(shared: Shared): Promise<void> {
    try {
      this.#sharing ??= Promise.all([import("./sharing"), loadWords("sharing")]).then(
        ([{ Sharing }]) => new Sharing(this.#hash, this.#ports.api),
      );
      (await this.#sharing).open(shared);
    } catch (error) {
      // Offline perhaps: the next click asks again.
      this.#sharing = null;
      this.#ports.failed(error);
    }
  }

  async rename(file: ReceivedFile): Promise<void> {
    try {
      const { api, renamed } = this.#ports;
      this.#renaming ??= Promise.all([import("./renaming"), loadWords("sharing")]).then(
        ([{ Renaming }]) => new Renaming(this.#hash, api, renamed),
      );
      (await this.#renaming).open(file);
    } catch (error) {
      this.#renaming = null;
      this.#ports.failed(error);
    }
  }
}
