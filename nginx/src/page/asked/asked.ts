// What a link asks for: its items, each with a place for its files, and the owner's questions. Loaded where there are any. How they
// stand is kept by the server, for the key of this browser.

import {
  type Checklist,
  type Item,
  type ItemStanding,
  parseChecklist,
  parseItems,
  parseQuestions,
} from "../../core/asked";
import { UploadError } from "../../core/errors";
import type { LinkInfo } from "../../core/wire";
import type { UploadItem, UploadManager } from "../../utils/upload-manager";
import { make, need, setHidden, setText } from "../dom";
import type { Collected } from "../drop";
import { onLanguage } from "../i18n";
import type { LateApi } from "../late-api";
import { type Refused, sortOut, takenBy } from "../limits";
import { reasonWithWait } from "../reasons";
import type { SenderForm } from "../sender-form";
import { ItemView } from "./item-view";
import { Pickers } from "./pickers";
import { type Changed, Questions } from "./questions";
import { FORGOTTEN, senderKey } from "./sender-key";
import { loadWords, say } from "./words";
import "./asked.css";

type Take = (found: Collected, item: string) => Promise<void>;

/** What arrives together is asked about once, and while files arrive all the time not more often than this. */
const SOON_MS = 400;
const PAUSE_MS = 1_500;
/** While somebody looks, the owner may look as well. */
const AGAIN_MS = 60_000;
const NO_FILES: readonly UploadItem[] = [];

/** Shows what the link asks for. Its words are there when it resolves. */
export async function ask(info: LinkInfo, hash: string): Promise<Asked> {
  await loadWords();
  return new Asked(info, hash);
}

interface Page {
  readonly manager: UploadManager;
  readonly api: LateApi;
  readonly form: SenderForm;
  readonly take: Take;
}

export class Asked {
  readonly #info: LinkInfo;
  readonly #hash: string;
  readonly #items: readonly Item[];
  readonly #views: readonly ItemView[];
  readonly #questions: Questions | null;
  readonly #title = make("h2");
  readonly #left = make("p", { className: "asked-left" });
  readonly #otherTitle = make("h3", { className: "asked-other" });
  readonly #otherText = make("span", { className: "quiet small" });
  #page: Page | null = null;
  /** As the server told it last; null while it has told nothing. */
  #told: Checklist | null = null;
  #key = "";
  #arrived = "0 0";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = Number.NEGATIVE_INFINITY;
  #asking = false;
  #again = false;
  /** The password that is there is not the one: nobody tries it again by itself. */
  #refused = false;

  constructor(info: LinkInfo, hash: string) {
    this.#info = info;
    this.#hash = hash;
    this.#items = parseItems(info.items);
    const pickers = new Pickers(info.allowedExtensions);
    this.#views = this.#items.map(
      (item) => new ItemView(item, info, pickers, (found) => this.#give(item, found)),
    );
    const questions = parseQuestions(info.questions);
    this.#questions =
      questions.length === 0 ? null : new Questions(questions, (answers) => this.#save(answers));
    if (this.#items.length > 0) this.#build(pickers);
    onLanguage(() => this.#describe());
    this.#describe();
  }

  /** By which the server knows whose files these are: for openings. */
  get headers(): Readonly<Record<string, string>> {
    const key = senderKey(this.#hash);
    // Another tab has had this browser forget it: whoever it is now has answered nothing yet.
    if (key !== this.#key) this.#questions?.lose();
    this.#key = key;
    return { "X-Sender-Key": key };
  }

  /** The page is there. */
  begin(manager: UploadManager, api: LateApi, form: SenderForm, take: Take): void {
    this.#page = { manager, api, form, take };
    this.#questions?.begin((error) => this.#refusedBy(error));
    need("password", HTMLInputElement).addEventListener("change", () => {
      this.#refused = false;
      this.#soon();
    });
    document.addEventListener("visibilitychange", () => this.#soon());
    addEventListener(FORGOTTEN, () => {
      this.#told = null;
      this.#questions?.clear();
      for (const view of this.#views) view.show(undefined);
      this.#soon();
    });
    setInterval(() => this.#soon(), AGAIN_MS);
    this.#soon(0);
  }

  /** Called as often as the page is painted. */
  paint(): void {
    if (this.#page === null) return;
    const files = new Map<string, UploadItem[]>();
    let [done, ids] = [0, 0];
    for (const each of this.#page.manager.items) {
      if (each.item !== "" && each.state !== "cancelled") {
        const others = files.get(each.item);
        if (others === undefined) files.set(each.item, [each]);
        else others.push(each);
      }
      if (each.state !== "done") continue;
      done += 1;
      ids += each.id;
    }
    for (const view of this.#views) view.paint(files.get(view.item.id) ?? NO_FILES);
    const arrived = `${done} ${ids}`;
    if (arrived === this.#arrived) return;
    this.#arrived = arrived;
    this.#refused = false;
    this.#soon();
  }

  #build(pickers: Pickers): void {
    this.#title.id = "asked-title";
    this.#left.setAttribute("role", "status");
    const list = make("ul", { className: "asked-list" }, ...this.#views.map(({ element }) => element));
    // Safari takes a list without marks for none.
    list.setAttribute("role", "list");
    list.setAttribute("aria-labelledby", this.#title.id);
    const head = make("div", { className: "asked-head" }, this.#title, this.#left);
    const zone = need("drop");
    zone.before(make("div", { className: "asked" }, head, list, pickers.element));
    // Only who has it learns how the items stand: here it comes first, and belongs to the form all the same.
    if (this.#info.requiresPassword) {
      need("password").setAttribute("form", "gate");
      zone.parentElement?.querySelector(".asked")?.before(need("password-field"));
    }
    if (this.#info.full) return;
    zone.classList.add("small");
    zone.before(make("div", { className: "asked-rest" }, this.#otherTitle, this.#otherText));
  }

  #describe(): void {
    setText(this.#title, say("asked"));
    setText(this.#otherTitle, say("other_files"));
    setText(this.#otherText, say("other_files_text"));
    for (const view of this.#views) view.describe();
    this.#questions?.describe();
    this.#paintLeft();
    this.paint();
  }

  // Files

  /** Takes what may be sent for an item; says there why the rest may not. */
  async #give(item: Item, found: Collected): Promise<readonly Refused[]> {
    const page = this.#page;
    if (page === null) return [];
    const { manager, take } = page;
    const { accepted, refused } = sortOut(found.picked, this.#limitsOf(item), takenBy(manager.totals()));
    // How many are there already that still count, the server knows.
    const room = item.most || accepted.length;
    const over = accepted.slice(room).map(({ path }) => ({ path, reason: say("error_item_full") }));
    await take({ ...found, picked: accepted.slice(0, room) }, item.id);
    return [...refused, ...over];
  }

  #limitsOf({ extensions }: Item): LinkInfo {
    return extensions.length === 0 ? this.#info : { ...this.#info, allowedExtensions: extensions };
  }

  #standingOf(id: string): ItemStanding | undefined {
    return this.#told?.items.find((each) => each.id === id);
  }

  // What the server says of them

  #soon(after = SOON_MS): void {
    if (this.#timer !== null) return;
    const wait = Math.max(after, this.#asked + PAUSE_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#asked = performance.now();
      void this.#ask();
    }, wait);
  }

  async #ask(): Promise<void> {
    const page = this.#page;
    const { requiresPassword } = this.#info;
    if (page === null || document.hidden || this.#refused) return;
    if (requiresPassword && page.form.password === "") return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      this.#show(parseChecklist(await (await page.api()).get("/checklist", this.#callHeaders(page))));
    } catch (error) {
      this.#refusedBy(error);
    } finally {
      this.#asking = false;
      if (this.#again) this.#soon();
      this.#again = false;
    }
  }

  /** A password that is wrong is said where it is typed; all else passes, and is asked again. */
  #refusedBy(error: unknown): boolean {
    const page = this.#page;
    if (page === null || !(error instanceof UploadError)) return false;
    if (!error.code.startsWith("password_") && error.code !== "too_many_attempts") return false;
    this.#refused = true;
    page.form.askPassword(() => reasonWithWait(error));
    return true;
  }

  #callHeaders({ form }: Page): Readonly<Record<string, string>> {
    const { password } = form;
    return {
      ...this.headers,
      ...(password === "" ? {} : { "X-Request-Password": encodeURIComponent(password) }),
    };
  }

  async #save(changed: Changed): Promise<void> {
    const page = this.#page;
    if (page === null) return;
    this.#show(parseChecklist(await (await page.api()).put("/answers", changed, this.#callHeaders(page))));
  }

  #show(told: Checklist): void {
    const before = this.#told;
    this.#told = told;
    const news: string[] = [];
    for (const view of this.#views) {
      const standing = this.#standingOf(view.item.id);
      view.show(standing);
      const was = before?.items.find(({ id }) => id === view.item.id)?.state;
      if (standing !== undefined && was !== undefined && was !== standing.state) news.push(view.said);
    }
    this.#questions?.fill(told.answers);
    this.#paintLeft();
    this.paint();
    if (news.length > 0) need("live").textContent = news.join(" ");
  }

  #paintLeft(): void {
    setText(this.#left, this.#leftWords());
    setHidden(this.#left, this.#left.textContent === "");
    this.#left.classList.toggle("good", this.#told?.finished === true);
  }

  #leftWords(): string {
    if (this.#told === null) return this.#info.requiresPassword ? say("asked_locked") : "";
    const wanted = this.#items.filter(({ required }) => required);
    const missing = wanted.filter(({ id }) => {
      const state = this.#standingOf(id)?.state;
      return state !== "sent" && state !== "accepted";
    });
    if (missing.length > 0) return say("asked_left", { count: missing.length, all: wanted.length });
    if (wanted.length === 0) return "";
    return say(this.#told.finished ? "asked_complete" : "asked_answers_left");
  }
}
