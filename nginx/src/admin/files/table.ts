// The files of a link: a list of any length, in which one searches, sorts, chooses and goes about by keys.

import { make, makeButton, oncePerFrame, setHidden, setText } from "../../page/dom";
import { guardSecondClick } from "../../page/second-click";
import { formatBytes } from "../format";
import { joined, t } from "../i18n";
import { say } from "../parts";
import { visibleName } from "../visible";
import type { ReceivedFile } from "../wire";
import { Arranged } from "./arranged";
import { Chosen } from "./chosen";
import { Filters } from "./filters";
import { Heads } from "./heads";
import { keyOf } from "./keys";
import { FileRow, type RowPorts } from "./row";
import { SelectionBar } from "./selection-bar";
import { type Entry, type Found, Shelf } from "./shelf";
import type { TablePorts } from "./table-ports";
import { isFiltered, sortedBy, type View } from "./view";

export class FileTable {
  readonly element = make("div", { className: "file-table" });
  readonly #ports: TablePorts;
  readonly #shelf: Shelf;
  readonly #chosen: Chosen;
  readonly #filters: Filters;
  readonly #heads: Heads;
  readonly #bar: SelectionBar;
  readonly #list = make("ul", { className: "file-list" });
  readonly #scroller = make("div", { className: "file-scroller" }, this.#list);
  readonly #rows: Arranged<Entry>;
  readonly #news: HTMLButtonElement;
  readonly #count = make("p", { className: "facts file-count" });
  readonly #none = make("div", { className: "quiet file-none" });
  readonly #paintSoon = oncePerFrame(() => this.#paint());
  #unfolded = new Set<Entry>();
  #current = 0;
  #received = -1;
  #arrived = -1;
  #stale = true;
  #shown: readonly Entry[] | null = null;
  #isOld = true;

  constructor(ports: TablePorts) {
    this.#ports = ports;
    this.#shelf = new Shelf({
      load: ports.load,
      changed: () => this.#renew(),
      filled: () => this.#renew(),
      failed: ports.complain,
    });
    this.#chosen = new Chosen(this.#shelf, () => this.#renew());
    this.#filters = new Filters({
      senders: ports.senders,
      changed: (choice) => this.#show({ ...this.#shelf.view, ...choice }),
    });
    this.#heads = new Heads(
      (by) => this.#show(sortedBy(this.#shelf.view, by)),
      (all) => (all ? this.#chosen.all() : this.#chosen.none()),
    );
    this.#bar = new SelectionBar({
      download: () => this.#download(),
      share: () => this.#told(() => this.#shareChosen()),
      remove: () => this.#removeChosen(),
      clear: () => {
        this.#chosen.none();
        this.focus();
      },
    });
    const rowPorts: RowPorts = {
      ...ports,
      picture: (place, file) => ports.picture(place, file, this.#rows.isGrid),
      isChosen: ({ uploadId }) => this.#chosen.selection.has(uploadId),
      isCurrent: (entry) => this.#shelf.items[this.#current] === entry,
      // What failed is told at once, with what can be done about it.
      isUnfolded: (entry) => this.#unfolded.has(entry) !== (entry.file?.passedOn?.state === "failed"),
      toggle: (entry, stretch) => this.#toggle(entry, stretch),
      unfold: (entry) => this.#unfold(entry),
      remove: (file) => void this.#removeOne(file),
    };
    this.#rows = new Arranged<Entry>(this.#list, this.#scroller, {
      makeRow: () => new FileRow(rowPorts),
      paintSoon: this.#paintSoon,
      changed: () => this.#rearrange(),
      failed: ports.complain,
    });
    this.#news = makeButton("", "slim file-news", () => void this.#reload());
    this.#news.hidden = true;
    this.#build();
  }

  #build(): void {
    this.#list.setAttribute("role", "list");
    this.#list.setAttribute("aria-label", t("received"));
    this.element.append(
      make("div", { className: "file-top" }, this.#filters.element, this.#rows.element),
      this.#news,
      this.#heads.element,
      this.#scroller,
      this.#none,
      this.#count,
      this.#bar.element,
    );
    guardSecondClick(this.#list);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("focusin", (event) => this.#follow(event.target as Element));
    this.#none.append(
      make("p", { text: t("none_called") }),
      makeButton(t("show_all_files"), "slim", () => {
        this.#filters.clear();
        this.#filters.focus();
      }),
    );
  }

  /** How much there is in all, once it is known and no choice is made among it. */
  get all(): Found | null {
    return this.#shelf.isKnown && !isFiltered(this.#shelf.view) ? this.#shelf.found : null;
  }

  /** Whether every file that there is has its place in it; false while some are kept back or left out. */
  get showsAll(): boolean {
    return this.all !== null && this.#news.hidden === true;
  }

  /** Asks again where the link has another number of files or another one has arrived, or something is still to be told of those
   * that are shown. */
  async refresh(received: number, arrived = received): Promise<void> {
    this.#filters.show(received);
    // Why there is none can be another reason by now.
    if (received === 0) this.#renew();
    if (!this.#shelf.isKnown || this.#stale) {
      this.#stale = false;
      this.#received = received;
      this.#arrived = arrived;
      await this.#shelf.reload();
      return;
    }
    const isNews = received !== this.#received || arrived !== this.#arrived;
    if (!isNews && !this.#shelf.isUnsettled) return;
    const more = await this.#shelf.compare(() => this.#mayMove);
    this.#received = received;
    this.#arrived = arrived;
    if (more !== null) {
      setText(this.#news, more > 0 ? t("show_new", { count: more }) : t("show_changed"));
      this.#news.hidden = false;
    } else if (this.#mayMove) this.#news.hidden = true;
  }

  /** What it shows is no longer so: the next refresh begins anew. */
  forget(): void {
    this.#stale = true;
  }

  /** Puts the focus where keys go about in the list, or beside it where there is nothing. */
  focus(): void {
    this.#paint();
    const row = this.#rowAt(this.#current);
    if (row === undefined) this.#filters.focus();
    else row.focus();
  }

  /** The file before or behind one, once it is here; null where there is none. */
  async beside(file: ReceivedFile, step: 1 | -1): Promise<ReceivedFile | null> {
    const at = this.#placeOf(file);
    return at < 0 ? null : this.#shelf.at(at + step);
  }

  /** Goes back to the row of a file. */
  returnTo(file: ReceivedFile): void {
    const at = this.#placeOf(file);
    if (at < 0) this.focus();
    else this.#goTo(at);
  }

  #placeOf({ uploadId }: ReceivedFile): number {
    return this.#shelf.items.findIndex((entry) => entry.file?.uploadId === uploadId);
  }

  /** `/` goes to the search. */
  focusSearch(): boolean {
    if (this.#filters.element.hidden) return false;
    this.#filters.focus();
    return true;
  }

  /** Nobody reads in it or is about to press something. */
  get #mayMove(): boolean {
    return (
      this.#scroller.scrollTop === 0 &&
      !this.#list.matches(":hover") &&
      !this.#list.contains(document.activeElement) &&
      this.#chosen.isEmpty
    );
  }

  async #reload(): Promise<void> {
    this.#news.hidden = true;
    this.#scroller.scrollTop = 0;
    this.#current = 0;
    await this.#told(() => this.#shelf.reload());
    this.focus();
  }

  #show(view: View): void {
    const { text, sender, type, repeated } = this.#shelf.view;
    const isSame =
      view.text === text && view.sender === sender && view.type === type && view.repeated === repeated;
    this.#chosen.begin(isSame);
    this.#news.hidden = true;
    this.#current = 0;
    this.#unfolded.clear();
    void this.#told(async () => {
      await this.#shelf.show(view);
      this.#scroller.scrollTop = 0;
      const { files } = this.#shelf.found;
      say(t(isFiltered(view) ? "files_found" : "files_said", { count: files }));
    });
    this.#renew();
  }

  async #told(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#ports.complain(error);
    }
  }

  #paint(): void {
    const { items } = this.#shelf;
    if (this.#shown !== items) {
      this.#shown = items;
      this.#current = Math.max(0, Math.min(this.#current, items.length - 1));
      this.#rows.now.setItems(items);
    }
    if (this.#isOld) {
      this.#isOld = false;
      this.#paintAround();
    }
    if (items.length === 0) return;
    this.#rows.now.paint();
    this.#shelf.want(this.#rows.now.reach);
  }

  /** The same files in another way, with the one that was current in view. */
  #rearrange(): void {
    this.element.classList.toggle("as-grid", this.#rows.isGrid);
    this.#shown = null;
    this.#isOld = true;
    this.#paint();
    if (this.#shelf.items.length > 0) this.#rows.now.reveal(this.#current);
  }

  /** What stands around the rows, which no scrolling changes. */
  #paintAround(): void {
    const { items, found, view, isKnown } = this.#shelf;
    const nothing = isKnown && items.length === 0;
    const filtered = isFiltered(view);
    setHidden(this.#none, !nothing || !filtered);
    setHidden(this.#scroller, items.length === 0);
    setHidden(this.#rows.element, items.length === 0);
    setHidden(this.#heads.element, items.length < 2);
    const chosen = this.#chosen.extent;
    this.#heads.show(view, chosen.files === 0 ? "none" : chosen.files === found.files ? "all" : "some");
    this.#bar.show(chosen);
    const words = filtered
      ? joined(
          t("files_found_size", { count: found.files, size: formatBytes(found.bytes) }),
          found.again === null || nothing ? "" : t("came_again", { size: formatBytes(found.again) }),
        )
      : nothing
        ? this.#ports.nothing()
        : "";
    setText(this.#count, words);
    setHidden(this.#count, !isKnown || words === "" || (filtered && nothing));
  }

  /** Everything is to be painted, not only what has come into view. */
  #renew(): void {
    this.#isOld = true;
    this.#paintSoon();
  }

  #rowAt(index: number): FileRow | undefined {
    const entry = this.#shelf.items[index];
    return entry === undefined ? undefined : (this.#rows.now.rowOf(entry) as FileRow | undefined);
  }

  /** Where the focus goes by itself, keys go on from there. */
  #follow(target: Element): void {
    const id = Number(target.closest<HTMLElement>(".file-row")?.dataset.id);
    const index = this.#shelf.items.findIndex((entry) => entry.id === id);
    if (index < 0 || index === this.#current) return;
    this.#current = index;
    this.#paintSoon();
  }

  #goTo(index: number): void {
    this.#current = Math.max(0, Math.min(index, this.#shelf.items.length - 1));
    this.#rows.now.reveal(this.#current);
    this.#rowAt(this.#current)?.focus();
    this.#paintSoon();
  }

  #toggle(entry: Entry, stretch: boolean): void {
    const index = this.#shelf.items.indexOf(entry);
    if (index < 0 || entry.file === null) return;
    this.#chosen.toggle(index, entry.file, stretch);
    this.#current = index;
  }

  #unfold(entry: Entry): void {
    if (!this.#unfolded.delete(entry)) this.#unfolded.add(entry);
    this.#paintSoon();
  }

  #onKey(event: KeyboardEvent): void {
    const inList = this.#list.contains(event.target as Node);
    const { page, columns } = this.#rows.now;
    const onward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const key = keyOf(event, inList, { page, columns, onward });
    if (key === null) return;
    event.preventDefault();
    const entry = this.#shelf.items[this.#current];
    if (key.kind === "move") {
      const { length } = this.#shelf.items;
      const to =
        key.to === "start"
          ? 0
          : key.to === "end"
            ? length - 1
            : this.#rows.moved(this.#current, key.to, length);
      const before = this.#current;
      this.#goTo(to);
      if (key.stretch) this.#chosen.stretch(before, this.#current);
    } else if (key.kind === "choose" && entry !== undefined) this.#toggle(entry, key.stretch);
    else if (key.kind === "all") this.#chosen.all();
    else if (key.kind === "none") this.#chosen.none();
    else if (key.kind === "search") this.focusSearch();
    else if (key.kind === "remove") void this.#removeByKey();
    else if (key.kind === "rename" && entry?.file != null) void this.#ports.rename(entry.file);
  }

  async #removeByKey(): Promise<void> {
    const file = this.#shelf.items[this.#current]?.file;
    if (!this.#chosen.isEmpty) await this.#removeChosen();
    else if (file != null) await this.#removeOne(file);
  }

  async #removeOne({ uploadId, path }: ReceivedFile): Promise<void> {
    await this.#told(() => this.#remove([uploadId], visibleName(path)));
  }

  async #removeChosen(): Promise<void> {
    await this.#told(async () => {
      const ids = await this.#chosen.ids();
      await this.#remove(ids, t("files", { count: ids.length }));
    });
  }

  async #shareChosen(): Promise<void> {
    const ids = await this.#chosen.ids();
    if (ids.length > 0) await this.#ports.share({ ids, words: t("files", { count: ids.length }) });
  }

  /** A file is called so now. */
  renamed(renamed: ReceivedFile, path: string): void {
    for (const entry of this.#shelf.loaded)
      if (entry.file?.uploadId === renamed.uploadId) entry.file = { ...entry.file, path };
    this.#paintSoon();
  }

  async #remove(ids: readonly string[], name: string): Promise<void> {
    if (ids.length === 0) return;
    const inside = this.element.contains(document.activeElement);
    const gone = await this.#ports.remove(ids, name, this.#shelf.found.restorable);
    if (gone.size === 0) return;
    this.#chosen.drop(gone);
    this.#received -= gone.size;
    // Of what was chosen in another order some may not be here: then it is asked for anew.
    if (!this.#shelf.remove(gone)) await this.#shelf.reload();
    this.#isOld = true;
    this.#paint();
    // The row that had it is gone: the next one has its place, and so has the focus.
    if (inside && !this.element.contains(document.activeElement)) this.focus();
  }

  async #download(): Promise<void> {
    await this.#told(() => this.#ports.download(this.#chosen.selection, this.#shelf.view, this.#shelf.found));
  }
}
