// What the audit tells, as typed values, read once at the edge. Anything else than the contract's shapes throws.

import { type Declared, doubted } from "../../core/reply";
import { list, number, optionalText, type Page, text } from "../wire";

export type ActCode = Declared<"AuditEntry">["act"];

export interface Entry {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly act: string;
  readonly actor: string;
  readonly address: string;
  readonly way: string;
  readonly link: string | null;
  readonly facts: Facts;
}

/** What else there is to say of an act; what is of no use to this page is absent. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>;

export function parseAudit(value: unknown): Page<Entry> {
  const reply = doubted<Declared<"AuditList">>(value);
  const items = list(reply, "entries").map((each): Entry => {
    const fields = doubted<Declared<"AuditEntry">>(each);
    return {
      id: number(fields, "id"),
      at: number(fields, "at") * 1000,
      act: text(fields, "act"),
      actor: text(fields, "actor"),
      address: text(fields, "address"),
      way: text(fields, "way"),
      link: optionalText(fields.link),
      facts: factsOf(fields.facts),
    };
  });
  return { items, nextCursor: optionalText(reply.next_cursor) };
}

function factsOf(value: unknown): Facts {
  const known: Record<string, string | number | readonly string[]> = {};
  for (const [name, fact] of Object.entries(doubted<Record<string, unknown>>(value))) {
    if (typeof fact === "string" || typeof fact === "number") known[name] = fact;
    else if (Array.isArray(fact)) known[name] = fact.filter((each) => typeof each === "string");
  }
  return known;
}
