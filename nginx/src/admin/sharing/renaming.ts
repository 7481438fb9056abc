// Giving a received file another name, or another folder of its link. Loaded when it is first asked for.

import type { OwnerApi } from "../api";
import { t } from "../i18n";
import { field, part, say, show, submits } from "../parts";
import { visibleName } from "../visible";
import type { ReceivedFile } from "../wire";
import { errorWords } from "../words";
import { OverPage } from "./over-page";
import { parseRenamed } from "./sharing-wire";
import "./sharing.css";

export class Renaming {
  readonly #page = new OverPage("renaming");
  readonly #form = part(this.#page.element, "form", HTMLFormElement);
  readonly #path = field(this.#form, "path", HTMLInputElement);
  readonly #problem = part(this.#page.element, "problem", HTMLElement);
  readonly #hash: string;
  readonly #api: Pick<OwnerApi, "ask">;
  readonly #renamed: (file: ReceivedFile, path: string) => void;
  #file: ReceivedFile | null = null;

  /** `renamed` is told what a file is called now. */
  constructor(hash: string, api: Pick<OwnerApi, "ask">, renamed: (file: ReceivedFile, path: string) => void) {
    this.#hash = hash;
    this.#api = api;
    this.#renamed = renamed;
    submits(this.#form, () => this.#rename());
  }

  open(file: ReceivedFile): void {
    this.#file = file;
    this.#path.value = file.path;
    show(this.#problem, "");
    this.#page.open();
    this.#path.focus();
    // The name without folder and ending, which is what one mostly wants to change.
    const start = file.path.lastIndexOf("/") + 1;
    const dot = file.path.lastIndexOf(".");
    this.#path.setSelectionRange(start, dot > start ? dot : file.path.length);
  }

  async #rename(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    show(this.#problem, "");
    try {
      const place = file.path.split("/").map(encodeURIComponent).join("/");
      const path = `/requests/${encodeURIComponent(this.#hash)}/files/${place}`;
      const body = { path: this.#path.value, upload_id: file.uploadId };
      const now = await this.#api.ask("PATCH", path, parseRenamed, body);
      this.#page.close();
      say(t("renamed", { name: visibleName(now) }));
      this.#renamed(file, now);
    } catch (error) {
      show(this.#problem, errorWords(error));
      this.#path.focus();
    }
  }
}
