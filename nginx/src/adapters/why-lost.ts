// A browser that is sent to another address, as by a proxy where one has to log in, may not say so: the request fails like one
// that was lost. Only a request that asks not to be sent on tells the two apart.

import { networkError, type UploadError, unexpectedReply } from "../core/errors";

/** Milliseconds; where nothing is answered at all, nobody needs to be told of a redirect. */
const PATIENCE_MS = 10_000;
/** What a redirect's status is, a browser does not tell. */
const REDIRECT = 302;

/** What to say of a request to `url` that no answer came to. */
export async function whyLost(url: string, signal: AbortSignal, cause?: unknown): Promise<UploadError> {
  return (await isRedirected(url, signal)) ? unexpectedReply(REDIRECT) : networkError(cause);
}

async function isRedirected(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const { type } = await fetch(url, { redirect: "manual", cache: "no-store", signal: soon });
    return type === "opaqueredirect";
  } catch {
    return false;
  }
}
