// Progress where it is seen from another tab: in the title, and as a ring in the page's icon.

const SIZE = 32;

export class TabSign {
  readonly #icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  readonly #plain = this.#icon?.href ?? "";
  #title = document.title;
  #shown = "";

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
    if (this.#icon !== null) this.#icon.href = share === null ? this.#plain : ring(share) || this.#plain;
  }
}

/** A PNG as a data: URL, or nothing where the browser draws none. */
function ring(share: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = SIZE;
  canvas.height = SIZE;
  const pen = canvas.getContext("2d");
  if (pen === null) return "";
  const middle = SIZE / 2;
  const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent") || "teal";
  pen.lineWidth = 7;
  pen.strokeStyle = accent;
  const draw = (alpha: number, part: number): void => {
    pen.globalAlpha = alpha;
    pen.beginPath();
    pen.arc(middle, middle, middle - 4, -Math.PI / 2, (2 * part - 0.5) * Math.PI);
    pen.stroke();
  };
  draw(0.25, 1);
  draw(1, share);
  return canvas.toDataURL("image/png");
}
