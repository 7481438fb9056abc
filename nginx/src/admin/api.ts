// The owner's calls. The session is a cookie that this code never sees; every refusal becomes an UploadError.

import { abortedError, errorFromReply, networkError, UploadError, unexpectedReply } from "../core/errors";
import { API, BASE } from "../page/base";
import {
  type Awaited,
  invites,
  type Mailed,
  parseAwaited,
  parseMailed,
  parseReminded,
  type Reminded,
} from "./chasing";
import { parseNews } from "./desk/news";
import { inBatches, type ManyOutcome } from "./many";
import { type Judgement, type Party, parseParties, parseParty } from "./party-wire";
import { parseQuotas, type Quota } from "./quotas";
import {
  type FileText,
  type FoundFile,
  parseDocument,
  parseFound,
  parseSearched,
  parseSearchedFiles,
  type Searched,
  type SearchedFile,
} from "./search-wire";
import type { Terms } from "./terms";
import { parseWho, type Who } from "./whose";
import {
  type FilePage,
  type LinkList,
  type ManyReply,
  type OpenUpload,
  type OwnerLink,
  type Page,
  parseFilePage,
  parseFiles,
  parseLink,
  parseLinks,
  parseMails,
  parseMany,
  parseSelected,
  parseSenders,
  parseStopped,
  parseTold,
  parseUploads,
  type ReceivedFile,
  type SenderFiles,
  type Stopped,
  type Told,
} from "./wire";

/** As many items of a list as the server tells at once. */
const PAGE_ITEMS = 1_000;
/** Calls in which all uploads of a link are cancelled, each up to a thousand of them. */
const MAX_STOP_CALLS = 100;
/** Files behind one name. */
const MAX_CHOSEN = 5_000;
/** Found files that are shown at once. */
const FOUND = 20;
const API_ROOT = `${BASE}/api`;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What one logs in with. */
export type Login =
  | { readonly token: string }
  | { readonly name: string; readonly password: string; readonly code?: string; readonly passkey?: object }
  | { readonly passkey: object };

interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
  /** What the path is below, where that is not the calls of links. */
  readonly below?: string;
}

export interface OwnerApiConfig {
  readonly fetch?: Fetch;
  /** There is no session, or it has run out. Not called for a wrong token. */
  readonly onUnauthorized: () => void;
}

export class OwnerApi {
  readonly #fetch: Fetch;
  readonly #onUnauthorized: () => void;

  constructor({ fetch = (url, init) => globalThis.fetch(url, init), onUnauthorized }: OwnerApiConfig) {
    this.#fetch = fetch;
    this.#onUnauthorized = onUnauthorized;
  }

  /** Throws `unauthorized` for a wrong token, `wrong_log_in` for a wrong name or password, `wrong_passkey`, `too_many_attempts` after many of them. */
  async logIn(login: Login): Promise<void> {
    await this.#send("/session", { method: "POST", body: login });
  }

  /** As whom a proxy in front names. */
  async logInByProxy(): Promise<void> {
    await this.#send("/session/proxy", { method: "POST", body: {} });
  }

  /** Who is logged in. */
  async who(signal: AbortSignal): Promise<Who> {
    const { text } = await this.#call("/session", { signal });
    return parseWho(text === "" ? null : JSON.parse(text));
  }

  async logOut(): Promise<void> {
    await this.#call("/session", { method: "DELETE" });
  }

  /** All links, in an order that the server knows; without one the newest come first. */
  async links(signal: AbortSignal, sort = "created"): Promise<LinkList> {
    const query = sort === "created" ? "" : `?${new URLSearchParams({ sort })}`;
    return this.#read(`/requests${query}`, { signal }, parseLinks);
  }

  async create(folder: string, terms: Terms): Promise<OwnerLink> {
    return this.#read("/requests", { method: "POST", body: { folder, ...terms } }, parseLink);
  }

  /** Changes what `terms` names and nothing else. */
  async edit(hash: string, terms: Terms): Promise<OwnerLink> {
    return this.#read(linkPath(hash), { method: "PATCH", body: terms }, parseLink);
  }

  /** Gives the link a logo of its own; null takes it away. */
  async setLogo(hash: string, logo: File | null): Promise<void> {
    const path = `${linkPath(hash)}/logo`;
    await this.#call(path, logo === null ? { method: "DELETE" } : { method: "PUT", body: logo });
  }

  async close(hash: string): Promise<void> {
    await this.#call(linkPath(hash), { method: "DELETE" });
  }

  /** Deletes a link that is closed or expired, for good. */
  async forget(hash: string): Promise<void> {
    await this.#call(`${linkPath(hash)}?forget=true`, { method: "DELETE" });
  }

  /** Mails a link to addresses, which are apart by commas. */
  async mail(hash: string, to: string, text: string): Promise<readonly Told[]> {
    return this.#read(`${linkPath(hash)}/invitations`, { method: "POST", body: { to, text } }, parseMails);
  }

  /** Of whom files are awaited. */
  async awaited(hash: string, signal: AbortSignal): Promise<Awaited> {
    return this.#read(`${linkPath(hash)}/reminders`, { signal }, parseAwaited);
  }

  /** Reminds all of them, but for those who were reminded within the hour. */
  /** Of whom files are awaited, or only the one with this address. */
  async remind(hash: string, email?: string): Promise<Reminded> {
    const body = email === undefined ? {} : { to: [email] };
    return this.#read(`${linkPath(hash)}/reminders`, { method: "POST", body }, parseReminded);
  }

  /** Whether a link was mailed to anybody, or will be. */
  async wasMailed(hash: string): Promise<boolean> {
    const query = new URLSearchParams({ link: hash, limit: "100" });
    return this.#read(`/messages?${query}`, { below: API_ROOT }, invites);
  }

  /** Who was mailed a link or a reminder of it, and when, newest first, as far as the newest tell. */
  async mailed(hash: string, signal: AbortSignal): Promise<readonly Mailed[]> {
    const query = new URLSearchParams({ link: hash, limit: String(PAGE_ITEMS) });
    return this.#read(`/messages?${query}`, { below: API_ROOT, signal }, parseMailed);
  }

  /** How a mail stands. */
  async told(id: string): Promise<Told> {
    return this.#read(`/messages/${encodeURIComponent(id)}`, { below: API_ROOT }, parseTold);
  }

  /** The newest `count` files of a link, or all where there are fewer, newest first. */
  async files(hash: string, count: number, signal: AbortSignal): Promise<readonly ReceivedFile[]> {
    return (await this.#paged(`${linkPath(hash)}/files?`, count, signal, parseFiles)).items;
  }

  /** A number that is another one once anything has happened on this server. */
  async news(signal: AbortSignal): Promise<number> {
    return this.#read("/news", { signal }, parseNews);
  }

  /** How many files the owner has not seen, of up to a thousand links that have any. */
  async countNew(): Promise<number> {
    const query = new URLSearchParams({ state: "new", limit: String(PAGE_ITEMS) });
    const { links } = await this.#read(`/requests?${query}`, {}, parseLinks);
    return links.reduce((sum, { filesNew }) => sum + filesNew, 0);
  }

  /** Those of its files that the owner has not seen, the last `count` that arrived. */
  async newFiles(hash: string, count: number, signal: AbortSignal): Promise<readonly ReceivedFile[]> {
    return (await this.#paged(`${linkPath(hash)}/files?new=true&`, count, signal, parseFiles)).items;
  }

  /** Says that the owner was shown all files of a link up to the arrival of this number. */
  async see(hash: string, filesArrived: number): Promise<void> {
    await this.#call(`${linkPath(hash)}/seen`, { method: "POST", body: { files_arrived: filesArrived } });
  }

  /** Files as `query` has them, behind `cursor`; with `count` also how much it finds in all. */
  async filePage(
    hash: string,
    query: Readonly<Record<string, string>>,
    cursor: string,
    limit: number,
    count: boolean,
    signal?: AbortSignal,
  ): Promise<FilePage> {
    const asked = new URLSearchParams({ ...query, cursor, limit: String(limit), count: String(count) });
    return this.#read(`${linkPath(hash)}/files?${asked}`, { signal }, parseFilePage);
  }

  /** Who sends to a link and how the checklist stands with each, behind `cursor`. */
  async parties(hash: string, cursor: string, limit: number, signal?: AbortSignal): Promise<Page<Party>> {
    const query = new URLSearchParams({ cursor, limit: String(limit) });
    return this.#read(`${linkPath(hash)}/parties?${query}`, { signal }, parseParties);
  }

  /** Accepts what one of them sent for an item, sends it back with a note, or thinks better of either. */
  async judge(hash: string, party: string, item: string, judgement: Judgement): Promise<Party> {
    const path = `${linkPath(hash)}/parties/${encodeURIComponent(party)}/items/${encodeURIComponent(item)}`;
    return this.#read(path, { method: "PUT", body: judgement }, parseParty);
  }

  /** How much one's own links may hold together, and those of one's teams; for admins everybody's. */
  async quotas(signal: AbortSignal): Promise<readonly Quota[]> {
    const { text } = await this.#call("/quotas", { signal, below: API_ROOT });
    return parseQuotas(text === "" ? null : JSON.parse(text));
  }

  /** Who has sent the files that are there, who sent most first. */
  async senders(hash: string): Promise<readonly SenderFiles[]> {
    return this.#read(`${linkPath(hash)}/senders`, {}, parseSenders);
  }

  /** Names for so many files, by which an archive of them is asked for. */
  async select(hash: string, ids: readonly string[]): Promise<readonly string[]> {
    const names: string[] = [];
    for (let at = 0; at < ids.length; at += MAX_CHOSEN) {
      const uploads = ids.slice(at, at + MAX_CHOSEN);
      const path = `${linkPath(hash)}/selections`;
      names.push(await this.#read(path, { method: "POST", body: { uploads } }, parseSelected));
    }
    return names;
  }

  /** What was done, as `asked` says, read by `parse`. */
  async audit<T>(asked: URLSearchParams, parse: (value: unknown) => T, signal: AbortSignal): Promise<T> {
    return this.#read(`/audit?${asked}`, { signal }, parse);
  }

  /** A call of a part of the page that knows by itself what it says; its reply, read by `parse`. */
  async ask<T>(
    method: "GET" | "POST" | "PATCH",
    path: string,
    parse: (value: unknown) => T,
    body?: object,
  ): Promise<T> {
    return this.#read(path, body === undefined ? { method } : { method, body }, parse);
  }

  /** The same of one that is answered by nothing. */
  async tell(method: "DELETE", path: string): Promise<void> {
    await this.#call(path, { method });
  }

  /** What any call below `/api` answers; null where that is nothing. */
  async raw(method: NonNullable<Call["method"]>, path: string, body?: object): Promise<unknown> {
    const call = { method, below: API_ROOT };
    const { text } = await this.#call(path, body === undefined ? call : { ...call, body });
    return text === "" ? null : JSON.parse(text);
  }

  /** Files that say this, the best first, behind `cursor`. While one is still typing, the last word may go on. */
  async search(
    words: string,
    typing: boolean,
    cursor: string,
    signal: AbortSignal,
  ): Promise<Page<FoundFile>> {
    const query = new URLSearchParams({ q: words, typing: String(typing), limit: String(FOUND), cursor });
    return this.#read(`/search?${query}`, { signal, below: API_ROOT }, parseFound);
  }

  /** Files that mean most nearly what this one does. */
  async similar(entity: string, file: string, cursor: string): Promise<Page<FoundFile>> {
    const query = new URLSearchParams({ limit: String(FOUND), cursor });
    return this.#read(`${documentPath(entity, file)}/similar?${query}`, { below: API_ROOT }, parseFound);
  }

  /** A file that is searched, with the stretch of its text that `asked` names: `q`, `page`, `passage`. */
  async document(
    entity: string,
    file: string,
    asked: URLSearchParams,
  ): Promise<{ file: SearchedFile; text: FileText | null }> {
    return this.#read(`${documentPath(entity, file)}?${asked}`, { below: API_ROOT }, parseDocument);
  }

  /** How far the texts of an entity's files are read; null where it has none. */
  async searched(entity: string, signal?: AbortSignal): Promise<Searched | null> {
    try {
      return await this.#read(entityPath(entity), { signal, below: API_ROOT }, parseSearched);
    } catch (error) {
      if (error instanceof UploadError && error.status === 404) return null;
      throw error;
    }
  }

  /** The newest `count` files of an entity that cannot be found, or all where there are fewer. */
  async unreadable(entity: string, count: number, signal: AbortSignal): Promise<readonly SearchedFile[]> {
    const path = `${entityPath(entity)}/files?state=no_text&state=missing&`;
    return (await this.#paged(path, count, signal, parseSearchedFiles, API_ROOT)).items;
  }

  /** The newest `count` uploads that are on their way, or all where there are fewer, newest first. */
  async uploads(hash: string, count: number, signal: AbortSignal): Promise<Page<OpenUpload>> {
    return this.#paged(`${linkPath(hash)}/uploads?`, count, signal, parseUploads);
  }

  /** Cancels one that is on its way. Throws `upload_complete` where its file has arrived meanwhile. */
  async stop(hash: string, uploadId: string): Promise<void> {
    const path = `${linkPath(hash)}/uploads/${encodeURIComponent(uploadId)}?as=owner`;
    await this.#call(path, { method: "DELETE" });
  }

  /** Cancels all that are on their way. */
  async stopAll(hash: string): Promise<Stopped> {
    let cancelled = 0;
    for (let calls = 1; ; calls += 1) {
      const one = await this.#read(`${linkPath(hash)}/uploads`, { method: "DELETE" }, parseStopped);
      cancelled += one.cancelled;
      if (one.left === 0 || one.cancelled === 0 || calls === MAX_STOP_CALLS) return { ...one, cancelled };
    }
  }

  /** Has a received file passed on now, however often that failed. */
  async passOn(hash: string, path: string): Promise<void> {
    await this.#call(`${filePath(hash, path)}/pass-on`, { method: "POST" });
  }

  /** Whether a received file is no longer in its place; what cannot be found out is not. */
  async isGone(hash: string, path: string): Promise<boolean> {
    try {
      const init: RequestInit = { method: "HEAD", credentials: "same-origin", cache: "no-store" };
      return (await this.#fetch(downloadUrl(hash, path), init)).status === 404;
    } catch {
      return false;
    }
  }

  /** Deletes received files. */
  async removeMany(
    hash: string,
    ids: readonly string[],
    progress?: (done: number) => void,
  ): Promise<ManyOutcome> {
    return inBatches(ids, (uploads) => this.#many(hash, "deletions", uploads), progress);
  }

  /** Restores deleted files. */
  async restoreMany(hash: string, ids: readonly string[]): Promise<ManyOutcome> {
    return inBatches(ids, (uploads) => this.#many(hash, "restorations", uploads));
  }

  async #many(hash: string, call: string, uploads: readonly string[]): Promise<ManyReply> {
    return this.#read(`${linkPath(hash)}/${call}`, { method: "POST", body: { uploads } }, parseMany);
  }

  async #paged<T>(
    path: string,
    count: number,
    signal: AbortSignal,
    parse: (value: unknown) => Page<T>,
    below = API,
  ): Promise<Page<T>> {
    const items: T[] = [];
    let nextCursor: string | null = "";
    while (nextCursor !== null && items.length < count) {
      const limit = String(Math.min(count - items.length, PAGE_ITEMS));
      const query = new URLSearchParams({ limit, cursor: nextCursor });
      const page: Page<T> = await this.#read(`${path}${query}`, { signal, below }, parse);
      items.push(...page.items);
      nextCursor = page.nextCursor;
    }
    return { items, nextCursor };
  }

  async #read<T>(path: string, call: Call, parse: (value: unknown) => T): Promise<T> {
    const { status, text } = await this.#call(path, call);
    try {
      return parse(JSON.parse(text));
    } catch {
      throw unexpectedReply(status);
    }
  }

  async #call(path: string, call: Call): Promise<Answer> {
    try {
      return await this.#send(path, call);
    } catch (error) {
      if (error instanceof UploadError && error.status === 401) this.#onUnauthorized();
      throw error;
    }
  }

  async #send(path: string, { method = "GET", body, signal, below = API }: Call): Promise<Answer> {
    const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
    if (signal !== undefined) init.signal = signal;
    if (body !== undefined) {
      const isFile = body instanceof Blob;
      init.body = isFile ? body : JSON.stringify(body);
      init.headers = { "Content-Type": isFile ? "application/octet-stream" : "application/json" };
    }
    try {
      return await accepted(await this.#fetch(below + path, init));
    } catch (error) {
      if (signal?.aborted === true) throw abortedError();
      // `fetch` says no more about a lost connection than that it is a TypeError.
      throw error instanceof TypeError ? networkError(error) : error;
    }
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function accepted(reply: Response): Promise<Answer> {
  const { ok, status } = reply;
  const text = await reply.text();
  if (ok) return { status, text };
  throw errorFromReply({ status, text, retryAfter: reply.headers.get("Retry-After"), now: Date.now() });
}

function entityPath(entity: string): string {
  return `/entities/${encodeURIComponent(entity)}`;
}

function documentPath(entity: string, file: string): string {
  return `${entityPath(entity)}/files/${encodeURIComponent(file)}`;
}

/** Where the owner reads the text of a file: the page for it, with words marked, at a passage. */
export function documentUrl(
  { entity, document }: Pick<SearchedFile, "entity" | "document">,
  asked: Readonly<Record<string, string>> = {},
): string {
  return `${BASE}/admin/document?${new URLSearchParams({ entity, file: document, ...asked })}`;
}

function linkPath(hash: string): string {
  return `/requests/${encodeURIComponent(hash)}`;
}

/** Where a received file is downloaded: names may hold anything, so each part of the path is encoded. */
export function downloadUrl(hash: string, path: string): string {
  return API + filePath(hash, path);
}

/** So many links one archive holds. */
export const MOST_LINKS_AT_ONCE = 200;

/** Where all that these links have received is downloaded as one archive. */
export function archiveOfLinks(hashes: readonly string[]): string {
  return `${API}/archive?links=${hashes.join(",")}`;
}

/** Where received files are downloaded as one archive: all, or those that `query` names, as the server chooses them. */
export function archiveUrl(hash: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const named = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return `${API}${linkPath(hash)}/archive${named.length === 0 ? "" : `?${new URLSearchParams(named)}`}`;
}

function filePath(hash: string, path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${linkPath(hash)}/files/${encoded}`;
}
