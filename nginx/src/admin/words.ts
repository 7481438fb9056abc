// What the owner's page says about links and files, and about what went wrong.

import { UploadError } from "../core/errors";
import { dueFacts } from "./due";
import { formatBytes, formatDate, formatDay, formatIn, formatList } from "./format";
import { currentLanguage, errorSentence, joined, sentences, t } from "./i18n";
import { languageName } from "./mail-language";
import { wholeProgress } from "./progress";
import { whyWords } from "./reasons";
import { visibleName } from "./visible";
import type { Destination, LinkState, ListedLink, OwnerLink, PassedOn } from "./wire";

export function stateWords(state: LinkState): string {
  return t(`state_${state}`);
}

export function nameOf({ title, folder }: Pick<OwnerLink, "title" | "folder">): string {
  return title === "" ? folder : title;
}

/** Whom a link is for, where its name does not say that already. */
export function whomWords(link: Pick<OwnerLink, "title" | "folder" | "due">): string {
  const whom = link.due.forName || link.due.forEmail;
  return nameOf(link).includes(whom) ? "" : whom;
}

const DAY_MS = 86_400_000;

export function expiryWords(
  { expiresAt }: Pick<OwnerLink, "expiresAt">,
  now: number,
  dated: (milliseconds: number) => string = formatDate,
): string {
  if (expiresAt === null) return t("never_expires");
  if (expiresAt <= now) return t("expired_on", { date: dated(expiresAt) });
  return t("expires_when", { when: formatIn((expiresAt - now) / 1_000) });
}

/** So late that something should be done about it. */
export function endsSoon({ expiresAt }: Pick<OwnerLink, "expiresAt">, now: number): boolean {
  return expiresAt !== null && expiresAt - now < 2 * DAY_MS;
}

/** "3 of 10 files · 1.2 GB of 5 GB · 2 arriving" */
export function receivedWords(link: ListedLink): string {
  const { uploadsOpen } = link;
  return joined(
    link.progress === null ? "" : wholeProgress(link.progress),
    filesWords(link),
    sizeWords(link),
    uploadsOpen > 0 ? t("under_way", { count: uploadsOpen }) : "",
  );
}

export function filesWords({ filesReceived, maxFiles }: ListedLink): string {
  return maxFiles > 0
    ? t("files_of", { done: filesReceived, count: maxFiles })
    : t("files", { count: filesReceived });
}

export function sizeWords({ bytesReceived, maxTotalSize }: ListedLink): string {
  const bytes = formatBytes(bytesReceived);
  return maxTotalSize > 0 ? t("bytes_of", { done: bytes, size: formatBytes(maxTotalSize) }) : bytes;
}

/** Why a link has no file: none has come, or what came is there no more. */
export function nothingWords({ filesArrived, lastReceivedAt, keepDays }: ListedLink): string {
  // What was taken back has not been sent; what was deleted has.
  if (lastReceivedAt === null) return t(filesArrived > 0 ? "all_taken_back" : "nothing_arrived");
  return sentences(
    t("all_deleted", { date: formatDay(lastReceivedAt) }),
    keepDays > 0 ? t("deleted_after", { count: keepDays }) : "",
  );
}

/** What the link allows and asks, as pairs of a name and what is set; only what differs from nothing at all. */
export function termWords(link: OwnerLink): (readonly [string, string])[] {
  const { maxFileSize, maxTotalSize, maxFiles, keepDays, allowedExtensions, askName, askEmail, captcha } =
    link;
  const pairs: (readonly [string, string])[] = [
    [t("folder"), link.folder],
    [t("term_subfolder"), link.subfolder],
    [t("term_naming"), link.naming],
    [t("term_asker"), link.asker],
    [t("term_accent"), link.accent],
    [t("term_alias"), link.alias && `/to/${link.alias}`],
    [t("term_made"), formatDate(link.createdAt)],
    [t("term_expires"), link.expiresAt === null ? t("said_never") : formatDate(link.expiresAt)],
    ...dueFacts(link.due),
    [t("term_file_size"), maxFileSize > 0 ? formatBytes(maxFileSize) : ""],
    [t("term_total_size"), maxTotalSize > 0 ? formatBytes(maxTotalSize) : ""],
    [t("term_files"), maxFiles > 0 ? t("files", { count: maxFiles }) : ""],
    [t("term_kept"), keepDays > 0 ? t("days", { count: keepDays }) : ""],
    [t("term_types"), formatList(allowedExtensions.map((each) => `.${each}`))],
    [t("term_name"), askName === "no" ? "" : t(`said_${askName}`)],
    [t("term_email"), askEmail === "no" ? "" : t(`said_${askEmail}`)],
    [t("term_notify"), link.notify],
    [t("term_language"), languageName(link.language)],
    [t("term_confirm"), link.confirm ? t("said_receipt") : ""],
    [t("term_destination"), destinationWords(link.destination)],
    [t("term_search"), link.search ? t("said_searched") : ""],
    [t("term_items"), formatList(link.items.map(({ title }) => title))],
    [t("term_questions"), formatList(link.questions.map(({ label }) => label))],
    [t("term_chat_preview"), link.chatPreview === "server" ? "" : t(`said_preview_${link.chatPreview}`)],
    [t("term_captcha"), captcha === "after_failures" ? "" : t(`said_${captcha}`)],
  ];
  return pairs.filter(([, value]) => value !== "");
}

function destinationWords(destination: Destination): string {
  if (destination.kind === "folder") return "";
  if (destination.kind === "drive") return t("said_drive", { id: destination.folder_id });
  return ["s3:/", destination.bucket, destination.prefix].filter((each) => each !== "").join("/");
}

/** How a file gets on to where its link passes files on to. */
export function passedOnWords({ state, why, remote }: PassedOn): string {
  switch (state) {
    case "done":
      if (remote === null) return t("passed_on_there");
      return t("passed_on", { place: remote.startsWith("drive:") ? DRIVE : visibleName(remote) });
    case "retrying":
      return t("passed_on_retrying", { error: why === null ? "" : whyWords(why) }).trim();
    case "failed":
      return t("passed_on_failed", { error: why === null ? "" : whyWords(why) }).trim();
    case "waiting":
      return t("passed_on_waiting");
    default:
      return t("passed_on_now");
  }
}

/** A name, and so the same in every language. */
const DRIVE = "Google Drive";

/** "Ann <ann@example.org>", or nothing when the sender stayed unknown. */
export function senderWords(file: { senderName: string | null; senderEmail: string | null }): string {
  const { senderName, senderEmail } = file;
  if (senderName !== null && senderEmail !== null) return `${senderName} <${senderEmail}>`;
  return senderName ?? senderEmail ?? "";
}

/** The name in it alone, where there is one: who writes a whole list has room for no addresses. */
export function shortSender(sender: string): string {
  return sender.replace(/(?<=\S) <[^<>\s]+@[^<>\s]+>$/, "");
}

export function shortHash(sha256: string): string {
  return sha256.length <= 20 ? sha256 : `${sha256.slice(0, 8)}…${sha256.slice(-8)}`;
}

/** What to tell a person about a failure, with the wait that the server asks for. */
export function errorWords(error: unknown): string {
  if (!(error instanceof UploadError)) return t("page_failed");
  const sentence = sentenceOf(error);
  if (error.retryAfter === null || error.status !== 429) return sentence;
  return t("try_again_when", { error: sentence, when: formatIn(error.retryAfter) });
}

/** This code stands for many things, and only the server says which: beside the field that it is about, where it names one, else here. */
const OF_MANY = "invalid_request";

function sentenceOf({ code, message, details }: UploadError): string {
  const known = errorSentence(code);
  if (known === undefined) return message;
  return code === OF_MANY && details.fields === undefined ? sentences(known, message) : known;
}

/** The server's sentence for each field that it did not accept. */
export function fieldProblems(error: unknown): ReadonlyMap<string, string> {
  const fields = error instanceof UploadError ? error.details.fields : undefined;
  if (typeof fields !== "object" || fields === null) return new Map();
  return new Map(
    Object.entries(fields)
      .filter((pair): pair is [string, string] => typeof pair[1] === "string")
      .map(([name, error]) => [name, fieldWords(error)]),
  );
}

/** The server's own sentences are English: whoever reads another language is told in that one what it is about. */
function fieldWords(error: string): string {
  return currentLanguage() === "en" ? error : t("field_refused", { error });
}
