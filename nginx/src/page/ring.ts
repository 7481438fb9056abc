// Progress as a ring, for the icon of a tab.

const RING_PIXELS = 32;

/** A PNG as a data: URL, or nothing where the browser draws none. */
export function ring(share: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = RING_PIXELS;
  canvas.height = RING_PIXELS;
  const pen = canvas.getContext("2d");
  if (pen === null) return "";
  const middle = RING_PIXELS / 2;
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
