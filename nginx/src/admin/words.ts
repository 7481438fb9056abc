// What the owner's page says about links and files, and about what went wrong.

import { UploadError } from "../core/errors";
import { dueFacts } from "./due";
import { countOf, formatBytes, formatDate, formatDuration } from "./format";
import type { Destination, LinkState, ListedLink, OwnerLink, PassedOn } from "./wire";

export const STATE_WORDS: Readonly<Record<LinkState, string>> = {
  open: "Open",
  full: "Full",
  expired: "Expired",
  closed: "Closed",
};

export function nameOf({ title, folder }: Pick<OwnerLink, "title" | "folder">): string {
  return title === "" ? folder : title;
}

const DAY_MS = 86_400_000;

export function expiryWords({ expiresAt }: Pick<OwnerLink, "expiresAt">, now: number): string {
  if (expiresAt === null) return "Never expires";
  if (expiresAt <= now) return `Expired on ${formatDate(expiresAt)}`;
  const days = (expiresAt - now) / DAY_MS;
  // A week that began a minute ago is still a week to a person.
  const wait = days > 2 ? countOf(Math.round(days), "day") : formatDuration(days * 86_400);
  return `Expires in ${wait}`;
}

/** So late that something should be done about it. */
export function endsSoon({ expiresAt }: Pick<OwnerLink, "expiresAt">, now: number): boolean {
  return expiresAt !== null && expiresAt - now < 2 * DAY_MS;
}

/** "3 of 10 files · 1.2 GB of 5 GB · 2 arriving" */
export function receivedWords(link: ListedLink): string {
  const { filesReceived, bytesReceived, uploadsOpen, maxFiles, maxTotalSize } = link;
  const files =
    maxFiles > 0 ? `${filesReceived} of ${countOf(maxFiles, "file")}` : countOf(filesReceived, "file");
  const room = maxTotalSize > 0 ? ` of ${formatBytes(maxTotalSize)}` : "";
  const arriving = uploadsOpen > 0 ? ` · ${countOf(uploadsOpen, "upload")} under way` : "";
  return `${files} · ${formatBytes(bytesReceived)}${room}${arriving}`;
}

const CAPTCHA_WORDS = { never: "never", after_failures: "after wrong passwords", always: "always" } as const;

/** What the link allows and asks, as pairs of a name and what is set; only what differs from nothing at all. */
export function termWords(link: OwnerLink): (readonly [string, string])[] {
  const { maxFileSize, maxTotalSize, maxFiles, keepDays, allowedExtensions, askName, askEmail, captcha } =
    link;
  const pairs: (readonly [string, string])[] = [
    ["Folder", link.folder],
    ["Sorted into", link.subfolder],
    ["Who asks", link.asker],
    ["Colour", link.accent],
    ["Readable address", link.alias && `/to/${link.alias}`],
    ["Made", formatDate(link.createdAt)],
    ["Expires", link.expiresAt === null ? "never" : formatDate(link.expiresAt)],
    ...dueFacts(link.due),
    ["Largest file", maxFileSize > 0 ? formatBytes(maxFileSize) : ""],
    ["All files together", maxTotalSize > 0 ? formatBytes(maxTotalSize) : ""],
    ["Number of files", maxFiles > 0 ? countOf(maxFiles, "file") : ""],
    ["Files are kept", keepDays > 0 ? countOf(keepDays, "day") : ""],
    ["Kinds of files", allowedExtensions.map((each) => `.${each}`).join(", ")],
    ["Sender's name", askName === "no" ? "" : askName],
    ["Sender's e-mail", askEmail === "no" ? "" : askEmail],
    ["Mail to", link.notify],
    ["Senders get", link.confirm ? "a receipt by mail" : ""],
    ["Passed on to", destinationWords(link.destination)],
    ["Texts", link.search ? "searched" : ""],
    ["Asks for", link.items.map(({ title }) => title).join(", ")],
    ["Asks", link.questions.map(({ label }) => label).join(", ")],
    ["Captcha", captcha === "after_failures" ? "" : CAPTCHA_WORDS[captcha]],
  ];
  return pairs.filter(([, value]) => value !== "");
}

function destinationWords(destination: Destination): string {
  if (destination.kind === "folder") return "";
  if (destination.kind === "drive") return `Google Drive folder ${destination.folder_id}`;
  return ["s3:/", destination.bucket, destination.prefix].filter((each) => each !== "").join("/");
}

/** How a file gets on to where its link passes files on to. */
export function passedOnWords({ state, error, remote }: PassedOn): string {
  switch (state) {
    case "done":
      return `Passed on to ${remote?.startsWith("drive:") ? "Google Drive" : (remote ?? "its destination")}`;
    case "retrying":
      return `Not passed on yet, it will be tried again. ${error ?? ""}`.trim();
    case "failed":
      return `Could not be passed on. ${error ?? ""}`.trim();
    case "waiting":
      return "Waits to be passed on";
    default:
      return "Is being passed on";
  }
}

/** "Ann <ann@example.org>", or nothing when the sender stayed unknown. */
export function senderWords(file: { senderName: string | null; senderEmail: string | null }): string {
  const { senderName, senderEmail } = file;
  if (senderName !== null && senderEmail !== null) return `${senderName} <${senderEmail}>`;
  return senderName ?? senderEmail ?? "";
}

export function shortHash(sha256: string): string {
  return sha256.length <= 20 ? sha256 : `${sha256.slice(0, 8)}…${sha256.slice(-8)}`;
}

/** What to tell a person about a failure, with the wait that the server asks for. */
export function errorWords(error: unknown): string {
  if (!(error instanceof UploadError)) return "Something went wrong on this page. Reload it and try again.";
  if (error.retryAfter === null || error.status !== 429) return error.message;
  return `${error.message} Try again in ${formatDuration(error.retryAfter)}.`;
}

/** The server's sentence for each field that it did not accept. */
export function fieldProblems(error: unknown): ReadonlyMap<string, string> {
  const fields = error instanceof UploadError ? error.details.fields : undefined;
  if (typeof fields !== "object" || fields === null) return new Map();
  return new Map(
    Object.entries(fields).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
