// What the log says of an act.

import { countOf, formatBytes } from "../format";
import { visibleName } from "../visible";
import type { ActCode, Entry, Facts } from "./audit-wire";

/** Acts as they are chosen from, by what they are about. */
export const ACTS: Readonly<Record<string, readonly ActCode[]>> = {
  Files: [
    "file_downloaded",
    "archive_downloaded",
    "file_looked_at",
    "file_deleted",
    "file_restored",
    "file_removed",
    "file_renamed",
    "file_taken_back",
    "upload_cancelled",
    "pass_on_asked",
  ],
  Links: [
    "link_made",
    "link_changed",
    "link_closed",
    "link_reopened",
    "link_deleted",
    "link_sent",
    "people_reminded",
  ],
  Checklists: ["item_accepted", "item_returned", "item_reopened"],
  Shares: ["share_made", "share_changed", "share_removed", "share_downloaded"],
  "Log-ins": ["logged_in", "log_in_failed", "logged_out"],
  Messages: [
    "message_asked_again",
    "test_sent",
    "endpoint_made",
    "endpoint_changed",
    "endpoint_secret_renewed",
    "endpoint_removed",
  ],
  Server: [
    "purge_ran",
    "backup_made",
    "catalogue_moved",
    "entity_forgotten",
    "audit_exported",
    "audit_erased",
  ],
};

const WORDS: Readonly<Record<ActCode, string>> = {
  link_made: "Link made",
  link_changed: "Link changed",
  link_closed: "Link closed",
  link_reopened: "Link opened again",
  link_deleted: "Link deleted",
  link_sent: "Link mailed",
  people_reminded: "People reminded",
  item_accepted: "Item accepted",
  item_returned: "Item sent back",
  item_reopened: "Item to be looked at again",
  upload_cancelled: "Upload cancelled",
  file_downloaded: "File downloaded",
  archive_downloaded: "Archive downloaded",
  file_looked_at: "File looked at",
  file_deleted: "File deleted",
  file_restored: "File restored",
  file_removed: "File removed from the bin",
  file_taken_back: "File taken back",
  pass_on_asked: "Passing on asked for",
  file_renamed: "File renamed",
  share_made: "Files shared",
  share_changed: "Share changed",
  share_removed: "Sharing ended",
  share_downloaded: "Shared files downloaded",
  logged_in: "Logged in",
  log_in_failed: "Log-in failed",
  logged_out: "Logged out",
  message_asked_again: "Message sent again",
  test_sent: "Test message sent",
  endpoint_made: "Endpoint made",
  endpoint_changed: "Endpoint changed",
  endpoint_secret_renewed: "Endpoint given a new secret",
  endpoint_removed: "Endpoint removed",
  entity_forgotten: "Texts forgotten",
  purge_ran: "Purge ran",
  backup_made: "Backup made",
  catalogue_moved: "Catalogue moved",
  audit_exported: "Log exported",
  audit_erased: "Name erased from the log",
};

export function actWords(act: string): string {
  return (WORDS as Readonly<Record<string, string>>)[act] ?? act.replaceAll("_", " ");
}

const NAMES: Readonly<Record<string, string>> = {
  owner: "You",
  sender: "A sender",
  receiver: "A receiver",
  stranger: "A stranger",
  service: "The server",
};

/** "You", "You (root)", "The server": of who is known by a name, that name. */
export function actorWords({ actor, way, facts }: Entry): string {
  const [kind = "", ...rest] = actor.split(":");
  const name = visibleName(rest.join(":"));
  if (kind === "service") return NAMES.service ?? "";
  if (kind === "sender" && typeof facts.sender === "string") return visibleName(facts.sender);
  const who = NAMES[kind] ?? kind;
  if (name !== "") return kind === "owner" && way === "command" ? `${name}, by a command` : name;
  return who;
}

/** What an act was about: the path of a file, which terms, to whom. */
export function factWords(entry: Entry): string {
  const { facts } = entry;
  const words = [
    textOf(facts, "path"),
    entry.act === "link_changed" ? listOf(facts, "changed").map(termWords).join(", ") : "",
    entry.act === "link_sent" || entry.act === "test_sent" ? `to ${listOf(facts, "to").join(", ")}` : "",
    sizeWords(facts),
    triesWords(facts),
    textOf(facts, "reason"),
    entry.act === "purge_ran" ? purgeWords(facts) : "",
    entry.act === "backup_made" ? `into ${textOf(facts, "folder")}` : "",
    entry.act === "audit_erased" ? countOf(numberOf(facts, "rows"), "row") : "",
  ];
  return words
    .filter((each) => each !== "")
    .map(visibleName)
    .join(" · ");
}

function textOf(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === "string" ? value : "";
}

function numberOf(facts: Facts, name: string): number {
  const value = facts[name];
  return typeof value === "number" ? value : 0;
}

function listOf(facts: Facts, name: string): readonly string[] {
  const value = facts[name];
  if (typeof value === "string") return [value];
  return typeof value === "number" || value === undefined ? [] : value;
}

function termWords(term: string): string {
  return term.replaceAll("_", " ");
}

function sizeWords(facts: Facts): string {
  const files = facts.files === undefined ? "" : countOf(numberOf(facts, "files"), "file");
  const size = facts.size === undefined ? "" : formatBytes(numberOf(facts, "size")).replace(" ", "\u00a0");
  return [files, size].filter((each) => each !== "").join(", ");
}

function triesWords(facts: Facts): string {
  return facts.tries === undefined ? "" : `${countOf(numberOf(facts, "tries"), "more try", "more tries")}`;
}

function purgeWords(facts: Facts): string {
  const found = [
    ["uploads_removed", "unfinished upload"],
    ["files_deleted", "file"],
    ["removed_from_bin", "file of the bin"],
    ["audit_rows_removed", "row of this log"],
  ] as const;
  const words = found
    .filter(([name]) => numberOf(facts, name) > 0)
    .map(([name, one]) => countOf(numberOf(facts, name), one, MANY[name]));
  return words.length === 0 ? "Nothing was due" : `Removed ${words.join(", ")}`;
}

const MANY: Readonly<Record<string, string>> = {
  uploads_removed: "unfinished uploads",
  files_deleted: "files",
  removed_from_bin: "files of the bin",
  audit_rows_removed: "rows of this log",
};
