// The owner's page: who is logged in, and what is asked of the server how often.

import { systemClock } from "../adapters/system-clock";
import { UploadError } from "../core/errors";
import { need, setText } from "../page/dom";
import { Head } from "./accounts/head";
import { LoginForm } from "./accounts/login";
import { noteLeaving, WaysIn } from "./accounts/ways-in";
import { ActivityPanel } from "./activity";
import { OwnerApi } from "./api";
import { Arrived } from "./desk/arrived";
import { Behind } from "./desk/behind";
import { News } from "./desk/news";
import { NewsStream } from "./desk/stream";
import { formatNumber } from "./format";
import { HeadMenu } from "./head-menu";
import { loadWords, t } from "./i18n";
import type { RowPorts } from "./link-body";
import { LinkPage } from "./link-page";
import { Links } from "./links";
import { NewLink } from "./new-link";
import { acts, field, part, say, show, submits, windowTitle } from "./parts";
import {
  afterLogin,
  DESK_ADDRESS,
  logAddress,
  type Place,
  Places,
  placeAddress,
  SETTINGS_ADDRESS,
} from "./places";
import { Poller } from "./poller";
import { Bell } from "./push/bell";
import { QuotaLine } from "./quotas";
import { SearchPanel } from "./search";
import { TellingOpener } from "./telling/opener";
import { NOBODY_ELSE, showFor, type Who } from "./whose";
import type { ListedLink } from "./wire";
import { errorWords, nameOf } from "./words";

const PAUSE_MS = 2_000;
const PATIENCE_MS = 5_000;
/** So long the list waits at first for what stands above it. */
const ABOVE_MS = 1_000;

export class AdminPage {
  readonly #api = new OwnerApi({
    onUnauthorized: () => this.#showLogin(this.#wasIn ? t("session_ended") : ""),
  });
  readonly #poller = new Poller((signal, isFirst) => this.#look(signal, isFirst), systemClock, PAUSE_MS);
  readonly #stream = new NewsStream({
    onNews: () => this.#poller.soon(),
    onFigures: (data) => this.#activity.told(data),
    onLost: () => this.#activity.ask(),
  });
  readonly #news = new News(async (signal) => this.#stream.number ?? (await this.#api.news(signal)));
  readonly #newLink = new NewLink(this.#api, () => this.#poller.start());
  readonly #places = new Places((place) => this.#went(place));
  readonly #ports: RowPorts = {
    api: this.#api,
    refresh: () => this.#poller.start(),
    stale: () => this.#news.stale(),
    showTab: (hash, tab) => this.#places.go(placeAddress(hash, tab)),
    who: () => this.#who ?? NOBODY_ELSE,
    owners: () => this.#owners,
    gone: () => this.#places.go(DESK_ADDRESS),
    tell: ({ hash, notify, ...link }) => this.#telling.open({ hash, notify, name: nameOf(link) }),
    duplicate: (link) => this.#newLink.openCopy(link),
    confirmClosing: (name, uploads) => confirmClosing(name, uploads),
    confirmForgetting: (name) => confirm("forgetting", name),
    confirmStopping: (name) => confirm("stopping", name),
    confirmStoppingAll: (name) => confirm("stopping-all", name),
  };
  readonly #telling = new TellingOpener(this.#api, {
    who: () => this.#who ?? NOBODY_ELSE,
    titleOf: (hash) => this.#linkPage.titleOf(hash),
    refresh: () => this.#poller.start(),
  });
  readonly #links = new Links(this.#ports);
  readonly #arrived = new Arrived(
    this.#api,
    () => this.#poller.start(),
    () => this.#links.chooseNew(),
  );
  readonly #linkPage = new LinkPage(this.#ports);
  readonly #search = new SearchPanel({
    search: (words, typing, cursor, signal) => this.#api.search(words, typing, cursor, signal),
    isGone: (hash, path) => this.#api.isGone(hash, path),
  });
  readonly #activity = new ActivityPanel((received) => this.#moved(received));
  /** Whether a link was being made when the session ended. */
  #panelWasOpen = false;
  /** Who is logged in; null until the server has said so. */
  #who: Who | null = null;
  /** Whose links there are. */
  #owners: ReadonlySet<string> = new Set();
  /** How many files the owner has not seen. */
  #new = 0;
  /** The link whose page is shown; null on the desk. */
  #shown: string | null = null;
  readonly #login = new LoginForm(() => this.#logIn(true));
  readonly #ways = new WaysIn(this.#api, this.#login, () => this.#entered());
  readonly #head = new Head(this.#api);
  readonly #menu = new HeadMenu();
  readonly #quotas = new QuotaLine((signal) => this.#api.quotas(signal));
  #hasBegun = false;
  readonly #bell = new Bell(this.#api, (address) => this.#places.go(address));
  #running = "";
  /** Whether the server has taken this page for the owner's yet. */
  #wasIn = false;

  constructor() {
    new Behind(
      async () => (this.#wasIn ? this.#api.countNew() : 0),
      (files) => this.#countNew(files),
    );
    submits(need("login-form", HTMLFormElement), () => this.#logIn());
    acts(need("log-out", HTMLButtonElement), () => this.#logOut());
    acts(need("to-messages", HTMLButtonElement), () => this.#telling.open(null));
    need("to-log", HTMLAnchorElement).href = logAddress();
    need("to-settings", HTMLAnchorElement).href = SETTINGS_ADDRESS;
  }

  start(): void {
    this.#open(this.#places.now);
    this.#poller.start();
  }

  #went(place: Place): void {
    const before = this.#shown;
    this.#newLink.setAside();
    this.#open(place);
    if (!this.#wasIn) return;
    this.#swap(true);
    if (this.#shown === before) return;
    // What goes on on a new page begins at its top; going back, the browser finds the place again by itself.
    if (this.#shown !== null) {
      scrollTo(0, 0);
      this.#linkPage.focus();
    } else if (before !== null) this.#links.focus(before);
    this.#poller.start();
  }

  #open(place: Place): void {
    if (place.kind === "link") this.#linkPage.open(place.hash, place.tab);
    else this.#linkPage.close();
    this.#shown = place.kind === "link" ? place.hash : null;
    this.#nameWindow();
  }

  #countNew(files: number): void {
    this.#new = files;
    this.#bell.count(files);
    this.#nameWindow();
  }

  #nameWindow(): void {
    const name = this.#shown === null ? t("window") : this.#linkPage.name;
    const title = windowTitle(`${this.#new > 0 ? `(${formatNumber(this.#new)}) ` : ""}${name}`);
    if (document.title !== title) document.title = title;
  }

  /** Asks what is new, and for no more than that as long as nothing is. */
  async #look(signal: AbortSignal, isFirst: boolean): Promise<void> {
    const problem = need("trouble");
    try {
      const due = await this.#news.due(signal, isFirst);
      const began = performance.now();
      if (due === "list") await this.#refresh(signal);
      else if (due === "page" && this.#shown !== null) await this.#linkPage.refresh(signal);
      this.#news.done(due, began);
      show(problem, "");
    } catch (error) {
      this.#news.failed();
      if (signal.aborted || (error instanceof UploadError && error.status === 401)) return;
      show(problem, t("out_of_date", { error: errorWords(error) }));
    } finally {
      this.#reveal();
    }
  }

  /** Uploads that begin and end show in the list, too. */
  #moved(received: ReadonlyMap<string, number>): void {
    this.#linkPage.moved(received);
    const running = [...received.keys()].sort().join(" ");
    if (running !== this.#running) this.#news.stale();
    this.#running = running;
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const [{ links, usualHours }, who] = await Promise.all([
      this.#api.links(signal, this.#links.sort),
      this.#who ?? this.#api.who(signal),
    ]);
    this.#owners = new Set(links.map(({ owner }) => owner));
    this.#showDesk(who);
    this.#newLink.know(who, this.#owners);
    this.#newLink.suggest(
      links.map(({ folder }) => folder),
      usualHours,
    );
    this.#search.know(links);
    this.#links.show(links, who, this.#owners);
    this.#linkPage.show(links);
    this.#countNew(links.reduce((sum, { filesNew }) => sum + filesNew, 0));
    await this.#linkPage.refresh(signal);
    await this.#showAbove(links, who, signal);
  }

  /** What stands above the list. At first the list is shown with it, so that it does not move; but it waits for nothing slow. */
  async #showAbove(links: readonly ListedLink[], who: Who, signal: AbortSignal): Promise<void> {
    if (this.#shown !== null) return this.#quotas.show(who, signal);
    const patience = new Promise<void>((over) => setTimeout(over, ABOVE_MS)).then(() => this.#reveal());
    const begun = Promise.race([this.#begin(links.length > 0), patience]);
    await Promise.all([this.#arrived.show(links, signal), this.#quotas.show(who, signal), begun]);
  }

  #reveal(): void {
    if (this.#wasIn && this.#shown === null) need("desk").classList.remove("drawing");
  }

  /** What a first day needs is loaded behind everything else, once. */
  async #begin(hasLinks: boolean): Promise<void> {
    if (this.#hasBegun || this.#shown !== null) return;
    this.#hasBegun = true;
    try {
      const [{ FirstDay }] = await Promise.all([import("./settings/first-day"), loadWords("tour")]);
      await new FirstDay().start(hasLinks);
    } catch {
      // The desk is as good without it.
    }
  }

  async #logIn(byPasskey = false): Promise<void> {
    const problem = need("login-problem");
    show(problem, "");
    try {
      const login = byPasskey ? await this.#login.loginByPasskey(this.#api) : this.#login.login;
      await this.#api.logIn(login);
      await this.#entered();
    } catch (error) {
      show(problem, errorWords(error));
      if (!this.#login.asksForMore(error)) this.#login.selectSecret();
    }
  }

  async #entered(): Promise<void> {
    this.#login.clear();
    forgetRefusals();
    this.#showDesk(await this.#api.who(AbortSignal.timeout(PATIENCE_MS)));
    if (this.#panelWasOpen) this.#newLink.open();
    else if (this.#shown === null) this.#newLink.focus();
    else this.#linkPage.focus();
    this.#panelWasOpen = false;
    say(t("logged_in"));
    this.#poller.start();
  }

  async #logOut(): Promise<void> {
    try {
      await this.#bell.leave();
      await this.#api.logOut();
    } catch (error) {
      show(need("trouble"), t("still_logged_in", { error: errorWords(error) }));
      return;
    }
    noteLeaving();
    // Drops everything this page knows, what is half typed included.
    location.reload();
  }

  #showDesk(who: Who): void {
    this.#who = who;
    showFor(who);
    const asked = afterLogin(location.search);
    if (asked !== null && !this.#wasIn) location.replace(asked);
    this.#wasIn = true;
    this.#swap(true);
    void this.#head.show();
    this.#stream.start(who.mayAdminister);
    if (who.mayAdminister) this.#activity.start();
  }

  #showLogin(words: string): void {
    // What is open over the page would keep the login from being used.
    this.#panelWasOpen ||= this.#newLink.isOpen;
    this.#newLink.setAside();
    for (const each of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) each.close();
    this.#who = null;
    this.#poller.stop();
    this.#stream.stop();
    this.#activity.stop();
    this.#swap(false);
    show(need("login-problem"), words);
    this.#login.focus();
    void this.#ways.offer();
  }

  #swap(loggedIn: boolean): void {
    need("login").hidden = loggedIn;
    need("desk").hidden = !loggedIn || this.#shown !== null;
    need("link-page").hidden = !loggedIn || this.#shown === null;
    need("log-out").hidden = !loggedIn;
    need("to-messages").hidden = !loggedIn;
    if (!loggedIn) this.#head.hide();
    this.#bell.show(loggedIn);
    this.#menu.show(loggedIn);
  }
}

async function confirmClosing(name: string, uploads: number): Promise<"no" | "close" | "close and cancel"> {
  const dialog = need("closing", HTMLDialogElement);
  const cancel = field(dialog, "cancel_uploads", HTMLInputElement);
  cancel.checked = false;
  part(dialog, "uploads", HTMLElement).hidden = uploads === 0;
  setText(part(dialog, "count", HTMLElement), t("closing_uploads", { count: uploads }));
  if (!(await confirm("closing", name))) return "no";
  return cancel.checked ? "close and cancel" : "close";
}

/** Resolves with whether the owner says yes in the dialog `id` about the link `name`; Escape is no. */
function confirm(id: string, name: string): Promise<boolean> {
  const dialog = need(id, HTMLDialogElement);
  const yes = part(dialog, "yes", HTMLButtonElement);
  const no = part(dialog, "no", HTMLButtonElement);
  part(dialog, "name", HTMLElement).textContent = name;
  dialog.returnValue = "";
  yes.onclick = () => dialog.close("yes");
  no.onclick = () => dialog.close();
  dialog.showModal();
  no.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** What was refused because nobody was logged in is true no more. */
function forgetRefusals(): void {
  for (const each of document.querySelectorAll<HTMLElement>(".notice[role='alert']")) each.hidden = true;
}
