// What stands on top: the owner's logo, title and message, and what the link takes.

import type { LinkInfo } from "../core/wire";
import { make, need, setHidden, setText } from "./dom";
import { t } from "./i18n";
import { describeLimits } from "./limits";

/** What the link is called, in the language of the moment. */
export function headingOf({ title }: LinkInfo): string {
  return title || t("heading");
}

/** `opened` is when the link told how long it stays open; milliseconds since 1970. */
export function paintHead(info: LinkInfo, opened: number): void {
  const { message, logoUrl } = info;
  setText(need("title"), headingOf(info));
  const messageBox = need("message");
  setText(messageBox, message);
  setHidden(messageBox, message === "");
  const logo = need("logo", HTMLImageElement);
  if (logoUrl !== null) logo.src = logoUrl;
  setHidden(logo, logoUrl === null);
  const limits = describeLimits(info, opened).map((text) => make("li", { text }));
  need("limits").replaceChildren(...limits);
  setHidden(need("link"), false);
}
