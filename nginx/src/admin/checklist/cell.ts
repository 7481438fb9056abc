// One item of one sender: how it stands, its files, and the owner's word on it.

import type { Item } from "../../core/asked";
import { make, makeButton, setHidden, setText } from "../../page/dom";
import { downloadUrl, type OwnerApi } from "../api";
import { formatBytes } from "../format";
import { t } from "../i18n";
import type { KeyedRow } from "../keyed";
import { acts, freshId, say, show, submits } from "../parts";
import type { Judgement, Party, PartyItem } from "../party-wire";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import type { ReceivedFile } from "../wire";
import { errorWords } from "../words";
import { lookOf, StateMark } from "./states";

/** So many files at once. */
const PAGE_FILES = 50;
const MAX_NOTE = 2_000;

export interface CellPorts {
  readonly hash: string;
  readonly api: Pick<OwnerApi, "filePage" | "judge">;
  /** Looks at one of some files. */
  readonly look: (file: ReceivedFile, among: readonly ReceivedFile[], from: HTMLElement) => void;
  /** Somebody stands otherwise now. */
  readonly changed: (party: Party) => void;
}

export class Cell implements KeyedRow<Party> {
  readonly element = make("li", { className: "cell" });
  readonly item: Item;
  readonly #ports: CellPorts;
  readonly #details = make("details");
  readonly #summary = make("summary");
  readonly #mark = new StateMark();
  readonly #count = make("span", { className: "quiet small" });
  readonly #note = make("p", { className: "notice warn cell-note" });
  readonly #none = make("p", { className: "quiet small", text: t("nothing_for") });
  readonly #files = make("ul", { className: "cell-files" });
  readonly #more = makeButton(t("show_more"), "slim", () => void this.#load());
  readonly #accept = makeButton(t("accept"), "slim", () => undefined);
  readonly #back = makeButton(t("send_back"), "slim", () => this.#openForm(true));
  readonly #undo = makeButton(t("undo"), "slim", () => undefined);
  readonly #form = make("form", { className: "cell-form" });
  readonly #text = make("textarea");
  readonly #wrong = make("span", { className: "problem" });
  readonly #problem = make("div", { className: "notice bad" });
  readonly #shown: ReceivedFile[] = [];
  #party: Party;
  #standing: PartyItem | undefined;
  #cursor: string | null = "";
  #loading: Promise<void> | null = null;
  #stale = true;

  constructor(item: Item, party: Party, ports: CellPorts) {
    this.item = item;
    this.#party = party;
    this.#ports = ports;
    this.#build();
    this.show(party);
  }

  show(party: Party): void {
    const before = this.#standing;
    const standing = party.items.get(this.item.id);
    this.#party = party;
    this.#standing = standing;
    const look = lookOf(this.item, standing);
    this.#mark.show(this.item, standing);
    const files = standing?.files ?? 0;
    setText(this.#count, files > 0 && look !== "some" ? t("files", { count: files }) : "");
    setHidden(this.#note, look !== "returned");
    setText(this.#note, look === "returned" ? (standing?.note ?? "") : "");
    setHidden(this.#none, files > 0);
    const judged = look === "accepted" || look === "returned";
    setHidden(this.#accept, look !== "sent" && look !== "returned" && look !== "some");
    setHidden(this.#back, (look !== "sent" && look !== "accepted" && look !== "some") || !this.#form.hidden);
    setHidden(this.#undo, !judged);
    if (before?.files !== files) this.#stale = true;
    if (this.#details.open && this.#stale) void this.#reload();
  }

  /** Unfolds it and goes there. */
  open(): void {
    this.#details.open = true;
    this.#summary.focus();
  }

  #build(): void {
    const name = make("bdi", { className: "strong", text: visibleName(this.item.title) });
    this.#summary.append(name, this.#mark.element, this.#count);
    this.#buildForm();
    const buttons = make("div", { className: "row" }, this.#accept, this.#back, this.#undo);
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    this.#note.dir = "auto";
    this.#files.setAttribute("role", "list");
    this.#more.hidden = true;
    for (const [button, words] of [
      [this.#accept, "accept_item"],
      [this.#back, "send_back_item"],
      [this.#undo, "undo_item"],
    ] as const)
      button.setAttribute("aria-label", t(words, { name: visibleName(this.item.title) }));
    acts(this.#accept, async () => void (await this.#judge({ state: "accepted", note: "" })));
    acts(this.#undo, async () => void (await this.#judge({ state: "sent", note: "" })));
    this.#details.append(
      this.#summary,
      make(
        "div",
        { className: "cell-body" },
        this.#note,
        this.#none,
        this.#files,
        this.#more,
        buttons,
        this.#form,
        this.#problem,
      ),
    );
    this.#details.addEventListener("toggle", () => {
      if (this.#details.open && this.#stale) void this.#reload();
    });
    this.element.append(this.#details);
  }

  #buildForm(): void {
    const label = make("label", { className: "label", text: t("what_wrong") });
    this.#text.id = freshId("note");
    this.#text.rows = 2;
    this.#text.maxLength = MAX_NOTE;
    this.#text.setAttribute("aria-required", "true");
    label.htmlFor = this.#text.id;
    this.#wrong.id = freshId("problem");
    this.#wrong.hidden = true;
    const hint = make("span", {
      className: "hint",
      text: t("what_wrong_hint"),
    });
    const send = make("button", { className: "button slim primary", text: t("send_back") });
    const cancel = makeButton(t("cancel"), "slim", () => this.#openForm(false));
    const field = make("div", { className: "field" }, label, this.#text, hint, this.#wrong);
    this.#form.append(field, make("div", { className: "row" }, send, cancel));
    this.#form.hidden = true;
    submits(this.#form, () => this.#sendBack());
  }

  #openForm(open: boolean): void {
    setHidden(this.#form, !open);
    this.#complainAtNote("");
    this.show(this.#party);
    if (open) this.#text.focus();
    else if (this.#back.hidden) this.#summary.focus();
    else this.#back.focus();
  }

  async #sendBack(): Promise<void> {
    const note = this.#text.value.trim();
    this.#complainAtNote(note === "" ? t("what_wrong_empty") : "");
    if (note === "") {
      this.#text.focus();
      return;
    }
    if (await this.#judge({ state: "returned", note })) {
      this.#text.value = "";
      this.#openForm(false);
    }
  }

  #complainAtNote(words: string): void {
    this.#text.ariaInvalid = words === "" ? null : "true";
    if (words === "") this.#text.removeAttribute("aria-describedby");
    else this.#text.setAttribute("aria-describedby", this.#wrong.id);
    show(this.#wrong, words);
  }

  async #judge(judgement: Judgement): Promise<boolean> {
    const { hash, api, changed } = this.#ports;
    show(this.#problem, "");
    try {
      const party = await api.judge(hash, this.#party.id, this.item.id, judgement);
      const focused = this.element.contains(document.activeElement);
      this.show(party);
      changed(party);
      say(t(`judged_${judgement.state}`, { name: visibleName(this.item.title) }));
      // The button that was pressed is gone.
      if (focused && document.activeElement?.checkVisibility?.() !== true) this.#summary.focus();
      return true;
    } catch (error) {
      show(this.#problem, errorWords(error));
      return false;
    }
  }

  // Its files

  async #reload(): Promise<void> {
    this.#stale = false;
    this.#shown.length = 0;
    this.#cursor = "";
    await this.#load();
  }

  async #load(): Promise<void> {
    if (this.#cursor === null) return;
    this.#loading ??= this.#next(this.#cursor).finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  async #next(cursor: string): Promise<void> {
    const { hash, api } = this.#ports;
    try {
      const query = { item: this.item.id, party: this.#party.id };
      const { items, nextCursor } = await api.filePage(hash, query, cursor, PAGE_FILES, false);
      const rows = items.map((file) => this.#row(file));
      if (cursor === "") this.#files.replaceChildren(...rows);
      else this.#files.append(...rows);
      this.#shown.push(...items);
      this.#cursor = nextCursor;
      setHidden(this.#more, nextCursor === null);
      // Where it was pressed, reading goes on at the first of the new ones.
      if (cursor !== "") rows[0]?.querySelector("button")?.focus();
    } catch (error) {
      this.#stale = true;
      show(this.#problem, errorWords(error));
    }
  }

  #row(file: ReceivedFile): HTMLElement {
    const name = visibleName(file.path);
    const look: HTMLButtonElement = makeButton(name, "link", () => this.#ports.look(file, this.#shown, look));
    look.dir = "auto";
    look.title = t("look_at");
    const when = make("time", { className: "quiet small" });
    showWhen(when, file.receivedAt);
    const size = make("bdi", { className: "quiet small", text: formatBytes(file.size) });
    const take = make("a", { className: "button slim", text: t("download") });
    take.href = downloadUrl(this.#ports.hash, file.path);
    take.download = "";
    take.setAttribute("aria-label", t("download_item", { name }));
    return make("li", {}, look, size, when, take);
  }
}
