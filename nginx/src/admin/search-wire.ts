// What the owner's searches find, as typed values, read once at the edge. Anything else than the contract's shapes throws.

import { type Declared, doubted } from "../core/reply";
import { list, number, optionalText, type Page, text } from "./wire";

/** A part of a file's text, in pieces of which some are what was looked for. */
export interface Passage {
  /** Its number in the text. */
  readonly number: number;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

/** A passage that was found, on a page, slide or sheet; null where there are none. */
export interface FoundPassage extends Passage {
  readonly page: number | null;
}

/** A file whose texts are searched. */
export interface SearchedFile {
  readonly entity: string;
  readonly document: string;
  /** The hash of the link that it came by, or null. */
  readonly link: string | null;
  readonly path: string;
  readonly size: number;
  readonly receivedAt: number;
  readonly sender: string;
  readonly state: string;
  /** Why there is no text, or not all of it. */
  readonly reason: string | null;
}

export interface FoundFile extends SearchedFile {
  readonly passages: readonly FoundPassage[];
}

/** A stretch of a file's text. */
export interface FileText {
  readonly page: number | null;
  readonly lastPage: number | null;
  readonly passages: readonly (Passage & { readonly goesOn: boolean })[];
  readonly previous: Place | null;
  readonly next: Place | null;
}

/** Where a stretch begins. */
export interface Place {
  readonly page: number | null;
  readonly passage: number;
}

/** How many of a link's files are in which state. */
export interface Searched {
  readonly title: string;
  readonly files: number;
  readonly states: ReadonlyMap<string, number>;
}

export function parseFound(value: unknown): Page<FoundFile> {
  const reply = doubted<Declared<"SearchReply">>(value);
  const items = list(reply, "results").map((each) => {
    const fields = doubted<Declared<"Result">>(each);
    return { ...fileOf(each), passages: list(fields, "passages").map(foundPassageOf) };
  });
  return { items, nextCursor: optionalText(reply.next_cursor) };
}

export function parseSearchedFiles(value: unknown): Page<SearchedFile> {
  const reply = doubted<Declared<"DocumentList">>(value);
  return { items: list(reply, "files").map(fileOf), nextCursor: optionalText(reply.next_cursor) };
}

export function parseSearched(value: unknown): Searched {
  const fields = doubted<Declared<"Entity">>(value);
  const states = Object.entries(doubted<Record<string, unknown>>(fields.states));
  return {
    title: text(fields, "title"),
    files: number(fields, "documents"),
    states: new Map(states.map(([state, count]) => [state, Number(count)])),
  };
}

export function parseDocument(value: unknown): { file: SearchedFile; text: FileText | null } {
  const reply = doubted<Declared<"DocumentWithText">>(value);
  return { file: fileOf(value), text: reply.text == null ? null : textOf(reply.text) };
}

function textOf(value: unknown): FileText {
  const fields = doubted<Declared<"Text">>(value);
  return {
    page: pageOf(fields.page),
    lastPage: pageOf(fields.last_page),
    passages: list(fields, "passages").map((each) => {
      const passage = doubted<Declared<"TextPassage">>(each);
      return { ...passageOf(each), goesOn: passage.goes_on === true };
    }),
    previous: placeOf(fields.previous),
    next: placeOf(fields.next),
  };
}

function placeOf(value: unknown): Place | null {
  if (value == null) return null;
  const fields = doubted<Declared<"Place">>(value);
  return { page: pageOf(fields.page), passage: number(fields, "passage") };
}

function fileOf(value: unknown): SearchedFile {
  const fields = doubted<Declared<"Document">>(value);
  return {
    entity: text(fields, "entity"),
    document: text(fields, "document"),
    link: optionalText(fields.link),
    path: text(fields, "path"),
    size: number(fields, "size"),
    receivedAt: number(fields, "received_at") * 1_000,
    sender: text(fields, "sender"),
    state: text(fields, "state"),
    reason: optionalText(fields.reason),
  };
}

function foundPassageOf(value: unknown): FoundPassage {
  return { ...passageOf(value), page: pageOf(doubted<Declared<"Passage">>(value).page) };
}

function passageOf(value: unknown): Passage {
  const fields = doubted<Declared<"TextPassage">>(value);
  // The server counts characters, of which JavaScript takes some for two.
  const letters = [...text(fields, "text")];
  const pieces: Piece[] = [];
  let done = 0;
  const take = (end: number, marked: boolean): void => {
    if (end > done) pieces.push({ text: letters.slice(done, end).join(""), marked });
    done = Math.max(done, end);
  };
  for (const mark of list(fields, "marks")) {
    const [start, end] = Array.isArray(mark) ? mark : [];
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) continue;
    take(Math.min(start, letters.length), false);
    take(Math.min(end, letters.length), true);
  }
  take(letters.length, false);
  return { number: number(fields, "passage"), pieces };
}

function pageOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
