// A link's address: to copy, to open, to mail, to show to a telephone.

import { loadWords, t } from "./i18n";
import type { Mailing, MailPorts } from "./mailing";
import { acts, clonedElement, copies, part } from "./parts";
import { SETTINGS_ADDRESS } from "./places";

export interface ShareOptions extends MailPorts {
  /** Whether the QR code is there at once or only when asked for. */
  readonly qrAtOnce: boolean;
  /** Whether it is mailed at once to whom it is for. */
  readonly mailAtOnce?: boolean;
}

/** Whether the address leads nowhere from any other machine. */
export function isOnlyHere(address: string): boolean {
  return /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(new URL(address).hostname);
}

export function makeShare(address: string, name: string, options: ShareOptions): HTMLElement {
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
  part(root, "to-settings", HTMLAnchorElement).href = `${SETTINGS_ADDRESS}#set-links`;
  const toggle = part(root, "show-qr", HTMLButtonElement);
  const frame = part(root, "qr", HTMLElement);
  const draw = (): void => void fill(frame, address, t("qr_of", { name }));
  toggle.addEventListener("click", () => {
    frame.hidden = !frame.hidden;
    toggle.setAttribute("aria-expanded", String(!frame.hidden));
    if (!frame.hidden) draw();
  });
  if (options.qrAtOnce) toggle.click();
  mails(root, address, name, options);
  return root;
}

/** Whether it went by this device: where the server sends no mail, a form would lead nowhere. */
async function isSent(address: string, name: string): Promise<boolean> {
  try {
    const [{ sentByDevice }] = await Promise.all([import("./settings/sending"), loadWords("people")]);
    return await sentByDevice(address, name);
  } catch {
    return false;
  }
}

/** The form is loaded when the first link is mailed. */
function mails(root: HTMLElement, address: string, name: string, options: ShareOptions): void {
  const button = part(root, "mail", HTMLButtonElement);
  const frame = part(root, "mailing", HTMLElement);
  const open = async (): Promise<Mailing | null> => {
    frame.hidden = !frame.hidden;
    button.setAttribute("aria-expanded", String(!frame.hidden));
    if (frame.hidden || frame.firstChild !== null) return null;
    try {
      const [{ Mailing }] = await Promise.all([import("./mailing"), loadWords("people")]);
      const mailing = new Mailing(options);
      frame.replaceChildren(mailing.element);
      return mailing;
    } catch {
      frame.textContent = t("not_loaded");
      return null;
    }
  };
  acts(button, async () => {
    if (frame.firstChild === null && (await isSent(address, name))) return;
    (await open())?.focus();
  });
  if (options.mailAtOnce === true) void open().then((mailing) => mailing?.send());
}

/** The drawing code is loaded when the first code is wanted. */
async function fill(frame: HTMLElement, address: string, label: string): Promise<void> {
  if (frame.firstChild !== null) return;
  try {
    const { drawQr } = await import("./qr");
    frame.replaceChildren(drawQr(address, label));
  } catch {
    frame.textContent = t("qr_failed");
  }
}
