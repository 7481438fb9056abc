// Refusals in the sender's language, by their code. Where the page has no words for one, the server's sentence is shown.

import { UploadError } from "../core/errors";
import { formatBytes, formatDuration } from "./format";
import { type Key, t } from "./i18n";

const KNOWN = {
  password_required: "error_password_required",
  password_invalid: "error_password_invalid",
  captcha_required: "error_captcha_required",
  captcha_unavailable: "error_captcha_unavailable",
  too_many_attempts: "error_too_many_attempts",
  rate_limited: "error_rate_limited",
  request_full: "error_request_full",
  request_not_found: "error_request_not_found",
  request_expired: "error_request_expired",
  request_closed: "error_request_closed",
  invalid_path: "error_invalid_path",
  network_error: "error_network_error",
  file_unreadable: "error_file_unreadable",
  unexpected_reply: "error_unexpected_reply",
  internal_error: "error_any",
  storage_full: "error_storage_full",
  busy: "error_busy",
  checksum_mismatch: "error_checksum_mismatch",
  upload_expired: "error_upload_expired",
  not_cancelled: "error_not_cancelled",
  upload_complete: "error_upload_complete",
} as const satisfies Readonly<Record<string, Key>>;

export function reasonFor(error: unknown): string {
  if (!(error instanceof UploadError)) return t("error_any");
  const { code, details, message } = error;
  if (code === "type_not_allowed") {
    // Names were judged before anything was sent; what is refused later is refused for its content.
    return t("allowed_extensions" in details ? "error_type_not_allowed" : "error_type_disguised");
  }
  if (code === "file_too_large" && typeof details.limit === "number") {
    return t("error_file_too_large", { limit: formatBytes(details.limit) });
  }
  const key = (KNOWN as Readonly<Record<string, Key>>)[code];
  return key === undefined ? message : t(key);
}

/** The same, and when it goes on or may be tried again, where the server said so. */
export function reasonWithWait(error: UploadError): string {
  const { code, retryAfter } = error;
  if (retryAfter === null) return reasonFor(error);
  const wait = code === "rate_limited" ? "wait_auto" : "wait_retry";
  return `${reasonFor(error)} ${t(wait, { time: formatDuration(retryAfter) })}`;
}
