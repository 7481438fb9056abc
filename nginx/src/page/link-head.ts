// What stands on top: the owner's logo, title and message, and what the link takes.

import type { Colours, LinkInfo } from "../core/wire";
import { BASE } from "./base";
import { make, need, reachable, setHidden, setLinked, setText } from "./dom";
import { t } from "./i18n";
import { describeLimits, type Taken } from "./limits";

/** What the link is called, in the language of the moment. */
export function headingOf({ title }: LinkInfo): string {
  return title || t("heading");
}

export function paintHead(info: LinkInfo): void {
  const { message, logoUrl } = info;
  setText(need("title"), headingOf(info));
  const messageBox = need("message");
  setLinked(messageBox, message);
  setHidden(messageBox, message === "");
  reachable(messageBox);
  const logo = need("logo", HTMLImageElement);
  if (logoUrl !== null) logo.src = BASE + logoUrl;
  setHidden(logo, logoUrl === null);
  if (info.colours !== null) paintColours(info.colours);
  if (info.asker !== "") {
    const top = need("asker");
    setText(top, t("asks", { asker: info.asker }));
    top.before(logo);
    setHidden(need("mark"), true);
    setHidden(need("by"), false);
  }
  const foot = need("foot");
  // What few links say comes when it is needed; until then they do not say that files go nowhere else.
  const isPlain = info.passedOnTo === null && !info.search && info.store === null;
  setText(foot, t("foot"));
  setHidden(foot, !isPlain);
  if (!isPlain || info.dueIn !== null)
    import("./seldom").then(
      ({ paintSeldom }) => paintSeldom(info),
      () => {},
    );
  setHidden(need("full"), !info.full);
  if (info.full) for (const id of ["limits", "gate", "drop", "have-code"]) setHidden(need(id), true);
  setHidden(need("link"), false);
}

/** Whoever asks has a colour of their own, in the light and in the dark. */
function paintColours({ light, dark }: Colours): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${ruleOf(light)}@media(prefers-color-scheme:dark){${ruleOf(dark)}}`);
  document.adoptedStyleSheets = [sheet];
}

function ruleOf(colours: Colours["light"]): string {
  const names = Object.entries(colours).map(([name, colour]) => `--${name.replace("_", "-")}:${colour};`);
  return `:root{${names.join("")}}`;
}

/**
 * What the link takes, less what was `taken` meanwhile. `opened` is when the link told how long it stays open; milliseconds
 * since 1970.
 */
export function paintLimits(info: LinkInfo, opened: number, taken: Taken): void {
  const list = need("limits");
  const words = describeLimits(info, opened, taken);
  if (words.join("\n") === [...list.children].map(({ textContent }) => textContent).join("\n")) return;
  list.replaceChildren(...words.map((text) => make("li", { text })));
}
