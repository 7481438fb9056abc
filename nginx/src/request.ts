// The sender's page: loads the language and what the link says of itself, then leaves the rest to SendPage.

import { BrowserConnectivity } from "./adapters/browser-network";
import { fetchLinkInfo } from "./adapters/droppr-api";
import { LocalSessions } from "./adapters/local-sessions";
import { systemClock } from "./adapters/system-clock";
import { XhrTransport } from "./adapters/xhr-transport";
import { networkError, UploadError } from "./core/errors";
import type { LinkInfo } from "./core/wire";
import type { Key } from "./messages/types";
import type { Asked } from "./page/asked/asked";
import { BASE, HASH } from "./page/base";
import { need, setText } from "./page/dom";
import { currentLanguage, onLanguage, preferredLanguage, t, useLanguage } from "./page/i18n";
import { LanguageSwitch } from "./page/language-switch";
import { reasonFor } from "./page/reasons";
import { SendPage } from "./page/send-page";

const transport = new XhrTransport();
const ports = {
  transport,
  clock: systemClock,
  sessions: new LocalSessions(systemClock),
  connectivity: new BrowserConnectivity(),
};

const CLOSED: Readonly<Record<string, readonly [Key, Key]>> = {
  request_not_found: ["link_unknown", "link_unknown_text"],
  request_expired: ["link_expired", "link_expired_text"],
  request_closed: ["link_closed", "link_closed_text"],
};

let refusal: unknown = null;

async function start(): Promise<void> {
  need("no-link").hidden = true;
  try {
    const info = await fetchLinkInfo(ports, HASH, new AbortController().signal, BASE);
    refusal = null;
    await speak(info.language);
    new SendPage(info, HASH, ports, await askedBy(info));
  } catch (error) {
    refusal = error;
    showNoLink();
  }
}

/** The language of whom the link is for goes before the browser's, but not before one that was chosen here. */
async function speak(theirs: string): Promise<void> {
  const wanted = preferredLanguage(undefined, [theirs, ...navigator.languages]);
  // Without it the page goes on in the one that it has.
  if (wanted !== currentLanguage()) await useLanguage(wanted).catch(() => {});
}

/** What the link asks for is a part of its own; without it nothing may be sent. */
async function askedBy(info: LinkInfo): Promise<Asked | null> {
  if (info.items.length + info.questions.length === 0) return null;
  const { ask } = await import("./page/asked/asked").catch((cause: unknown) => {
    throw networkError(cause);
  });
  return ask(info, HASH);
}

function showNoLink(): void {
  if (refusal === null) return;
  const code = refusal instanceof UploadError ? refusal.code : "";
  const closed = CLOSED[code];
  const title = t(closed?.[0] ?? "link_trouble");
  setText(need("no-link-title"), title);
  setText(need("no-link-text"), closed === undefined ? reasonFor(refusal) : t(closed[1]));
  need("no-link-retry").hidden = closed !== undefined;
  need("no-link").hidden = false;
  document.title = `${title} · Droppr`;
}

async function open(): Promise<void> {
  need("needs-script").remove();
  await useLanguage(preferredLanguage());
  new LanguageSwitch();
  need("no-link-retry").addEventListener("click", () => void start());
  onLanguage(showNoLink);
  await start();
}

/** Not even a language came: what the page says without one, and the way to try again. */
function showTrouble(): void {
  need("no-link").hidden = false;
  const retry = need("no-link-retry");
  retry.hidden = false;
  retry.addEventListener("click", () => location.reload());
}

open().catch(showTrouble);
