// What the server says of keys for programs.

import { type Declared, doubted } from "../../core/reply";

export interface Key {
  readonly id: string;
  /** Empty for whoever holds the admin token. */
  readonly account: string;
  readonly name: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly usedAt: number | null;
  /** Null where it is good for ever. */
  readonly expiresAt: number | null;
  readonly isOver: boolean;
}

export function parseKeys(value: unknown): readonly Key[] {
  const { keys } = doubted<Declared<"KeyList">>(value);
  if (!Array.isArray(keys)) throw new TypeError("No keys");
  return keys.map(parseKey);
}

/** The key that was made just now. */
export function parseNewKey(value: unknown): string {
  const { key } = doubted<Declared<"NewKeyView">>(value);
  if (typeof key !== "string") throw new TypeError("No key");
  return key;
}

function parseKey(value: unknown): Key {
  const fields = doubted<Declared<"KeyView">>(value);
  if (typeof fields.id !== "string" || typeof fields.name !== "string") throw new TypeError("No key");
  return {
    id: fields.id,
    account: textOf(fields.account),
    name: fields.name,
    hint: textOf(fields.hint),
    scopes: Array.isArray(fields.scopes) ? fields.scopes.filter((each) => typeof each === "string") : [],
    usedAt: momentOf(fields.used_at),
    expiresAt: momentOf(fields.expires_at),
    isOver: fields.expired === true,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function momentOf(value: unknown): number | null {
  return typeof value === "number" ? value * 1_000 : null;
}
