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
  pen.globalAlpha = 0.25;
  pen.strokeStyle = accent;
  pen.beginPath();
  pen.arc(middle, middle, middle - 4, 0, 2 * Math.PI);
  pen.stroke();
  pen.globalAlpha = 1;
  pen.beginPath();
  pen.arc(middle, middle, middle - 4, -Math.PI / 2, -Math.PI / 2 + share * 2 * Math.PI);
  pen.stroke();
  return canvas.toDataURL("image/png");
}
