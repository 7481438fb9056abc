// What the server says, by its own declaration (contract.ts), and still to be read with doubt: names and kinds of fields are
// checked when this is compiled, their values when they come.

import type { components } from "./contract";

type Schemas = components["schemas"];

/** A reply, or a body, as docs/openapi.json declares it. */
export type Declared<Name extends keyof Schemas> = Schemas[Name];

declare const declared: unique symbol;

/** An object that should be a `T` and may hold anything. */
export type Doubted<T> = { readonly [Name in keyof T]?: unknown } & { readonly [declared]?: T };

/** The names of the fields of `T` that are declared to be a `Kind`, or null, or to be absent at times. */
export type FieldOf<T, Kind> = {
  [Name in keyof T]-?: NonNullable<T[Name]> extends Kind ? Name : never;
}[keyof T] &
  string;

/** Throws a `TypeError` where it is no object. */
export function doubted<T>(value: unknown): Doubted<T> {
  if (typeof value !== "object" || value === null) throw new TypeError("Not an object");
  return value as Doubted<T>;
}
