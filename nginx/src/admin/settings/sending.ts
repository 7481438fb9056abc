// Sending a link's address by what this device has, where the server sends no mail.

import { t } from "../i18n";
import { sendsMail, standing } from "./standing";

/** Whether it was handed to something else than the server's own mail; by whatever shares on this device, or its mail program. */
export async function sentByDevice(address: string, name: string): Promise<boolean> {
  const known = await standing();
  if (known === null || sendsMail(known)) return false;
  const title = t("send_subject", { name });
  // By itself in its line: programs make a link of it, of nothing beside it.
  const text = `${t("mail_sample")}\n\n${address}\n`;
  if (typeof navigator.share === "function") {
    try {
      await navigator.share({ title, text });
      return true;
    } catch (error) {
      // Whoever thinks better of it wants no mail program either.
      if (error instanceof DOMException && error.name === "AbortError") return true;
    }
  }
  // URLSearchParams would write blanks as plus signs, which mail programs show.
  location.href = `mailto:?subject=${encodeURIComponent(title)}&body=${encodeURIComponent(text)}`;
  return true;
}
