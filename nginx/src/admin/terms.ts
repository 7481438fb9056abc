// What an owner may set on a link: from the texts in a form to the fields of the API, and which of them changed.

import type { Item, Question } from "../core/asked";
import type { Declared } from "../core/reply";
import { dueTerms, type TypedDue, typedDue } from "./due";
import type { MailLanguage } from "./mail-language";
import { joinSize, type Size } from "./sizes";
import {
  type Asked,
  type CaptchaMode,
  type ChatPreview,
  type Destination,
  type OwnerLink,
  TEXTS,
  type Texts,
} from "./wire";

/** The fields of the API; what is absent stays as it is. */
export type Terms = Declared<"LinkTerms">;

/** `keep` leaves the expiry as it is, `usual` leaves it to the server, `custom` takes the hours that were typed, all others are hours. */
export type ExpiryChoice = string;

/** As they are typed: what is new has no id yet. */
export type TypedItem = Omit<Item, "id"> & { readonly id?: string };
export type TypedQuestion = Omit<Question, "id"> & { readonly id?: string };

export interface TypedTerms extends Texts {
  readonly expiry: ExpiryChoice;
  readonly hours: string;
  /** Empty is none on a new link, and the same as before on an old one. */
  readonly password: string;
  readonly removePassword: boolean;
  readonly fileSize: Size;
  readonly totalSize: Size;
  readonly files: string;
  readonly keepDays: string;
  readonly extensions: string;
  readonly captcha: CaptchaMode;
  readonly chatPreview: ChatPreview;
  readonly askName: Asked;
  readonly askEmail: Asked;
  readonly notify: string;
  readonly confirm: boolean;
  readonly language: MailLanguage;
  readonly due: TypedDue;
  readonly destination: Destination;
  readonly search: boolean;
  readonly items: readonly TypedItem[];
  readonly questions: readonly TypedQuestion[];
}

/** All terms of a new link. */
export function termsOf(typed: TypedTerms): Terms {
  return { ...lastingTerms(typed), ...expiryTerms(typed), ...passwordTerms(typed) };
}

/** Only what differs from the link, so that two owners at work on it do not undo each other's changes. */
export function changedTerms(typed: TypedTerms, link: OwnerLink): Terms {
  const before = new Map<string, unknown>(Object.entries(standingTerms(link)));
  const changed = Object.entries(lastingTerms(typed)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before.get(name)),
  );
  return { ...Object.fromEntries(changed), ...expiryTerms(typed), ...passwordTerms(typed) };
}

function lastingTerms(typed: TypedTerms) {
  return {
    ...textsOf(typed),
    max_file_size: joinSize(typed.fileSize),
    max_total_size: joinSize(typed.totalSize),
    max_files: countOf(typed.files),
    keep_days: countOf(typed.keepDays),
    allowed_extensions: splitExtensions(typed.extensions),
    captcha: typed.captcha,
    chat_preview: typed.chatPreview,
    ask_name: typed.askName,
    ask_email: typed.askEmail,
    notify: typed.notify.trim(),
    confirm: typed.confirm,
    language: typed.language,
    ...dueTerms(typed.due),
    destination: typed.destination,
    search: typed.search,
    items: typed.items.map(itemTerms),
    questions: typed.questions.map(questionTerms),
  };
}

function standingTerms(link: OwnerLink): Terms {
  return {
    ...textsOf(link),
    max_file_size: link.maxFileSize,
    max_total_size: link.maxTotalSize,
    max_files: link.maxFiles,
    keep_days: link.keepDays,
    allowed_extensions: link.allowedExtensions,
    captcha: link.captcha,
    chat_preview: link.chatPreview,
    ask_name: link.askName,
    ask_email: link.askEmail,
    notify: link.notify,
    confirm: link.confirm,
    language: link.language,
    ...dueTerms(typedDue(link.due)),
    destination: link.destination,
    search: link.search,
    items: link.items.map(itemTerms),
    questions: link.questions.map(questionTerms),
  };
}

/** In one order of its fields, so that two that are the same read the same. */
function itemTerms(item: TypedItem): TypedItem {
  const { id, title, description, required, count, most, extensions, example } = item;
  const named = id === undefined ? {} : { id };
  return { ...named, title, description, required, count, most, extensions, example };
}

function questionTerms({ id, label, kind, required, choices }: TypedQuestion): TypedQuestion {
  return { ...(id === undefined ? {} : { id }), label, kind, required, choices };
}

function textsOf(from: Texts): Texts {
  return Object.fromEntries(TEXTS.map((name) => [name, from[name].trim()])) as Texts;
}

function expiryTerms({ expiry, hours }: TypedTerms): Terms {
  if (expiry === "keep" || expiry === "usual") return {};
  return { expires_hours: Number(expiry === "custom" ? hours : expiry) };
}

function passwordTerms({ password, removePassword }: TypedTerms): Terms {
  if (removePassword) return { password: "" };
  return password === "" ? {} : { password };
}

function countOf(text: string): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** "JPG, .png zip" are three extensions: in lower case, without dots, each once. */
export function splitExtensions(text: string): string[] {
  const names = text.split(/[\s,;]+/).map((each) => each.replace(/^\*?\.+/, "").toLowerCase());
  return [...new Set(names.filter((each) => each !== "" && each !== "*"))];
}

const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";
const PASSWORD_GROUPS = 4;
const GROUP_CHARACTERS = 4;

/**
 * A password that can be read out over the telephone: about 79 bits, no letters that look alike. `random` fills an
 * array with random bytes, as `crypto.getRandomValues` does.
 */
export function makePassword(random: (bytes: Uint8Array<ArrayBuffer>) => unknown): string {
  const letters: string[] = [];
  const byte = new Uint8Array(1);
  while (letters.length < PASSWORD_GROUPS * GROUP_CHARACTERS) {
    random(byte);
    // Of 256 values, the last eight would make the first eight letters more likely than the others.
    const drawn = byte[0] ?? 0;
    if (drawn < 256 - (256 % ALPHABET.length)) letters.push(ALPHABET.charAt(drawn % ALPHABET.length));
  }
  const groups = Array.from({ length: PASSWORD_GROUPS }, (_, n) =>
    letters.slice(n * GROUP_CHARACTERS, (n + 1) * GROUP_CHARACTERS).join(""),
  );
  return groups.join("-");
}
