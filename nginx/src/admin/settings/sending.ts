// Sending a link's address by what this device has, where the server sends no mail.

import { sendsMail, standing } from "./standing";
import { WORDS } from "./words";

/** Whether it was handed to something else than the server's own mail; by whatever shares on this device, or its mail program. */
export async function sentByDevice(address: string, name: string): Promise<boolean> {
  const known = await standing();
  if (known === null || sendsMail(known)) return false;
  const { send } = WORDS;
  if (typeof navigator.share === "function") {
    try {
      await navigator.share({ title: send.subject(name), text: send.text(address) });
      return true;
    } catch (error) {
      // Whoever thinks better of it wants no mail program either.
      if (error instanceof DOMException && error.name === "AbortError") return true;
    }
  }
  // URLSearchParams would write blanks as plus signs, which mail programs show.
  location.href = `mailto:?subject=${encodeURIComponent(send.subject(name))}&body=${encodeURIComponent(send.text(address))}`;
  return true;
}
