// What the server says of accounts.

import { type Declared, doubted } from "../../core/reply";

export interface Me {
  /** Empty for whoever holds the admin token. */
  readonly name: string;
  readonly displayName: string;
  readonly role: string;
  readonly teams: readonly string[];
  readonly mayChange: boolean;
  readonly mayAdminister: boolean;
  readonly hasPassword: boolean;
  /** Whether a second factor has to be set up before anything else. */
  readonly lacksFactor: boolean;
}

export interface Account {
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  readonly role: string;
  readonly teams: readonly string[];
  readonly isOff: boolean;
  readonly hasFactor: boolean;
}

/** As whom an account is known elsewhere. */
export interface Identity {
  readonly id: string;
  readonly shown: string;
  readonly issuer: string;
  readonly isProxy: boolean;
  readonly usedAt: number;
}

export interface Session {
  readonly id: string;
  readonly account: string;
  readonly agent: string;
  readonly address: string;
  readonly seenAt: number;
  readonly isCurrent: boolean;
}

export interface Invitation {
  readonly id: string;
  readonly role: string;
  readonly email: string;
  readonly expiresAt: number;
  /** What became of its mail; empty where it was not mailed. */
  readonly mail: string;
}

export function parseMe(value: unknown): Me {
  const fields = doubted<Declared<"WhoAmI">>(value);
  return {
    name: textOf(fields.name),
    displayName: textOf(fields.display_name),
    role: textOf(fields.role),
    teams: textsOf(fields.teams),
    mayChange: fields.may_change === true,
    mayAdminister: fields.may_administer === true,
    hasPassword: fields.has_password !== false,
    lacksFactor: fields.second_factor_required === true,
  };
}

export function parseAccount(value: unknown): Account {
  const fields = doubted<Declared<"AccountView">>(value);
  if (typeof fields.name !== "string") throw new TypeError("No account");
  return {
    name: fields.name,
    displayName: textOf(fields.display_name),
    email: textOf(fields.email),
    role: textOf(fields.role),
    teams: textsOf(fields.teams),
    isOff: fields.disabled === true,
    hasFactor: fields.second_factor === true,
  };
}

export function parseAccounts(value: unknown): readonly Account[] {
  return listOf(doubted<Declared<"AccountList">>(value).accounts).map(parseAccount);
}

export function parseIdentities(value: unknown): readonly Identity[] {
  return listOf(doubted<Declared<"IdentityList">>(value).identities).map((each) => {
    const fields = doubted<Declared<"IdentityView">>(each);
    return {
      id: textOf(fields.id),
      shown: textOf(fields.shown),
      issuer: textOf(fields.issuer),
      isProxy: fields.way === "header",
      usedAt: millisecondsOf(fields.used_at),
    };
  });
}

export function parseSessions(value: unknown): readonly Session[] {
  return listOf(doubted<Declared<"SessionList">>(value).sessions).map((each) => {
    const fields = doubted<Declared<"SessionView">>(each);
    return {
      id: textOf(fields.id),
      account: textOf(fields.account),
      agent: textOf(fields.agent),
      address: textOf(fields.address),
      seenAt: millisecondsOf(fields.seen_at),
      isCurrent: fields.current === true,
    };
  });
}

function parseInvitation(value: unknown): Invitation {
  const fields = doubted<Declared<"MailedInvitationView">>(value);
  return {
    id: textOf(fields.id),
    role: textOf(fields.role),
    email: textOf(fields.email),
    expiresAt: millisecondsOf(fields.expires_at),
    mail: textOf(fields.mail),
  };
}

export interface Invitations {
  readonly invitations: readonly Invitation[];
  /** Whether there is a mail server. */
  readonly canMail: boolean;
}

export function parseInvitations(value: unknown): Invitations {
  const { invitations, mailing } = doubted<Declared<"InvitationList">>(value);
  return { invitations: listOf(invitations).map(parseInvitation), canMail: mailing === true };
}

/** The address of an invitation that was made just now. */
export function parseAddress(value: unknown): string {
  const { address } = doubted<Declared<"NewInvitationView">>(value);
  if (typeof address !== "string") throw new TypeError("No address");
  return address;
}

export function parseRemoved(value: unknown): number {
  return numberOf(doubted<Declared<"RemovedAccount">>(value).links);
}

export function parseEnded(value: unknown): number {
  return numberOf(doubted<Declared<"EndedSessions">>(value).ended);
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("Not a list");
  return value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function millisecondsOf(seconds: unknown): number {
  return numberOf(seconds) * 1_000;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
