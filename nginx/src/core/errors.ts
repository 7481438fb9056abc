// Every way an upload can fail, as one typed error: a code for programs and a sentence for people.

const RETRYABLE_STATUS = new Set([408, 425, 429, 502, 503, 504, 507]);
/** Codes whose status says the opposite of what should be done. */
const RETRYABLE_CODE = new Map([
  ["checksum_mismatch", true],
  // Waiting for us to guess the password again helps nobody: the person is asked.
  ["too_many_attempts", false],
  ["too_many_senders", false],
]);

/** Chunks become no smaller for anybody's limit, in bytes. */
const MIN_LIMIT_BYTES = 256 * 1024;

export interface UploadErrorInit {
  readonly code: string;
  /** The HTTP status, or 0 when no reply came. */
  readonly status?: number;
  readonly retryable?: boolean;
  /** Seconds the server asks us to wait. */
  readonly retryAfter?: number | null;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class UploadError extends Error {
  override readonly name = "UploadError";
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly retryAfter: number | null;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, init: UploadErrorInit) {
    super(message, { cause: init.cause });
    this.code = init.code;
    this.status = init.status ?? 0;
    this.retryable = init.retryable ?? false;
    this.retryAfter = init.retryAfter ?? null;
    this.details = init.details ?? {};
  }
}

export function networkError(cause?: unknown): UploadError {
  const sentence = "Network error: the connection to the server was lost.";
  return new UploadError(sentence, { code: "network_error", retryable: true, cause });
}

export function abortedError(): UploadError {
  return new UploadError("The upload was cancelled.", { code: "aborted" });
}

export function unreadableError(cause: unknown): UploadError {
  const sentence =
    "The file can no longer be read. It may have been changed, moved or unplugged. Choose it again.";
  return new UploadError(sentence, { code: "file_unreadable", cause });
}

/** A file that was offered to go on with an upload of other bytes. */
export function differentFileError(): UploadError {
  const sentence = "This is another file of the same name and size, not the one whose upload was begun.";
  return new UploadError(sentence, { code: "different_file" });
}

/** A file was cancelled, and the server could not be told. */
export function notCancelledError(cause: UploadError): UploadError {
  const sentence = "It could not be cancelled: the server may still have it.";
  return new UploadError(sentence, { code: "not_cancelled", status: cause.status, retryable: true, cause });
}

/** A reply that is not Droppr's: a company's login, a hotel's sign-in form. */
export function unexpectedReply(status: number): UploadError {
  const sentence = "Something between you and the server answers in its place, as where one has to log in.";
  return new UploadError(sentence, { code: "unexpected_reply", status, retryable: true });
}

/** Whether a body is a page to look at, in place of the JSON that every answer of Droppr's is. */
export function isPage(text: string): boolean {
  return /^\s*</.test(text);
}

/** Refusals of the file or the address as they are: sent again, they would be refused again. */
const FINAL_CODE = new Set(["type_not_allowed", "file_too_large", "invalid_path", "request_not_found"]);

/** Whether a person who tries again may have more luck. */
export function mayPass({ code }: UploadError): boolean {
  return !FINAL_CODE.has(code);
}

/** The same failure after the last retry, saying so. */
export function exhausted(error: UploadError, retries: number): UploadError {
  const { code, status, retryAfter, details } = error;
  const sentence = `Failed to upload after ${retries} retries. ${error.message}`;
  return new UploadError(sentence, { code, status, retryAfter, details, retryable: true, cause: error });
}

export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
  /** Milliseconds since 1970, to read a `Retry-After` that is a date. */
  readonly now: number;
}

/** The error a refusing reply stands for; replies that are not Droppr's get a sentence of our own. */
export function errorFromReply({ status, text, retryAfter, now }: Refusal): UploadError {
  const { error, code, ...details } = parseObject(text);
  const wait = parseRetryAfter(retryAfter, now);
  if (typeof code !== "string") return strangersError(status, isPage(text), wait);
  const sentence = typeof error === "string" ? error : `The server answered with status ${status}.`;
  return new UploadError(sentence, {
    code,
    status,
    retryable:
      RETRYABLE_CODE.get(code) ?? (RETRYABLE_STATUS.has(status) || mayHaveRoomAgain(code, retryAfter)),
    retryAfter: wait,
    details,
  });
}

/** A refusal of somebody on the way says nothing about the file. A router's page for 404 means that its server restarts. */
function strangersError(status: number, page: boolean, retryAfter: number | null): UploadError {
  if (status < 400 || (page && (status === 401 || status === 403))) return unexpectedReply(status);
  return new UploadError(`The server, or a proxy before it, answered with status ${status}.`, {
    code: `http_${status}`,
    status,
    retryable: RETRYABLE_STATUS.has(status) || status >= 500 || (page && status === 404),
    retryAfter,
  });
}

/** An upload that was left alone has lost its place on the link and asks for it again; a new one is full for good. */
function mayHaveRoomAgain(code: string, retryAfter: string | null): boolean {
  return code === "request_full" && retryAfter !== null;
}

/** Bytes that a chunk may have after one of `bytes` was too large for the server or a proxy; null where smaller ones do not help. */
export function sizeAfter({ code, details }: UploadError, bytes: number): number | null {
  if (code !== "http_413" && code !== "chunk_too_large") return null;
  const { limit } = details;
  const named = typeof limit === "number" && limit >= 1024;
  const size = Math.floor(named ? limit : Math.max(MIN_LIMIT_BYTES, bytes / 2));
  return size < bytes ? size : null;
}

/** Seconds from a `Retry-After` (RFC 9110, 10.2.3: a number of seconds or a date), or null. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null || value.trim() === "") return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1_000);
}

/** The fields of a JSON object; what is none has none of them. */
function parseObject(text: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}
