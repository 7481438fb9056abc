// Browsers that are told what arrives, as typed values.

import type { components } from "../../core/contract";

type Replies = components["schemas"];

export interface Browser {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly active: boolean;
  readonly failingSince: number | null;
}

export interface Pushes {
  /** What to subscribe with. */
  readonly key: string;
  readonly browsers: readonly Browser[];
}

export function parseBrowser(value: unknown): Browser {
  const reply = value as Replies["BrowserReply"];
  const since = reply.failing_since;
  return {
    id: String(reply.id),
    name: String(reply.name),
    createdAt: Number(reply.created_at) * 1_000,
    active: reply.active === true,
    failingSince: typeof since === "number" ? since * 1_000 : null,
  };
}

export function parsePushes(value: unknown): Pushes {
  const { key, browsers } = value as Replies["PushReply"];
  if (typeof key !== "string" || !Array.isArray(browsers)) throw new TypeError("No browsers");
  return { key, browsers: browsers.map(parseBrowser) };
}
