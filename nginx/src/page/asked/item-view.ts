// One item: what is asked for, how it stands, its files, and the place where they are chosen or let go.

import type { Item, ItemStanding } from "../../core/asked";
import type { LinkInfo } from "../../core/wire";
import type { UploadItem } from "../../utils/upload-manager";
import { make, makeButton, makeIcon, setAttribute, setHidden, setLinked, setText, showIcon } from "../dom";
import { type Collected, fromDrop } from "../drop";
import { formatBytes, formatPercent } from "../format";
import { joined, t } from "../i18n";
import { type Refused, takesPictures } from "../limits";
import { reasonFor } from "../reasons";
import type { Picker, Pickers } from "./pickers";
import { type AskedKey, say } from "./words";

type Give = (found: Collected) => Promise<readonly Refused[]>;

/** What is shown of an item at the moment. */
type Look =
  | "unknown"
  | "needed"
  | "some"
  | "optional"
  | "sending"
  | "failed"
  | "sent"
  | "accepted"
  | "returned";

const ICONS: Readonly<Record<Look, string>> = {
  unknown: "file",
  needed: "file",
  some: "file",
  optional: "file",
  sending: "up",
  failed: "alert",
  sent: "check",
  accepted: "check",
  returned: "undo",
};
const UNDER_WAY = new Set(["waiting", "sending", "paused", "finishing"]);
/** More files than this need no rows to be understood. */
const MAX_ROWS = 6;
const MAX_REFUSALS = 10;

interface FileRow {
  readonly key: string;
  readonly name: string;
  readonly words: string;
  readonly state: string;
}

let ids = 0;

export class ItemView {
  readonly element = make("li", { className: "asked-item" });
  readonly item: Item;
  readonly #info: LinkInfo;
  readonly #give: Give;
  readonly #sign = makeIcon("file");
  readonly #state = make("span");
  readonly #badge = make("span", { className: "asked-state" }, this.#state);
  readonly #facts = make("p", { className: "asked-facts quiet small" });
  readonly #example = make("p", { className: "asked-example small" });
  readonly #note = make("div", { className: "notice warn" });
  readonly #noteHead = make("strong");
  readonly #noteText = make("p", { className: "asked-note" });
  readonly #noteHint = make("p", { className: "small" });
  readonly #bar = make("progress");
  readonly #files = make("ul", { className: "asked-files small" });
  readonly #rows = new Map<string, HTMLElement>();
  readonly #hint = make("span", { className: "asked-hint quiet small" });
  readonly #zone = make("div", { className: "asked-zone" });
  readonly #buttons = new Map<Picker, HTMLButtonElement>();
  readonly #refused = make("div", { className: "notice bad" });
  #standing: ItemStanding | undefined;
  #look: Look = "unknown";
  #percent = 0;
  #complaints: readonly Refused[] = [];

  constructor(item: Item, info: LinkInfo, pickers: Pickers, give: Give) {
    this.item = item;
    this.#info = info;
    this.#give = give;
    this.#build(pickers);
    if (!info.full) this.#takeDrops();
  }

  /** Its state as it is said aloud. */
  get said(): string {
    return say("item_said", { title: this.item.title, state: this.#state.textContent });
  }

  /** As the server tells it; undefined where it has told nothing of it. */
  show(standing: ItemStanding | undefined): void {
    this.#standing = standing;
    this.#paintNote();
    this.paint([]);
  }

  /** In the language of the moment. */
  describe(): void {
    const { title, count, most, extensions, example } = this.item;
    const facts = [
      count > 1 ? say("item_count", { count }) : "",
      most > 0 ? say("item_most", { count: most }) : "",
      extensions.length > 0
        ? t("limit_types", { types: extensions.map((each) => `.${each}`).join(", ") })
        : "",
    ].filter((each) => each !== "");
    setText(this.#facts, joined(facts));
    setHidden(this.#facts, facts.length === 0);
    this.#describeExample(example);
    setText(this.#hint, say("item_drop"));
    for (const [kind, button] of this.#buttons) {
      const words = t(kind === "files" ? "choose" : kind === "folder" ? "choose_folder" : "choose_camera");
      setText(button, words);
      button.setAttribute("aria-label", `${words}: ${title}`);
    }
    this.#paintNote();
    this.#paintRefused();
    this.#paintState();
  }

  /** `ours` are its files of this visit that are not cancelled. */
  paint(ours: readonly UploadItem[]): void {
    const under = ours.filter(({ state }) => UNDER_WAY.has(state));
    const size = under.reduce((sum, { file }) => sum + file.size, 0);
    const safe = under.reduce((sum, each) => sum + each.safe, 0);
    this.#percent = size === 0 ? 0 : safe / size;
    const moves = under.some(({ state }) => state === "sending" || state === "finishing");
    this.#look = moves ? "sending" : this.#restingLook(ours);
    setHidden(this.#bar, !moves);
    if (moves && this.#bar.value !== this.#percent) this.#bar.value = this.#percent;
    this.#paintState();
    this.#paintFiles(ours);
  }

  #restingLook(ours: readonly UploadItem[]): Look {
    const standing = this.#standing;
    if (ours.some(({ state }) => state === "failed")) return "failed";
    if (standing === undefined) return "unknown";
    if (standing.state !== "needed") return standing.state;
    if (standing.filesTotal > 0 && this.item.count > 1) return "some";
    return this.item.required ? "needed" : "optional";
  }

  #build(pickers: Pickers): void {
    const { title, description, required } = this.item;
    ids += 1;
    const name = make("h3", { text: title });
    name.dir = "auto";
    name.id = `asked-item-${ids}`;
    this.#badge.prepend(this.#sign);
    const text = make("p", { className: "asked-text" });
    setLinked(text, description);
    text.dir = "auto";
    text.hidden = description === "";
    this.#bar.max = 1;
    this.#bar.value = 0;
    this.#bar.setAttribute("aria-labelledby", name.id);
    this.#note.append(this.#noteHead, this.#noteText, this.#noteHint);
    this.#noteText.dir = "auto";
    this.#files.setAttribute("role", "list");
    this.#files.setAttribute("aria-labelledby", name.id);
    this.element.dataset.required = String(required);
    this.element.append(
      make("div", { className: "asked-top" }, name, this.#badge),
      this.#facts,
      text,
      this.#example,
      this.#note,
      this.#files,
      this.#bar,
    );
    if (!this.#info.full) this.#addButtons(pickers);
    this.element.append(this.#refused);
    this.#refused.hidden = true;
  }

  #addButtons(pickers: Pickers): void {
    const { extensions, most } = this.item;
    const takes = extensions.length > 0 ? extensions : this.#info.allowedExtensions;
    const wanted: readonly (readonly [Picker, boolean])[] = [
      ["files", true],
      ["camera", takesPictures(takes)],
      ["folder", most !== 1],
    ];
    for (const [kind, useful] of wanted) {
      if (!useful || !pickers.has(kind)) continue;
      const button = makeButton("", kind === "files" ? "" : "slim", () =>
        pickers.open(kind, extensions, (found) => void this.#take(found)),
      );
      this.#buttons.set(kind, button);
      this.#zone.append(button);
    }
    this.#zone.append(this.#hint);
    this.element.append(this.#zone);
  }

  /** The whole of it takes what is let go over it; what the page around does with a drop, it does not do for this one. */
  #takeDrops(): void {
    const over = (is: boolean): void => {
      this.element.classList.toggle("over", is);
    };
    this.element.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();
      over(true);
      // The zone of the page may still be lit.
      dispatchEvent(new DragEvent("dragleave"));
    });
    this.element.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.element.contains(relatedTarget))) over(false);
    });
    this.element.addEventListener("drop", (event) => {
      over(false);
      if (event.dataTransfer === null) return;
      event.preventDefault();
      event.stopPropagation();
      const looking = (count: number): void => setText(this.#hint, t("looking", { count }));
      void fromDrop(event.dataTransfer, looking).then((found) => this.#take(found));
    });
  }

  async #take(found: Collected): Promise<void> {
    setText(this.#hint, say("item_drop"));
    this.#complaints = [];
    this.#paintRefused();
    this.#complaints = await this.#give(found);
    this.#paintRefused();
  }

  #describeExample(example: string): void {
    setHidden(this.#example, example === "");
    if (example === "") return;
    if (!/^https:\/\/\S+$/.test(example)) {
      setText(this.#example, say("item_example", { text: example }));
      return;
    }
    const link = make("a", { text: say("item_example_link") });
    link.href = example;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    link.title = example;
    link.setAttribute("aria-label", `${say("item_example_link")}: ${this.item.title}`);
    this.#example.replaceChildren(link);
  }

  #paintState(): void {
    const words = this.#stateWords();
    setAttribute(this.element, "data-state", this.#look);
    showIcon(this.#sign, ICONS[this.#look]);
    setText(this.#state, words);
    setHidden(this.#badge, words === "");
  }

  #stateWords(): string {
    const { count } = this.item;
    switch (this.#look) {
      case "unknown":
        return "";
      case "some":
        return say("item_some", { done: this.#standing?.filesTotal ?? 0, count });
      case "sending":
        return say("item_sending", { percent: formatPercent(this.#percent, 1) });
      default:
        return say(`item_${this.#look}` satisfies AskedKey);
    }
  }

  #paintNote(): void {
    const { state, note = "" } = this.#standing ?? {};
    // Of two files that are wanted again, one may have come already.
    const is = note !== "" && (state === "returned" || state === "needed");
    setHidden(this.#note, !is);
    setText(this.#noteHead, say("item_returned"));
    setText(this.#noteText, note);
    setText(this.#noteHint, say("item_again"));
  }

  #paintRefused(): void {
    const refused = this.#complaints;
    setHidden(this.#refused, refused.length === 0);
    if (refused.length === 0) return;
    this.#refused.setAttribute("role", "alert");
    const lines = refused.slice(0, MAX_REFUSALS).map(({ path, reason }) => `${path}: ${reason}`);
    if (refused.length > MAX_REFUSALS)
      lines.push(t("refused_more", { count: refused.length - MAX_REFUSALS }));
    this.#refused.replaceChildren(
      make("p", { text: t("refused", { count: refused.length }) }),
      make("ul", {}, ...lines.map((text) => make("li", { text }))),
    );
  }

  /** First what still moves or failed, then what has arrived. */
  #paintFiles(ours: readonly UploadItem[]): void {
    const seen = new Set(ours.map(({ uploadId }) => uploadId));
    const rows: FileRow[] = ours
      .filter(({ state }) => state !== "done")
      .slice(0, MAX_ROWS)
      .map((each) => ownRow(each));
    const told = this.#standing;
    const settled = [
      ...ours.filter(({ state }) => state === "done").map((each) => ownRow(each)),
      ...(told?.files ?? [])
        .filter(({ uploadId }) => !seen.has(uploadId))
        .map(({ uploadId, name, size }) => ({
          key: uploadId,
          name,
          words: joined([formatBytes(size), t("arrived")]),
          state: "done",
        })),
    ];
    const missing = ours.length - ours.filter(({ state }) => state === "done").length;
    rows.push(...settled.slice(0, Math.max(0, MAX_ROWS - rows.length)));
    const unlisted = Math.max(0, (told?.filesTotal ?? 0) - (told?.files.length ?? 0));
    const more = missing + settled.length + unlisted - rows.length;
    if (more > 0) rows.push({ key: "more", name: "", words: t("refused_more", { count: more }), state: "" });
    this.#paintRows(rows);
  }

  #paintRows(rows: readonly FileRow[]): void {
    setHidden(this.#files, rows.length === 0);
    const kept = new Set(rows.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (kept.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    for (const [at, { key, name, words, state }] of rows.entries()) {
      const row = this.#rows.get(key) ?? makeRow(name);
      this.#rows.set(key, row);
      if (this.#files.children[at] !== row) this.#files.insertBefore(row, this.#files.children[at] ?? null);
      setAttribute(row, "data-state", state);
      setText(row.lastElementChild as HTMLElement, words);
    }
  }
}

function ownRow({ id, path, file, state, safe, error }: UploadItem): FileRow {
  return { key: String(id), name: path, words: wordsFor(state), state };

  function wordsFor(now: UploadItem["state"]): string {
    if (now === "failed") return reasonFor(error);
    if (now === "done") return joined([formatBytes(file.size), t("arrived")]);
    if (now === "sending") return formatPercent(safe, file.size || 1);
    return now === "waiting" ? say("item_waiting") : t(now);
  }
}

function makeRow(name: string): HTMLElement {
  return make("li", {}, make("bdi", { text: name }), make("span", { className: "quiet" }));
}
