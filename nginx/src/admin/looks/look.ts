// Looking at one file after the other, over the page. Loaded when somebody looks for the first time.

import { make, makeButton, setText } from "../../page/dom";
import { downloadUrl } from "../api";
import { formatBytes } from "../format";
import { t } from "../i18n";
import { visibleName } from "../visible";
import { errorWords } from "../words";
import "./look.css";
import { isAborted, LookApi } from "./look-api";
import { fill, problem } from "./views";

export interface LookedAt {
  readonly uploadId: string;
  readonly path: string;
  readonly size: number;
}

export interface LookPorts<File extends LookedAt> {
  readonly hash: string;
  /** The file before or behind one in its list; null where there is none. */
  readonly beside: (file: File, step: 1 | -1) => File | null | Promise<File | null>;
  /** It is over, and this is the file that was looked at last: where the focus goes. */
  readonly closed: (file: File) => void;
  /** The calls by which rows have asked, so that what these know is not asked for again. */
  readonly api?: LookApi;
}

export class Look<File extends LookedAt> {
  readonly #ports: LookPorts<File>;
  readonly #api: LookApi;
  readonly #dialog = make("dialog", { className: "look" });
  readonly #name = make("bdi");
  readonly #size = make("span", { className: "quiet small" });
  readonly #stage = make("section", { className: "look-stage" });
  readonly #download = make("a", { className: "button slim", text: t("download") });
  readonly #full = make("a", { className: "button slim", text: t("full_size") });
  readonly #before = makeButton(t("previous"), "slim", () => void this.#go(-1));
  readonly #behind = makeButton(t("next"), "slim", () => void this.#go(1));
  #file: File | null = null;
  #ending = new AbortController();

  constructor(ports: LookPorts<File>) {
    this.#ports = ports;
    this.#api = ports.api ?? new LookApi(ports.hash);
    const title = make("h2", {}, this.#name);
    title.id = "look-title";
    // Who does not see the file hears which one it is.
    title.setAttribute("aria-live", "polite");
    const close = makeButton(t("close"), "slim", () => this.#dialog.close());
    const acts = make(
      "div",
      { className: "look-acts" },
      this.#before,
      this.#behind,
      this.#full,
      this.#download,
    );
    const head = make("div", { className: "look-title" }, title, this.#size);
    this.#dialog.append(make("header", { className: "look-head" }, head, acts, close), this.#stage);
    this.#dialog.setAttribute("aria-labelledby", title.id);
    this.#stage.setAttribute("aria-label", t("the_file"));
    this.#stage.tabIndex = 0;
    this.#full.target = "_blank";
    this.#full.rel = "noopener";
    this.#dialog.addEventListener("keydown", (event) => this.#onKey(event));
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  /** Shows a file, over everything. */
  open(file: File): void {
    if (!this.#dialog.isConnected) document.body.append(this.#dialog);
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#show(file);
    this.#stage.focus();
  }

  async #show(file: File): Promise<void> {
    this.#ending.abort();
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    this.#file = file;
    const name = visibleName(file.path);
    setText(this.#name, name);
    setText(this.#size, formatBytes(file.size));
    this.#download.href = downloadUrl(this.#ports.hash, file.path);
    this.#download.download = "";
    this.#full.hidden = true;
    this.#stage.dataset.look = "";
    this.#stage.scrollTop = 0;
    this.#stage.replaceChildren(make("p", { className: "look-wait quiet", text: t("loading") }));
    void this.#tellEnds(file, signal);
    try {
      const described = await this.#api.describe(file.uploadId, signal);
      this.#stage.dataset.look = described.kind;
      this.#full.hidden = described.kind !== "picture" || described.type === "";
      this.#full.href = this.#api.contentUrl(file.uploadId);
      await fill(this.#stage, this.#api, { ...file, name }, described, signal);
    } catch (error) {
      if (isAborted(error) || signal.aborted) return;
      this.#stage.dataset.look = "none";
      this.#full.hidden = true;
      this.#stage.replaceChildren(problem(errorWords(error)));
    }
  }

  /** A button that is disabled would lose the focus: what leads nowhere says so and does nothing. */
  async #tellEnds(file: File, signal: AbortSignal): Promise<void> {
    for (const [button, step] of [[this.#before, -1] as const, [this.#behind, 1] as const]) {
      const beside = await this.#ports.beside(file, step);
      if (signal.aborted) return;
      button.setAttribute("aria-disabled", String(beside === null));
    }
  }

  async #go(step: 1 | -1): Promise<void> {
    const from = this.#file;
    if (from === null) return;
    const beside = await this.#ports.beside(from, step);
    // Somebody was quicker.
    if (beside === null || this.#file !== from || !this.#dialog.open) return;
    await this.#show(beside);
  }

  #onKey(event: KeyboardEvent): void {
    const { key, target } = event;
    // What plays knows these keys itself.
    if (
      target instanceof HTMLMediaElement ||
      event.altKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey
    )
      return;
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    event.preventDefault();
    const isBack = (key === "ArrowLeft") === (getComputedStyle(this.#dialog).direction === "ltr");
    void this.#go(isBack ? -1 : 1);
  }

  #closed(): void {
    this.#ending.abort();
    this.#stage.replaceChildren();
    const file = this.#file;
    this.#file = null;
    if (file !== null) this.#ports.closed(file);
  }
}
