// What a link asks for: items of its checklist and the owner's questions, and how they stand. Read with doubt, as all that a
// server says: what is not of the contract's shape throws, or is taken for nothing where it need not be there.

import { type Declared, doubted } from "./reply";

/** What a sender is to send. */
export interface Item {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  /** Files it takes to count as sent. */
  readonly count: number;
  /** Files it takes at most; 0 for any number. */
  readonly most: number;
  /** Lower case, without dots; empty for what the link takes. */
  readonly extensions: readonly string[];
  /** A text, or an address. */
  readonly example: string;
}

export const QUESTION_KINDS = ["text", "choice", "date", "agree"] as const;
export type QuestionKind = (typeof QUESTION_KINDS)[number];

export interface Question {
  readonly id: string;
  readonly label: string;
  readonly kind: QuestionKind;
  readonly required: boolean;
  /** Of a choice; else empty. */
  readonly choices: readonly string[];
}

/** `needed`: something is missing · `sent`: the owner has not looked at it · `accepted` · `returned`, with a note. */
export const ITEM_STATES = ["needed", "sent", "accepted", "returned"] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** By the ids of questions; a date as `2026-11-29`. */
export type Answers = Readonly<Record<string, string | boolean>>;

/** A file that a sender has sent for an item. */
export interface ItemFile {
  readonly uploadId: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** How an item stands with its sender. */
export interface ItemStanding {
  readonly id: string;
  readonly state: ItemState;
  readonly note: string;
  /** The newest of them. */
  readonly files: readonly ItemFile[];
  readonly filesTotal: number;
}

export interface Checklist {
  readonly items: readonly ItemStanding[];
  readonly answers: Answers;
  readonly finished: boolean;
}

export function parseItems(value: unknown): Item[] {
  return listOf(value).map((each) => {
    const fields = doubted<Declared<"ShownItem">>(each);
    return {
      id: text(fields.id),
      title: text(fields.title),
      description: optional(fields.description),
      required: fields.required !== false,
      count: counted(fields.count) || 1,
      most: counted(fields.most),
      extensions: listOf(fields.extensions).map(String),
      example: optional(fields.example),
    };
  });
}

export function parseQuestions(value: unknown): Question[] {
  return listOf(value).map((each) => {
    const fields = doubted<Declared<"ShownQuestion">>(each);
    return {
      id: text(fields.id),
      label: text(fields.label),
      kind: known(QUESTION_KINDS, fields.kind),
      required: fields.required === true,
      choices: listOf(fields.choices).map(String),
    };
  });
}

export function parseChecklist(value: unknown): Checklist {
  const fields = doubted<Declared<"OwnChecklist">>(value);
  return {
    items: listOf(fields.items).map(standing),
    answers: parseAnswers(fields.answers),
    finished: fields.finished === true,
  };
}

export function parseAnswers(value: unknown): Answers {
  const pairs = Object.entries(doubted<Answers>(value ?? {}));
  return Object.fromEntries(
    pairs.filter((pair): pair is [string, string | boolean] =>
      ["string", "boolean"].includes(typeof pair[1]),
    ),
  );
}

function standing(value: unknown): ItemStanding {
  const fields = doubted<Declared<"ItemStanding">>(value);
  const files = listOf(fields.files).map((each) => {
    const file = doubted<Declared<"SentFile">>(each);
    return {
      uploadId: text(file.upload_id),
      name: text(file.name),
      size: counted(file.size),
      receivedAt: typeof file.received_at === "number" ? file.received_at * 1_000 : 0,
    };
  });
  return {
    id: text(fields.id),
    state: known(ITEM_STATES, fields.state),
    note: optional(fields.note),
    files,
    filesTotal: Math.max(files.length, counted(fields.files_total)),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("Not a text");
  return value;
}

function optional(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function counted(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

export function known<T extends string>(all: readonly T[], value: unknown): T {
  const found = all.find((each) => each === value);
  if (found === undefined) throw new TypeError(`${String(value)} is none of ${all.join(", ")}`);
  return found;
}
