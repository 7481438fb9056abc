// The calls about accounts.

import type { OwnerApi } from "../api";
import { parseQuotas, type Quota } from "../quotas";
import {
  type Account,
  type Identity,
  type Invitations,
  parseAccount,
  parseAccounts,
  parseAddress,
  parseEnded,
  parseIdentities,
  parseInvitations,
  parseRemoved,
  parseSessions,
  type Session,
} from "./wire";

export interface AccountChanges {
  readonly role?: string;
  readonly teams?: readonly string[];
  readonly display_name?: string;
  readonly email?: string;
  readonly disabled?: boolean;
}

export interface NewInvitation {
  readonly role: string;
  readonly teams: readonly string[];
  readonly email: string;
  /** Whether it is mailed there, and in which language. */
  readonly mail: boolean;
  readonly language: string;
}

export class AccountCalls {
  readonly #api: Pick<OwnerApi, "raw">;

  constructor(api: Pick<OwnerApi, "raw">) {
    this.#api = api;
  }

  async accounts(): Promise<readonly Account[]> {
    return parseAccounts(await this.#api.raw("GET", "/accounts"));
  }

  async change(name: string, changes: AccountChanges): Promise<Account> {
    return parseAccount(await this.#api.raw("PATCH", accountPath(name), changes));
  }

  async quotas(): Promise<readonly Quota[]> {
    return parseQuotas(await this.#api.raw("GET", "/quotas"));
  }

  /** How many bytes the links of an account may hold together; 0 for any amount. */
  async setQuota(name: string, most: number): Promise<void> {
    await this.#api.raw("PUT", `/quotas/${encodeURIComponent(name)}`, { most });
  }

  /** Of one's own account where none is named, as in the next. */
  async identities(account: string | null): Promise<readonly Identity[]> {
    return parseIdentities(await this.#api.raw("GET", identitiesPath(account)));
  }

  async takeIdentity(account: string | null, id: string): Promise<void> {
    await this.#api.raw("DELETE", `${identitiesPath(account)}/${encodeURIComponent(id)}`);
  }

  /** Takes away the codes and passkeys of an account. */
  async resetFactor(name: string): Promise<void> {
    await this.#api.raw("DELETE", `${accountPath(name)}/second-factor`);
  }

  /** How many links became the admin's. */
  async remove(name: string): Promise<number> {
    return parseRemoved(await this.#api.raw("DELETE", accountPath(name)));
  }

  async invitations(): Promise<Invitations> {
    return parseInvitations(await this.#api.raw("GET", "/accounts/invitations"));
  }

  /** The address to send. */
  async invite(invitation: NewInvitation): Promise<string> {
    return parseAddress(await this.#api.raw("POST", "/accounts/invitations", invitation));
  }

  async mailAgain(id: string): Promise<void> {
    await this.#api.raw("POST", `/accounts/invitations/${encodeURIComponent(id)}/mail`);
  }

  async takeBack(id: string): Promise<void> {
    await this.#api.raw("DELETE", `/accounts/invitations/${encodeURIComponent(id)}`);
  }

  async sessions(account: string): Promise<readonly Session[]> {
    return parseSessions(await this.#api.raw("GET", `/sessions?${new URLSearchParams({ account })}`));
  }

  async end(id: string): Promise<void> {
    await this.#api.raw("DELETE", `/sessions/${encodeURIComponent(id)}`);
  }

  /** Ends all sessions of an account but the one that asks; how many. */
  async endAll(account: string): Promise<number> {
    return parseEnded(await this.#api.raw("DELETE", `/sessions?${new URLSearchParams({ account })}`));
  }

  async changePassword(old: string, other: string): Promise<void> {
    await this.#api.raw("POST", "/account/password", { old, new: other });
  }
}

function accountPath(name: string): string {
  return `/accounts/${encodeURIComponent(name)}`;
}

function identitiesPath(account: string | null): string {
  return `${account === null ? "/account" : accountPath(account)}/identities`;
}
