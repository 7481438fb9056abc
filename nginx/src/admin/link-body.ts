// What the page of a link is made of: its address, what it received, what it allows, what happened, and the ways to change that.

import { UploadError } from "../core/errors";
import { addressOf } from "../page/address";
import { make, reachable, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { Arriving } from "./arriving";
import { Chasing } from "./chasing";
import type { ChecklistTab } from "./checklist/tab";
import { Editor } from "./editor";
import { copiesPath, parseCopies } from "./files/copies";
import { FileTable } from "./files/table";
import { formatNumber } from "./format";
import { HISTORY_FILES, History } from "./history";
import { loadWords, sentences, t } from "./i18n";
import { LookApi, TILE_PIXELS } from "./looks/look-api";
import { Looker } from "./looks/looker";
import { Pictures } from "./looks/pictures";
import { acts, cloned, part, say, show } from "./parts";
import type { PeopleTab } from "./people/tab";
import { logAddress, TABS, type Tab } from "./places";
import { makeShare } from "./share";
import { Dialogs } from "./sharing/dialogs";
import { Tabs } from "./tabs";
import { Taking } from "./taking";
import { Texts } from "./texts";
import { visibleName } from "./visible";
import { mayChange, ownerWords, type Who } from "./whose";
import type { ListedLink, OpenUpload, OwnerLink, ReceivedFile } from "./wire";
import { errorWords, nameOf, nothingWords, termWords } from "./words";

export interface RowPorts {
  readonly api: OwnerApi;
  /** Something was changed: the list should be asked for again. */
  readonly refresh: () => void;
  /** Something is otherwise that makes no event: the list is to be asked for with the next look. */
  readonly stale: () => void;
  /** Shows another part of the link's page. */
  readonly showTab: (hash: string, tab: Tab) => void;
  /** A link is deleted: there is nothing to be shown of it any more. */
  readonly gone: () => void;
  /** Who is logged in. */
  readonly who: () => Who;
  /** Whose links there are, of those that are shown. */
  readonly owners: () => ReadonlySet<string>;
  /** Shows where messages about a link go, and what was sent. */
  readonly tell: (link: OwnerLink) => Promise<void>;
  /** Begins a new link that is like this one. */
  readonly duplicate: (link: OwnerLink) => void;
  /** Asks the owner whether to close a link, and whether to cancel the uploads that are on their way to it, too. */
  readonly confirmClosing: (name: string, uploads: number) => Promise<"no" | "close" | "close and cancel">;
  /** Asks the owner whether to delete one for good. */
  readonly confirmForgetting: (name: string) => Promise<boolean>;
  /** Asks the owner whether to cancel an upload. */
  readonly confirmStopping: (name: string) => Promise<boolean>;
  /** Asks the owner whether to cancel all uploads of a link. */
  readonly confirmStoppingAll: (name: string) => Promise<boolean>;
}

/** What stands there as it was written; the title is what the link is called. */
const LONG_TEXTS = ["message", "note"] as const;

export class LinkBody {
  readonly #root: HTMLElement;
  readonly #ports: RowPorts;
  readonly #files: FileTable;
  readonly #taking: Taking;
  readonly #arriving: Arriving;
  readonly #texts: Texts;
  readonly #form: HTMLFormElement;
  readonly #edit: HTMLButtonElement;
  readonly #history: History;
  readonly #chasing: Chasing;
  readonly #tabs: Tabs;
  #checklist: ChecklistTab | null = null;
  #people: PeopleTab | null = null;
  #editor: Editor | null = null;
  #tab: Tab = TABS[0];
  #link: ListedLink;
  /** Up to which arrival its files were shown. */
  #shownUpTo = 0;
  /** Up to which the server has been told so. */
  #seenUpTo = 0;
  /** How many there were, and had ever come, when what happened was asked for. */
  #told = "";

  constructor(root: HTMLElement, link: ListedLink, ports: RowPorts) {
    this.#root = root;
    this.#link = link;
    this.#ports = ports;
    root.append(cloned("link-body"));
    this.#tabs = new Tabs(root, link.hash);
    this.#chasing = new Chasing(root, ports.api, () => ports.refresh());
    for (const name of LONG_TEXTS) reachable(part(root, name, HTMLElement));
    const { api } = ports;
    const share = makeShare(addressOf(link.url), visibleName(nameOf(link)), {
      qrAtOnce: false,
      to: link.due.forEmail,
      mail: async (to, text) => {
        const told = await api.mail(link.hash, to, text);
        this.#chasing.forget();
        ports.refresh();
        return told;
      },
      told: (id) => api.told(id),
    });
    part(root, "share", HTMLElement).append(share);
    const looks = new LookApi(link.hash);
    const pictures = new Pictures((...asked) => looks.picture(...asked));
    const tiles = new Pictures((...asked) => looks.picture(...asked), TILE_PIXELS);
    const looker = new Looker<ReceivedFile>({
      hash: link.hash,
      api: looks,
      beside: (file, step) => this.#files.beside(file, step),
      closed: (file) => this.#files.returnTo(file),
      failed: (error) => show(part(root, "problem", HTMLElement), errorWords(error)),
    });
    const dialogs = new Dialogs(link.hash, {
      api,
      renamed: (file, path) => this.#files.renamed(file, path),
      failed: (error) => show(part(root, "problem", HTMLElement), errorWords(error)),
    });
    acts(part(root, "share-all", HTMLButtonElement), () =>
      dialogs.share({ ids: null, words: t("share_all_what") }),
    );
    this.#files = new FileTable({
      hash: link.hash,
      load: (query, cursor, limit, count) => api.filePage(link.hash, query, cursor, limit, count),
      senders: () => api.senders(link.hash),
      open: (file) => {
        void looker.open(file);
        return true;
      },
      picture: (place, file, isTile) => (isTile ? tiles : pictures).show(place, file),
      passOn: (path) => this.#passOn(path),
      itemTitle: (item) => this.#link.items.find(({ id }) => id === item)?.title ?? "",
      isGone: (path) => api.isGone(link.hash, path),
      copies: async (uploadId) => parseCopies(await api.raw("GET", copiesPath(link.hash, uploadId))),
      // Keys do this, too, where there is no button.
      rename: async (file) => (mayChange() ? dialogs.rename(file) : undefined),
      share: async (shared) => (mayChange() ? dialogs.share(shared) : undefined),
      remove: async (ids, name, restorable) =>
        mayChange() ? this.#taking.remove(ids, name, restorable) : new Set(),
      download: (chosen, view, found) => this.#taking.download(chosen, view, found),
      complain: (error) => show(part(root, "problem", HTMLElement), errorWords(error)),
      nothing: () => nothingWords(this.#link),
    });
    part(root, "files", HTMLElement).append(this.#files.element);
    this.#taking = new Taking(root, link.hash, api, (back) => {
      if (back) this.#files.forget();
      ports.refresh();
    });
    this.#arriving = new Arriving({
      load: () => ports.refresh(),
      stop: (upload) => this.#stop(upload),
      stopAll: () => this.#stopAll(),
    });
    part(root, "files-title", HTMLElement).before(this.#arriving.element);
    this.#files.element.hidden = true;
    this.#texts = new Texts(() => ports.refresh());
    part(root, "files-title", HTMLElement).before(this.#texts.element);
    this.#history = new History(link.createdAt);
    part(root, "history", HTMLElement).append(this.#history.element);
    part(root, "log", HTMLAnchorElement).href = logAddress(link.hash);
    this.#form = part(root, "editor", HTMLFormElement);
    this.#edit = part(root, "edit", HTMLButtonElement);
    Editor.listen(this.#form, () => this.#editor);
    this.#edit.addEventListener("click", () =>
      this.#editor === null ? this.#startEditing() : this.#endEditing(),
    );
    part(root, "duplicate", HTMLButtonElement).addEventListener("click", () => ports.duplicate(this.#link));
    acts(part(root, "messages", HTMLButtonElement), () => ports.tell(this.#link));
    acts(part(root, "save-template", HTMLButtonElement), () => this.#saveTemplate());
    acts(part(root, "close", HTMLButtonElement), () => this.#close());
    acts(part(root, "reopen", HTMLButtonElement), () => this.#reopen());
    acts(part(root, "forget", HTMLButtonElement), () => this.#forget());
  }

  async #saveTemplate(): Promise<void> {
    try {
      const { saveAsTemplate } = await import("./templates");
      saveAsTemplate(this.#ports.api, this.#link);
    } catch {
      show(part(this.#root, "problem", HTMLElement), t("not_loaded"));
    }
  }

  /** Shows one of its parts; what the others hold stays as it is. */
  open(tab: Tab): void {
    this.#tabs.show(tab);
    if (this.#tab === tab) return;
    this.#tab = tab;
    this.#ports.refresh();
  }

  show(link: ListedLink): void {
    this.#link = link;
    this.#chasing.show(link);
    for (const name of LONG_TEXTS) {
      const shown = part(this.#root, name, HTMLElement);
      setText(shown, link[name]);
      shown.hidden = link[name] === "";
    }
    this.#showTerms();
    part(this.#root, "tab-checklist", HTMLElement).hidden = link.items.length + link.questions.length === 0;
    setText(part(this.#root, "count", HTMLElement), formatNumber(link.filesReceived));
    setText(part(this.#root, "files-title", HTMLElement), t("received_count", { count: link.filesReceived }));
    part(this.#root, "close", HTMLButtonElement).hidden = !link.active;
    part(this.#root, "reopen", HTMLButtonElement).hidden = link.active;
    part(this.#root, "forget", HTMLButtonElement).hidden = link.active && !link.expired;
  }

  /** Brings what arrives and what has arrived up to date. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.#tab === "files")
      await Promise.all([this.#refreshUploads(signal), this.#refreshFiles(), this.#refreshTexts(signal)]);
    await this.#chasing.refresh(signal);
    if (this.#tab === "activity") await this.#refreshHistory(signal);
    if (this.#tab === "checklist") await this.#refreshChecklist(signal);
    if (this.#tab === "people") await this.#refreshPeople(signal);
  }

  /** Bytes that have come since, by upload id. */
  moved(received: ReadonlyMap<string, number>): void {
    this.#arriving.moved(received);
  }

  async #refreshUploads(signal: AbortSignal): Promise<void> {
    const { hash, uploadsOpen } = this.#link;
    if (uploadsOpen === 0 && this.#arriving.isEmpty) return;
    const page = await this.#ports.api.uploads(hash, this.#arriving.wanted, signal);
    this.#arriving.show(page, uploadsOpen);
  }

  async #refreshFiles(): Promise<void> {
    const { filesReceived, filesArrived } = this.#link;
    await this.#files.refresh(filesReceived, filesArrived);
    if (this.#files.showsAll) this.#shownUpTo = Math.max(this.#shownUpTo, filesArrived);
    const { all } = this.#files;
    if (all !== null) this.#taking.show(all.files, (all.newestAt ?? 0) * 1_000, this.#link.takenUntil);
    this.#files.element.hidden = false;
    if (this.#link.filesNew > 0) await this.#tellSeen();
  }

  /** Says that what is shown was seen. Whoever goes away meanwhile has seen it all the same; what fails is said again. */
  async #tellSeen(): Promise<void> {
    const upTo = this.#shownUpTo;
    try {
      await this.#ports.api.see(this.#link.hash, upTo);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      return;
    }
    // A list that was told before still has them as new.
    if (upTo > this.#seenUpTo) this.#ports.stale();
    this.#seenUpTo = upTo;
  }

  async #refreshTexts(signal: AbortSignal): Promise<void> {
    const { search, entity } = this.#link;
    if (search) await this.#texts.refresh(this.#ports.api, entity, signal);
    else this.#texts.hide();
  }

  async #refreshHistory(signal: AbortSignal): Promise<void> {
    const { hash, filesReceived, filesArrived } = this.#link;
    const told = `${filesReceived} ${filesArrived}`;
    if (this.#told === told) return;
    const files = await this.#ports.api.files(hash, HISTORY_FILES, signal);
    this.#history.show(files, filesReceived, nothingWords(this.#link));
    this.#told = told;
  }

  async #refreshChecklist(signal: AbortSignal): Promise<void> {
    if (this.#checklist === null) {
      const [{ ChecklistTab }] = await Promise.all([
        import("./checklist/tab"),
        loadWords("checklist", "looks"),
      ]);
      this.#checklist = new ChecklistTab(this.#link, this.#ports.api);
      part(this.#root, "checklist", HTMLElement).replaceChildren(this.#checklist.element);
    }
    await this.#checklist.refresh(this.#link, signal);
  }

  async #refreshPeople(signal: AbortSignal): Promise<void> {
    if (this.#people === null) {
      const [{ PeopleTab }] = await Promise.all([
        import("./people/tab"),
        loadWords("checklist", "people", "looks"),
      ]);
      this.#people = new PeopleTab(this.#link, this.#ports.api);
      part(this.#root, "people", HTMLElement).replaceChildren(this.#people.element);
    }
    await this.#people.refresh(this.#link, this.#chasing.awaited, signal);
  }

  async #passOn(path: string): Promise<void> {
    try {
      await this.#ports.api.passOn(this.#link.hash, path);
      say(t("passing_again"));
      this.#ports.refresh();
    } catch (error) {
      show(part(this.#root, "problem", HTMLElement), errorWords(error));
    }
  }

  #showTerms(): void {
    const who = this.#ports.who();
    const isOnlyOne = this.#link.owner === who.actor && who.teams.length === 0;
    const owner = isOnlyOne ? [] : [[t("whose"), ownerWords(this.#link.owner, who)] as const];
    const pairs = [...owner, ...termWords(this.#link)].map(
      ([name, value]) => [name, visibleName(value)] as const,
    );
    const list = part(this.#root, "allows", HTMLElement);
    const told = JSON.stringify(pairs);
    if (list.dataset.told === told) return;
    list.dataset.told = told;
    list.replaceChildren(
      ...pairs.map(([name, value]) =>
        make("div", {}, make("dt", { text: name }), make("dd", {}, make("bdi", { text: value }))),
      ),
    );
  }

  #startEditing(): void {
    this.#ports.showTab(this.#link.hash, "terms");
    this.#editor = new Editor(this.#form, this.#link, this.#ports, (saved) => {
      this.#endEditing();
      if (!saved) return;
      say(t("saved"));
      this.#ports.refresh();
    });
    this.#form.hidden = false;
    this.#edit.setAttribute("aria-expanded", "true");
    this.#editor.focus();
  }

  #endEditing(): void {
    this.#editor = null;
    this.#form.hidden = true;
    this.#form.replaceChildren();
    this.#edit.setAttribute("aria-expanded", "false");
    this.#edit.focus();
  }

  async #close(): Promise<void> {
    const { hash, uploadsOpen } = this.#link;
    const answer = await this.#ports.confirmClosing(visibleName(nameOf(this.#link)), uploadsOpen);
    if (answer === "no") return;
    const { api } = this.#ports;
    const close = async (): Promise<void> => {
      await api.close(hash);
      if (answer === "close and cancel") await api.stopAll(hash);
    };
    await this.#change(close, t("link_closed"), false);
  }

  async #stop({ uploadId, path }: OpenUpload): Promise<void> {
    if (!(await this.#ports.confirmStopping(visibleName(path)))) return;
    await this.#stopping(async () => {
      try {
        await this.#ports.api.stop(this.#link.hash, uploadId);
      } catch (error) {
        // Ended by itself or by somebody else: it is gone all the same.
        if (!(error instanceof UploadError && error.code.startsWith("upload_") && error.status === 404))
          throw error;
      }
      this.#arriving.drop(uploadId);
      return t("upload_cancelled");
    });
  }

  async #stopAll(): Promise<void> {
    if (!(await this.#ports.confirmStoppingAll(visibleName(nameOf(this.#link))))) return;
    await this.#stopping(async () => {
      const { cancelled, left } = await this.#ports.api.stopAll(this.#link.hash);
      if (left === 0) this.#arriving.clear();
      const still = left === 0 ? "" : t("uploads_left", { count: left });
      return sentences(t("uploads_cancelled", { count: cancelled }), still);
    });
  }

  /** Runs `task`, says what it says, and shows in their place what went wrong. */
  async #stopping(task: () => Promise<string>): Promise<void> {
    this.#arriving.complain("");
    try {
      say(await task());
    } catch (error) {
      this.#arriving.complain(errorWords(error));
    }
    this.#ports.refresh();
  }

  async #reopen(): Promise<void> {
    await this.#change(
      () => this.#ports.api.edit(this.#link.hash, { active: true }),
      t("link_open_again"),
      true,
    );
  }

  async #forget(): Promise<void> {
    if (!(await this.#ports.confirmForgetting(visibleName(nameOf(this.#link))))) return;
    const problem = part(this.#root, "problem", HTMLElement);
    show(problem, "");
    try {
      await this.#ports.api.forget(this.#link.hash);
    } catch (error) {
      show(problem, errorWords(error));
      return;
    }
    this.#ports.gone();
    say(t("link_deleted"));
  }

  async #change(task: () => Promise<unknown>, words: string, active: boolean): Promise<void> {
    const problem = part(this.#root, "problem", HTMLElement);
    show(problem, "");
    try {
      await task();
    } catch (error) {
      show(problem, errorWords(error));
      return;
    }
    this.show({ ...this.#link, active });
    // The button that was pressed is gone; the focus stays in its place.
    part(this.#root, active ? "close" : "reopen", HTMLButtonElement).focus();
    say(words);
    this.#ports.refresh();
  }
}
