// Progress where it is seen from another tab: in the title, and as a ring in the page's icon.

type Draw = (share: number) => string;

export class TabSign {
  readonly #icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  readonly #plain = this.#icon?.href ?? "";
  #title = document.title;
  #shown = "";
  /** Loaded when there is progress to draw; until then, and where that fails, the icon stays plain. */
  #ring: Draw | null = null;

  /** The page's own title, without progress. */
  set title(title: string) {
    this.#title = title;
    this.#shown = "";
  }

  /** `percent` as words, `share` from 0 to 1; null while nothing is being sent. */
  show(percent: string, share: number | null): void {
    const wanted = share === null ? "" : percent;
    if (wanted === this.#shown && document.title.endsWith(this.#title)) return;
    this.#shown = wanted;
    document.title = wanted === "" ? this.#title : `${wanted} · ${this.#title}`;
    if (share && this.#ring === null) this.#load();
    if (this.#icon !== null) this.#icon.href = (share !== null && this.#ring?.(share)) || this.#plain;
  }

  #load(): void {
    this.#ring = () => "";
    import("./ring").then(
      ({ ring }) => {
        this.#ring = ring;
        // Drawn with the next paint, also where that is of the same percent.
        this.#shown = "";
      },
      () => undefined,
    );
  }
}
