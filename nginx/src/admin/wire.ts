// The owner's replies as typed values, read once at the edge. Anything else than the contract's shapes throws.

import { type Item, parseItems, parseQuestions, type Question } from "../core/asked";
import { type Declared, type Doubted, doubted, type FieldOf } from "../core/reply";
import { type Due, type DueTerms, parseDue, parseStanding } from "./due";
import { type MailLanguage, mailLanguageOf } from "./mail-language";
import { type Progress, progressOf } from "./progress";
import { type Why, whyOf } from "./reasons";

export type Asked = Declared<"Ask">;
export const ASKED = ["no", "optional", "required"] as const satisfies readonly Asked[];

export type ChatPreview = Declared<"ChatPreview">;
export const CHAT_PREVIEWS = ["server", "yes", "no"] as const satisfies readonly ChatPreview[];

export type CaptchaMode = Declared<"CaptchaMode">;
export const CAPTCHA_MODES = ["never", "after_failures", "always"] as const satisfies readonly CaptchaMode[];

/** What an owner may write on a link, each in a field of that name in the form. */
export const TEXTS = [
  "title",
  "message",
  "note",
  "subfolder",
  "naming",
  "asker",
  "accent",
  "alias",
] as const satisfies readonly FieldOf<Declared<"LinkTerms">, string>[];
export type Texts = Readonly<Record<(typeof TEXTS)[number], string>>;

/** A request link as its owner sees it. Times are milliseconds since 1970; limits are 0 where there is none. */
export interface OwnerLink extends Texts {
  readonly hash: string;
  /** The whole address where the server was told its own, else relative to this server: `/request/<hash>`. */
  readonly url: string;
  readonly folder: string;
  /** Whose it is: `account:ann`, `team:tax`, or `owner`. */
  readonly owner: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** The path of its own logo, or null. */
  readonly logo: string | null;
  readonly active: boolean;
  readonly requiresPassword: boolean;
  readonly maxFileSize: number;
  readonly maxTotalSize: number;
  readonly maxFiles: number;
  /** Days after which a file is deleted; 0 is as the server says. */
  readonly keepDays: number;
  readonly allowedExtensions: readonly string[];
  readonly captcha: CaptchaMode;
  readonly chatPreview: ChatPreview;
  readonly askName: Asked;
  readonly askEmail: Asked;
  /** Who is mailed what arrives, as it is typed: empty for whom the server names, `none` for nobody. */
  readonly notify: string;
  /** In which language people are mailed. */
  readonly language: MailLanguage;
  /** Whether senders are mailed a receipt. */
  readonly confirm: boolean;
  /** When files are due, and for whom it is. */
  readonly due: DueTerms;
  readonly destination: Destination;
  /** Under which its files are found, where they are searched. */
  readonly entity: string;
  /** Whether texts in its files are indexed. */
  readonly search: boolean;
  /** What it asks for, and what it asks about. */
  readonly items: readonly Item[];
  readonly questions: readonly Question[];
}

/** Where files go after the link's folder, as the API says it. */
export type Destination = Declared<"OwnerLink">["destination"];
export const DESTINATIONS = ["folder", "s3", "drive"] as const satisfies readonly Destination["kind"][];

/** A link in the list, with what it has received so far. */
export interface ListedLink extends OwnerLink {
  /** By the server's clock, which decides. */
  readonly expired: boolean;
  /** What a sender would meet. */
  readonly state: LinkState;
  /** How it stands to its date. */
  readonly standing: Due;
  readonly filesReceived: number;
  readonly bytesReceived: number;
  readonly uploadsOpen: number;
  /** Of the newest file that was not taken back; null where there is none. */
  readonly lastReceivedAt: number | null;
  readonly lastSender: string | null;
  /** How many files have ever arrived: up to this one all has been shown where they are. */
  readonly filesArrived: number;
  /** How many received files the owner has not seen. */
  readonly filesNew: number;
  /** Up to when all that had arrived was taken in archives; null before that. */
  readonly takenUntil: number | null;
  /** How far people have got; null where nobody is known. */
  readonly progress: Progress | null;
}

export type LinkState = Declared<"LinkState">;
export const LINK_STATES = ["open", "full", "expired", "closed"] as const satisfies readonly LinkState[];

export interface ReceivedFile {
  readonly uploadId: string;
  readonly path: string;
  readonly size: number;
  readonly receivedAt: number;
  /** What its sender said; null where they said nothing. */
  readonly lastModified: number | null;
  /** Null until the server has read the file for it. */
  readonly sha256: string | null;
  /** Another file of the link with the same content; null where there is none. */
  readonly sameAs: string | null;
  /** What its sender called it, where the link's rule calls it otherwise. */
  readonly sentName: string | null;
  readonly senderName: string | null;
  readonly senderEmail: string | null;
  /** Of the checklist; null for none. */
  readonly item: string | null;
  /** What kind of file it is, by its extension: `picture`, `video` … */
  readonly type: string;
  /** Null where it goes nowhere else. */
  readonly passedOn: PassedOn | null;
}

/** How a file gets on to its link's destination. */
export interface PassedOn {
  readonly state: string;
  /** Why it failed the last time. */
  readonly why: Why | null;
  /** Where it stands once it is done. */
  readonly remote: string | null;
}

export function parseLink(value: unknown): OwnerLink {
  const fields = doubted<Declared<"OwnerLink">>(value);
  return {
    hash: text(fields, "hash"),
    // How this page was reached, the browser knows better than a server behind a proxy.
    url: fields.link_as_asked === false ? text(fields, "link") : text(fields, "url"),
    folder: text(fields, "folder"),
    owner: text(fields, "owner"),
    ...(Object.fromEntries(TEXTS.map((name) => [name, text(fields, name)])) as Texts),
    createdAt: number(fields, "created_at") * 1_000,
    expiresAt: fields.expires_at == null ? null : number(fields, "expires_at") * 1_000,
    logo: optionalText(fields.logo) || null,
    active: fields.active !== false,
    requiresPassword: fields.requires_password === true,
    maxFileSize: number(fields, "max_file_size"),
    maxTotalSize: number(fields, "max_total_size"),
    maxFiles: number(fields, "max_files"),
    keepDays: number(fields, "keep_days"),
    allowedExtensions: list(fields, "allowed_extensions").map(String),
    captcha: oneOf(CAPTCHA_MODES, fields.captcha),
    chatPreview: oneOf(CHAT_PREVIEWS, fields.chat_preview),
    askName: oneOf(ASKED, fields.ask_name),
    askEmail: oneOf(ASKED, fields.ask_email),
    notify: addressesOf(fields.notify),
    language: mailLanguageOf(fields.language),
    confirm: fields.confirm === true,
    due: parseDue(fields),
    destination: destinationOf(fields.destination),
    entity: text(fields, "entity"),
    search: fields.search === true,
    items: parseItems(fields.items),
    questions: parseQuestions(fields.questions),
  };
}

/** All links, and for how many hours one is open of which nothing is said; 0 is for ever. */
export interface LinkList {
  readonly links: readonly ListedLink[];
  readonly usualHours: number;
}

export function parseLinks(value: unknown): LinkList {
  const fields = doubted<Declared<"LinkList">>(value);
  return {
    links: list(fields, "requests").map(parseListed),
    usualHours: number(fields, "default_expires_hours"),
  };
}

function parseListed(value: unknown): ListedLink {
  const fields = doubted<Declared<"ListedLink">>(value);
  return {
    ...parseLink(fields),
    expired: fields.expired === true,
    state: oneOf(LINK_STATES, fields.state),
    standing: parseStanding(fields.due),
    filesReceived: number(fields, "files_received"),
    bytesReceived: number(fields, "bytes_received"),
    uploadsOpen: number(fields, "uploads_open"),
    lastReceivedAt: fields.last_received_at == null ? null : number(fields, "last_received_at") * 1_000,
    lastSender: optionalText(fields.last_sender),
    filesArrived: number(fields, "files_arrived"),
    filesNew: number(fields, "files_new"),
    takenUntil: fields.taken_until == null ? null : number(fields, "taken_until") * 1_000,
    progress: progressOf(fields),
  };
}

/** What became of one of many files. */
export interface OneOfMany {
  readonly uploadId: string;
  /** Until when a deleted one can be restored, or the path that a restored one has. */
  readonly result: string | number | null;
  readonly refusal: { readonly words: string; readonly code: string; readonly status: number } | null;
}

export interface ManyReply {
  readonly outcomes: readonly OneOfMany[];
}

export function parseMany(value: unknown): ManyReply {
  const reply = doubted<Declared<"DeletedMany"> | Declared<"RestoredMany">>(value);
  return { outcomes: list(reply, "files").map(oneOfMany) };
}

function oneOfMany(value: unknown): OneOfMany {
  const fields = doubted<Declared<"Deleted"> & Declared<"Restored"> & Declared<"FileRefused">>(value);
  const uploadId = text(fields, "upload_id");
  const { code, restorable_until: until } = fields;
  if (typeof code !== "string")
    return { uploadId, result: typeof until === "number" ? until : optionalText(fields.path), refusal: null };
  return {
    uploadId,
    result: null,
    refusal: { words: text(fields, "error"), code, status: number(fields, "status") },
  };
}

export function parseSelected(value: unknown): string {
  return text(doubted<Declared<"Selected">>(value), "id");
}

/** How many files somebody has sent. */
export interface SenderFiles {
  readonly name: string | null;
  readonly email: string | null;
  readonly files: number;
}

export function parseSenders(value: unknown): readonly SenderFiles[] {
  return list(doubted<Declared<"SenderList">>(value), "senders").map((each) => {
    const fields = doubted<Declared<"SenderFiles">>(each);
    return {
      name: optionalText(fields.sender_name),
      email: optionalText(fields.sender_email),
      files: number(fields, "files"),
    };
  });
}

/** Some of a list; `nextCursor` leads to what comes after them and is null where there is nothing. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Some of a link's files; where it was asked for, with how much there is in all. */
export interface FilePage extends Page<ReceivedFile> {
  readonly found: {
    readonly files: number;
    readonly bytes: number;
    /** Seconds, as the server writes them: they are sent back. */
    readonly newestAt: number | null;
    readonly restorable: boolean;
    /** Bytes of what had been received before, where that was asked for. */
    readonly again: number | null;
  } | null;
}

export function parseFilePage(value: unknown): FilePage {
  const page = parseFiles(value);
  const { found } = doubted<Declared<"FileList">>(value);
  if (found == null) return { ...page, found: null };
  const fields = doubted<Declared<"FoundFiles">>(found);
  return {
    ...page,
    found: {
      files: number(fields, "files"),
      bytes: number(fields, "bytes"),
      newestAt: typeof fields.newest_at === "number" ? fields.newest_at : null,
      restorable: fields.restorable !== false,
      again: typeof fields.again === "number" ? fields.again : null,
    },
  };
}

export function parseFiles(value: unknown): Page<ReceivedFile> {
  const reply = doubted<Declared<"FileList">>(value);
  const items = list(reply, "files").map((each) => {
    const fields = doubted<Declared<"ReceivedFile">>(each);
    return {
      uploadId: text(fields, "upload_id"),
      path: text(fields, "path"),
      size: number(fields, "size"),
      receivedAt: number(fields, "received_at") * 1_000,
      lastModified: typeof fields.last_modified === "number" ? fields.last_modified * 1_000 : null,
      sha256: optionalText(fields.sha256),
      sameAs: optionalText(fields.same_as),
      sentName: optionalText(fields.sent_name),
      senderName: optionalText(fields.sender_name),
      senderEmail: optionalText(fields.sender_email),
      item: optionalText(fields.item),
      type: optionalText(fields.type) ?? "other",
      passedOn: passedOnOf(fields.passed_on),
    };
  });
  return { items, nextCursor: optionalText(reply.next_cursor) };
}

/** A file on its way. */
export interface OpenUpload {
  readonly uploadId: string;
  readonly path: string;
  readonly size: number;
  readonly received: number;
  readonly openedAt: number;
  /** Seconds since the last of it came, by the server's clock. */
  readonly silence: number;
  readonly senderName: string | null;
  readonly senderEmail: string | null;
  readonly address: string | null;
  /** Bytes a second, lately. */
  readonly speed: number;
}

export function parseUploads(value: unknown): Page<OpenUpload> {
  const reply = doubted<Declared<"OpenUploadList">>(value);
  const at = number(reply, "at");
  const items = list(reply, "uploads").map((each) => {
    const fields = doubted<Declared<"OpenUpload">>(each);
    return {
      uploadId: text(fields, "upload_id"),
      path: text(fields, "path"),
      size: number(fields, "size"),
      received: number(fields, "received_bytes"),
      openedAt: number(fields, "opened_at") * 1_000,
      silence: Math.max(0, at - number(fields, "active_at")),
      senderName: optionalText(fields.sender_name),
      senderEmail: optionalText(fields.sender_email),
      address: optionalText(fields.address),
      speed: number(fields, "bytes_per_second"),
    };
  });
  return { items, nextCursor: optionalText(reply.next_cursor) };
}

/** How many uploads were cancelled, and how many are still there. */
export interface Stopped {
  readonly cancelled: number;
  readonly left: number;
}

export function parseStopped(value: unknown): Stopped {
  const fields = doubted<Declared<"Stopped">>(value);
  return { cancelled: number(fields, "cancelled"), left: number(fields, "left") };
}

function addressesOf(value: unknown): string {
  if (!Array.isArray(value)) return "";
  return value.length === 0 ? "none" : value.map(String).join(", ");
}

function destinationOf(value: unknown): Destination {
  if (value == null) return { kind: "folder" };
  const kind = oneOf(DESTINATIONS, doubted<Destination>(value).kind);
  if (kind === "s3") {
    const fields = doubted<Declared<"S3Destination">>(value);
    return { kind, bucket: text(fields, "bucket"), prefix: text(fields, "prefix") };
  }
  if (kind === "folder") return { kind };
  return { kind, folder_id: text(doubted<Declared<"DriveDestination">>(value), "folder_id") };
}

function passedOnOf(value: unknown): PassedOn | null {
  if (value == null) return null;
  const fields = doubted<Declared<"PassedOn">>(value);
  return {
    state: text(fields, "state"),
    why: fields.error == null ? null : whyOf(fields.error, fields),
    remote: optionalText(fields.remote),
  };
}

export function text<T>(fields: Doubted<T>, name: FieldOf<T, string>): string {
  const value: unknown = fields[name];
  if (typeof value !== "string") throw new TypeError(`${name} is not a text`);
  return value;
}

export function optionalText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function number<T>(fields: Doubted<T>, name: FieldOf<T, number>): number {
  const value: unknown = fields[name];
  if (typeof value !== "number" || value < 0) throw new TypeError(`${name} is not a number`);
  return value;
}

export function list<T>(fields: Doubted<T>, name: FieldOf<T, readonly unknown[]>): readonly unknown[] {
  const value: unknown = fields[name];
  if (!Array.isArray(value)) throw new TypeError(`${name} is not a list`);
  return value;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new TypeError(`${String(value)} is none of ${known.join(", ")}`);
  return found;
}

/** One mail that somebody is told something by. */
export interface Told {
  readonly id: string;
  readonly recipient: string;
  readonly state: string;
  /** What the mail server said last. */
  readonly why: Why;
}

export function parseTold(value: unknown): Told {
  const fields = doubted<Declared<"MessageReply">>(value);
  return {
    id: text(fields, "id"),
    recipient: text(fields, "recipient"),
    state: text(fields, "state"),
    why: whyOf(fields.answer, fields),
  };
}

export function parseMails(value: unknown): readonly Told[] {
  return list(doubted<Declared<"OnTheirWay">>(value), "messages").map(parseTold);
}
