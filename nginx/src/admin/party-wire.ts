// Who sends to a link and how its checklist stands with each, as typed values.

import { type Answers, ITEM_STATES, type ItemState, known, parseAnswers } from "../core/asked";
import { type Declared, doubted } from "../core/reply";
import type { Page } from "./wire";

/** How an item stands with one of them. */
export interface PartyItem {
  readonly state: ItemState;
  /** The owner's, where it was sent back. */
  readonly note: string;
  readonly files: number;
}

export const PARTY_STATES = ["not_begun", "begun", "finished"] as const;
export type PartyState = (typeof PARTY_STATES)[number];

/** One person or one browser. Times are milliseconds since 1970. */
export interface Party {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly lastAt: number | null;
  readonly files: number;
  readonly bytes: number;
  readonly state: PartyState;
  readonly late: boolean;
  readonly items: ReadonlyMap<string, PartyItem>;
  readonly answers: Answers;
}

/** `sent` is neither of both, as it was. */
export interface Judgement {
  readonly state: "accepted" | "returned" | "sent";
  readonly note: string;
}

export function parseParties(value: unknown): Page<Party> {
  const reply = doubted<Declared<"PartyList">>(value);
  if (!Array.isArray(reply.parties)) throw new TypeError("parties is not a list");
  return { items: reply.parties.map(parseParty), nextCursor: textOf(reply.next_cursor) || null };
}

export function parseParty(value: unknown): Party {
  const fields = doubted<Declared<"PartyView">>(value);
  if (typeof fields.id !== "string") throw new TypeError("id is not a text");
  const items = Object.entries(doubted<Record<string, unknown>>(fields.items ?? {}));
  return {
    id: fields.id,
    name: textOf(fields.name),
    email: textOf(fields.email),
    lastAt: typeof fields.last_at === "number" ? fields.last_at * 1_000 : null,
    files: countOf(fields.files),
    bytes: countOf(fields.bytes),
    state: known(PARTY_STATES, fields.state),
    late: fields.late === true,
    items: new Map(items.map(([id, item]) => [id, parseItem(item)])),
    answers: parseAnswers(fields.answers),
  };
}

function parseItem(value: unknown): PartyItem {
  const fields = doubted<Declared<"PartyItem">>(value);
  return {
    state: known(ITEM_STATES, fields.state),
    note: textOf(fields.note),
    files: countOf(fields.files),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function countOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}
