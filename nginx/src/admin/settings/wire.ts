// What the server says of settings.

import { type Declared, doubted } from "../../core/reply";
import { type Why, whyOf } from "../reasons";

export type Source = "environment" | "page" | "default";

export interface MailServer {
  readonly secure: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hasPassword: boolean;
}

export interface Setting {
  readonly name: string;
  readonly variable: string;
  readonly group: string;
  readonly kind: string;
  readonly about: string;
  readonly unit: string;
  readonly value: string;
  readonly server: MailServer | null;
  readonly default: string;
  readonly source: Source;
  readonly least: number | null;
  readonly most: number | null;
  /** The words that it may be; empty where it is no choice. */
  readonly choices: readonly string[];
  readonly isWhole: boolean;
}

export interface Logo {
  readonly isShown: boolean;
  readonly source: Source;
  readonly variable: string;
}

export interface Settings {
  readonly settings: readonly Setting[];
  readonly logo: Logo;
}

/** A mail server as it is typed: without a password the one goes on that is kept. */
export interface TypedServer {
  readonly secure: string;
  readonly host: string;
  readonly port: number | null;
  readonly user: string;
  readonly password?: string;
}

export type Changes = Readonly<Record<string, string | TypedServer | null>>;

export interface Tested {
  readonly isTaken: boolean;
  readonly why: Why;
}

/** Throws a `TypeError` where it is something else. */
export function parseSettings(value: unknown): Settings {
  const found = doubted<Declared<"SettingsReply">>(value);
  if (!Array.isArray(found.settings)) throw new TypeError("No settings");
  const logo = doubted<Declared<"LogoReply">>(found.logo);
  return {
    settings: found.settings.map(parseSetting),
    logo: { isShown: logo.shown === true, source: source(logo.source), variable: text(logo.variable) },
  };
}

export function parseTested(value: unknown): Tested {
  const found = doubted<Declared<"TestedMail">>(value);
  return { isTaken: found.taken === true, why: whyOf(found.answer, found) };
}

function parseSetting(value: unknown): Setting {
  const found = doubted<Declared<"SettingReply">>(value);
  return {
    name: text(found.name),
    variable: text(found.variable),
    group: text(found.group),
    kind: text(found.kind),
    about: text(found.about),
    unit: text(found.unit),
    value: found.value === null ? "" : text(found.value),
    server: found.parts === null ? null : parseServer(found.parts),
    default: text(found.default),
    source: source(found.source),
    least: typeof found.least === "number" ? found.least : null,
    most: typeof found.most === "number" ? found.most : null,
    choices: Array.isArray(found.choices) ? found.choices.map(text) : [],
    isWhole: found.whole === true,
  };
}

function parseServer(value: unknown): MailServer {
  const found = doubted<Declared<"MailServerReply">>(value);
  return {
    secure: text(found.secure),
    host: text(found.host),
    port: typeof found.port === "number" ? found.port : 0,
    user: text(found.user),
    hasPassword: found.password_set === true,
  };
}

function source(value: unknown): Source {
  return value === "environment" || value === "page" ? value : "default";
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("Not a text");
  return value;
}
