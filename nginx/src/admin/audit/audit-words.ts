// What the log says of an act.

import { formatBytes, formatList } from "../format";
import { type DeskKey, isKey, joined, t } from "../i18n";
import { visibleName } from "../visible";
import type { ActCode, Entry, Facts } from "./audit-wire";

/** Acts as they are chosen from, by what they are about. */
export const ACTS = {
  about_files: [
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
  about_links: [
    "link_made",
    "link_changed",
    "link_closed",
    "link_reopened",
    "link_deleted",
    "link_sent",
    "people_reminded",
    "template_made",
    "template_changed",
    "template_removed",
  ],
  about_checklists: ["item_accepted", "item_returned", "item_reopened"],
  about_shares: ["share_made", "share_changed", "share_removed", "share_downloaded"],
  about_logins: ["logged_in", "log_in_failed", "logged_out", "session_ended"],
  about_accounts: [
    "account_made",
    "account_changed",
    "account_removed",
    "password_changed",
    "invitation_made",
    "invitation_removed",
    "second_factor_on",
    "second_factor_off",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "passkey_copied",
    "identity_added",
    "identity_removed",
    "key_made",
    "key_revoked",
  ],
  about_messages: [
    "message_asked_again",
    "test_sent",
    "endpoint_made",
    "endpoint_changed",
    "endpoint_secret_renewed",
    "endpoint_removed",
  ],
  about_server: [
    "purge_ran",
    "backup_made",
    "catalogue_moved",
    "entity_forgotten",
    "settings_changed",
    "audit_exported",
    "audit_erased",
  ],
} as const satisfies Partial<Record<DeskKey, readonly ActCode[]>>;

export function actWords(act: string): string {
  const key = `act_${act}`;
  return isKey(key) ? t(key) : act.replaceAll("_", " ");
}

const NAMES: Readonly<Record<string, DeskKey>> = {
  owner: "you",
  sender: "a_sender",
  receiver: "a_receiver",
  stranger: "a_stranger",
  service: "the_server",
};

const BY_KEY = /^key (.+)$/;

/** "You", "You (root)", "The server": of who is known by a name, that name; and by which key it was done. */
export function actorWords(entry: Entry): string {
  const name = whoWords(entry);
  const key = BY_KEY.exec(entry.way)?.[1];
  return key === undefined ? name : t("by_key", { name, key: visibleName(key) });
}

function whoWords({ actor, way, facts }: Entry): string {
  const [kind = "", ...rest] = actor.split(":");
  const name = visibleName(rest.join(":"));
  if (kind === "service") return t("the_server");
  if (kind === "sender" && typeof facts.sender === "string") return visibleName(facts.sender);
  if (name !== "") return kind === "owner" && way === "command" ? t("by_command", { name }) : name;
  const who = NAMES[kind];
  return who === undefined ? kind : t(who);
}

/** What an act was about: the path of a file, which terms, to whom. */
export function factWords(entry: Entry): string {
  const { facts } = entry;
  const words = [
    textOf(facts, "path"),
    textOf(facts, "template"),
    textOf(facts, "account"),
    textOf(facts, "key"),
    textOf(facts, "role"),
    entry.act === "link_changed" ? formatList(listOf(facts, "changed").map(termWords)) : "",
    entry.act === "link_sent" || entry.act === "test_sent"
      ? t("to_whom", { addresses: formatList(listOf(facts, "to")) })
      : "",
    entry.act === "settings_changed" ? formatList(listOf(facts, "settings").map(termWords)) : "",
    sizeWords(facts),
    triesWords(facts),
    textOf(facts, "reason"),
    entry.act === "purge_ran" ? purgeWords(facts) : "",
    entry.act === "backup_made" ? t("into_folder", { folder: textOf(facts, "folder") }) : "",
    entry.act === "audit_erased" ? t("rows", { count: numberOf(facts, "rows") }) : "",
  ];
  return joined(...words.map(visibleName));
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

/** Terms by the names that a link's page has for them. */
const TERMS: Readonly<Record<string, DeskKey>> = {
  title: "title",
  folder: "folder",
  message: "term_message",
  note: "term_note",
  subfolder: "term_subfolder",
  naming: "term_naming",
  language: "term_language",
  asker: "term_asker",
  accent: "term_accent",
  alias: "term_alias",
  logo: "term_logo",
  password: "password",
  expires_at: "term_expires",
  expires_hours: "term_expires",
  recipient_name: "term_for",
  recipient_email: "term_for_email",
  recipient_language: "term_for_language",
  due_at: "term_due",
  allow_late: "term_late",
  reminders: "term_reminders",
  max_file_size: "term_file_size",
  max_total_size: "term_total_size",
  max_files: "term_files",
  keep_days: "term_kept",
  allowed_extensions: "term_types",
  ask_name: "term_name",
  ask_email: "term_email",
  notify: "term_notify",
  confirm: "term_confirm",
  destination: "term_destination",
  search: "term_search",
  items: "term_items",
  questions: "term_questions",
  captcha: "term_captcha",
  chat_preview: "term_chat_preview",
};

function termWords(term: string): string {
  const key = TERMS[term];
  return key === undefined ? term.replaceAll("_", " ") : t(key);
}

function sizeWords(facts: Facts): string {
  const files = facts.files === undefined ? "" : t("files", { count: numberOf(facts, "files") });
  const size = facts.size === undefined ? "" : formatBytes(numberOf(facts, "size")).replace(" ", "\u00a0");
  return formatList([files, size].filter((each) => each !== ""));
}

function triesWords(facts: Facts): string {
  return facts.tries === undefined ? "" : t("tries", { count: numberOf(facts, "tries") });
}

function purgeWords(facts: Facts): string {
  const found = [
    ["uploads_removed", "purged_uploads"],
    ["files_deleted", "files"],
    ["removed_from_bin", "purged_bin"],
    ["audit_rows_removed", "purged_rows"],
  ] as const;
  const words = found
    .map(([name, key]) => [numberOf(facts, name), key] as const)
    .filter(([count]) => count > 0)
    .map(([count, key]) => t(key, { count }));
  return words.length === 0 ? t("purged_nothing") : t("purged", { what: formatList(words) });
}
