// What the server says of endpoints and of messages.

import { type Declared, doubted } from "../../core/reply";
import { type Why, whyOf } from "../reasons";

/** Where messages go that are no mails. */
export interface Endpoint {
  readonly id: string;
  /** `webhook`, `chat` or `push`. */
  readonly way: string;
  /** Of a chat without what it holds of secrets; of a browser what people call it. */
  readonly url: string;
  readonly kinds: readonly string[];
  /** The only link that it is told of; null for all. */
  readonly link: string | null;
  readonly isActive: boolean;
  /** Since when it takes nothing; null where it does. */
  readonly failingSince: number | null;
}

export interface Made {
  readonly endpoint: Endpoint;
  /** Told this once; empty where nothing is signed. */
  readonly secret: string;
}

/** One thing that one recipient is told. */
export interface Message {
  readonly id: string;
  readonly kind: string;
  /** An address, or the id of an endpoint. */
  readonly recipient: string;
  readonly title: string;
  readonly files: number | null;
  readonly state: string;
  readonly createdAt: number;
  readonly tries: number;
  /** When it is tried; null where it is not. */
  readonly nextAt: number | null;
  /** What the other side said last, or why it could not be asked. */
  readonly why: Why;
  readonly doneAt: number | null;
}

export interface MessagePage {
  readonly messages: readonly Message[];
  /** Where the next page begins; null at the end. */
  readonly cursor: string | null;
}

export function parseEndpoints(value: unknown): readonly Endpoint[] {
  return listOf(doubted<Declared<"EndpointList">>(value).endpoints).map(parseEndpoint);
}

export function parseEndpoint(value: unknown): Endpoint {
  const fields = doubted<Declared<"EndpointReply">>(value);
  if (typeof fields.id !== "string" || typeof fields.url !== "string") throw new TypeError("No endpoint");
  return {
    id: fields.id,
    way: textOf(fields.way),
    url: fields.url,
    kinds: Array.isArray(fields.kinds) ? fields.kinds.filter((each) => typeof each === "string") : [],
    link: typeof fields.link === "string" ? fields.link : null,
    isActive: fields.active === true,
    failingSince: momentOf(fields.failing_since),
  };
}

export function parseMade(value: unknown): Made {
  return { endpoint: parseEndpoint(value), secret: textOf(doubted<Declared<"EndpointMade">>(value).secret) };
}

export function parseMessage(value: unknown): Message {
  const fields = doubted<Declared<"MessageReply">>(value);
  if (typeof fields.id !== "string" || typeof fields.created_at !== "number")
    throw new TypeError("No message");
  return {
    id: fields.id,
    kind: textOf(fields.kind),
    recipient: textOf(fields.recipient),
    title: textOf(fields.title),
    files: typeof fields.files === "number" ? fields.files : null,
    state: textOf(fields.state),
    createdAt: fields.created_at * 1_000,
    tries: typeof fields.tries === "number" ? fields.tries : 0,
    nextAt: momentOf(fields.next_at),
    why: whyOf(fields.answer, fields),
    doneAt: momentOf(fields.done_at),
  };
}

export function parsePage(value: unknown): MessagePage {
  const { messages, next_cursor } = doubted<Declared<"MessageList">>(value);
  return {
    messages: listOf(messages).map(parseMessage),
    cursor: typeof next_cursor === "string" && next_cursor !== "" ? next_cursor : null,
  };
}

/** The messages that a test became. */
export function parseTests(value: unknown): readonly Message[] {
  return listOf(doubted<Declared<"OnTheirWay">>(value).messages).map(parseMessage);
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("Not a list");
  return value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function momentOf(value: unknown): number | null {
  return typeof value === "number" ? value * 1_000 : null;
}
