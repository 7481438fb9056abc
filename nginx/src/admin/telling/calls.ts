// The calls about endpoints and messages.

import type { OwnerApi } from "../api";
import {
  type Endpoint,
  type Made,
  type Message,
  type MessagePage,
  parseEndpoint,
  parseEndpoints,
  parseMade,
  parseMessage,
  parsePage,
  parseTests,
} from "./wire";

/** Messages that are shown at once. */
const PAGE_MESSAGES = 20;

export interface NewEndpoint {
  readonly url: string;
  /** Left out: all that there are. */
  readonly kinds?: readonly string[];
  readonly link?: string;
}

export class TellingCalls {
  readonly #api: Pick<OwnerApi, "raw">;

  constructor(api: Pick<OwnerApi, "raw">) {
    this.#api = api;
  }

  async endpoints(): Promise<readonly Endpoint[]> {
    return parseEndpoints(await this.#api.raw("GET", "/endpoints"));
  }

  async make(endpoint: NewEndpoint): Promise<Made> {
    return parseMade(await this.#api.raw("POST", "/endpoints", endpoint));
  }

  async change(
    id: string,
    changes: { readonly url?: string; readonly kinds: readonly string[] },
  ): Promise<Endpoint> {
    return parseEndpoint(await this.#api.raw("PATCH", endpointPath(id), changes));
  }

  async turn(id: string, active: boolean): Promise<void> {
    await this.#api.raw("PATCH", endpointPath(id), { active });
  }

  async renew(id: string): Promise<Made> {
    return parseMade(await this.#api.raw("POST", `${endpointPath(id)}/secret`, {}));
  }

  async remove(id: string): Promise<void> {
    await this.#api.raw("DELETE", endpointPath(id));
  }

  async test(to: { readonly endpoint: string } | { readonly mail: string }): Promise<readonly Message[]> {
    return parseTests(await this.#api.raw("POST", "/messages/test", to));
  }

  async message(id: string): Promise<Message> {
    return parseMessage(await this.#api.raw("GET", messagePath(id)));
  }

  /** Messages in this state, or in any, behind `cursor`, newest first. */
  async page(state: string, link: string | null, cursor: string): Promise<MessagePage> {
    const query = new URLSearchParams({ limit: String(PAGE_MESSAGES) });
    if (state !== "") query.set("state", state);
    if (link !== null) query.set("link", link);
    if (cursor !== "") query.set("cursor", cursor);
    return parsePage(await this.#api.raw("GET", `/messages?${query}`));
  }

  async again(id: string): Promise<Message> {
    return parseMessage(await this.#api.raw("POST", `${messagePath(id)}/redelivery`, {}));
  }

  /** Has what arrives by a link mailed to these addresses; to those of the server where there is none. */
  async notify(link: string, addresses: readonly string[]): Promise<void> {
    const notify = addresses.length === 0 ? null : addresses;
    await this.#api.raw("PATCH", `/droppr/requests/${encodeURIComponent(link)}`, { notify });
  }
}

function endpointPath(id: string): string {
  return `/endpoints/${encodeURIComponent(id)}`;
}

function messagePath(id: string): string {
  return `/messages/${encodeURIComponent(id)}`;
}
