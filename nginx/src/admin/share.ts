// A link's address: to copy, to open, to show to a telephone.

import { clonedElement, copies, part } from "./parts";

export interface ShareOptions {
  /** Whether the QR code is there at once or only when asked for. */
  readonly qrAtOnce: boolean;
}

/** Whether the address leads nowhere from any other machine. */
export function isOnlyHere(address: string): boolean {
  return /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(new URL(address).hostname);
}

export function makeShare(address: string, name: string, { qrAtOnce }: ShareOptions): HTMLElement {
  const root = clonedElement("share");
  const url = part(root, "url", HTMLInputElement);
  url.value = address;
  url.addEventListener("focus", () => {
    url.select();
    // The beginning says more than the end, which is what a browser shows of a selection.
    requestAnimationFrame(() => {
      url.scrollLeft = 0;
    });
  });
  copies(part(root, "copy", HTMLButtonElement), () => address, url);
  part(root, "open", HTMLAnchorElement).href = address;
  part(root, "only-here", HTMLElement).hidden = !isOnlyHere(address);
  const toggle = part(root, "show-qr", HTMLButtonElement);
  const frame = part(root, "qr", HTMLElement);
  const draw = (): void => void fill(frame, address, `QR code of the link ${name}`);
  toggle.addEventListener("click", () => {
    frame.hidden = !frame.hidden;
    toggle.setAttribute("aria-expanded", String(!frame.hidden));
    if (!frame.hidden) draw();
  });
  if (qrAtOnce) toggle.click();
  return root;
}

/** The drawing code is loaded when the first code is wanted. */
async function fill(frame: HTMLElement, address: string, label: string): Promise<void> {
  if (frame.firstChild !== null) return;
  try {
    const { drawQr } = await import("./qr");
    frame.replaceChildren(drawQr(address, label));
  } catch {
    frame.textContent = "The QR code could not be drawn. Reload the page and try again.";
  }
}
