// Refusals in the sender's language, by their code. Where the page has no words for one, the server's sentence is shown.

import { UploadError } from "../core/errors";
import { formatBytes, formatDuration } from "./format";
import { isKey, t } from "./i18n";

export function reasonFor(error: unknown): string {
  if (!(error instanceof UploadError) || error.code === "internal_error") return t("error_any");
  const { code, details, message } = error;
  if (code === "type_not_allowed") {
    // Names were judged before anything was sent; what is refused later is refused for its content.
    return t("allowed_extensions" in details ? "error_type_not_allowed" : "error_type_disguised");
  }
  const { limit } = details;
  if (code === "file_too_large") {
    return typeof limit === "number" ? t("error_file_too_large", { limit: formatBytes(limit) }) : message;
  }
  const key = `error_${code}`;
  return isKey(key) ? t(key) : message;
}

/** The same, and when it goes on or may be tried again, where the server said so. */
export function reasonWithWait(error: UploadError): string {
  const { code, retryAfter } = error;
  if (retryAfter === null) return reasonFor(error);
  const wait = code === "rate_limited" ? "wait_auto" : "wait_retry";
  return `${reasonFor(error)} ${t(wait, { time: formatDuration(retryAfter) })}`;
}
