// The sender's page: wires the elements to the upload library. It shows and asks; it decides nothing about uploads.

import { DropprApi, fetchLinkInfo } from "./adapters/droppr-api";
import { LocalSessions } from "./adapters/local-sessions";
import { systemClock } from "./adapters/system-clock";
import { XhrTransport } from "./adapters/xhr-transport";
import { UploadError } from "./core/errors";
import { need, setText } from "./page/dom";
import { SendPage } from "./page/send-page";

const hash = decodeURIComponent(/^\/request\/([^/]+)/.exec(location.pathname)?.[1] ?? "");
const transport = new XhrTransport();
const ports = { transport, clock: systemClock, sessions: new LocalSessions(systemClock) };

const CLOSED: Readonly<Record<string, readonly [string, string]>> = {
  request_not_found: [
    "This link does not exist",
    "Check that you have the whole address. If it was cut off in a message, ask for it again.",
  ],
  request_expired: [
    "This link has expired",
    "It was open for a limited time. Ask the person who sent it to you for a new one.",
  ],
  request_closed: [
    "This link is closed",
    "The person who made it takes no more files here. Ask them for a new link if you still have something to send.",
  ],
};

async function start(): Promise<void> {
  need("no-link", HTMLElement).hidden = true;
  try {
    const info = await fetchLinkInfo(ports, hash, new AbortController().signal);
    const uploadUrl = `/api/droppr/requests/${encodeURIComponent(hash)}/upload-chunk`;
    const api = new DropprApi({ ...ports, chunkUrl: uploadUrl, headers: {} });
    new SendPage(info, uploadUrl, api, ports);
  } catch (error) {
    showNoLink(error);
  }
}

function showNoLink(error: unknown): void {
  const code = error instanceof UploadError ? error.code : "";
  const [title, text] = CLOSED[code] ?? ["This page could not be loaded", messageOf(error)];
  setText(need("no-link-title", HTMLElement), title);
  setText(need("no-link-text", HTMLElement), text);
  need("no-link-retry", HTMLElement).hidden = code in CLOSED;
  need("no-link", HTMLElement).hidden = false;
  document.title = `${title} · Droppr`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong.";
}

need("no-link-retry", HTMLElement).addEventListener("click", () => void start());
void start();
