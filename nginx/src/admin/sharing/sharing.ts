// Sharing files outwards: the form for a new address, and what is shared of the link already. Loaded when it is first asked for.

import { addressOf } from "../../page/address";
import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { formatDate } from "../format";
import { joined, t } from "../i18n";
import { acts, copies, field, part, say, show, submits } from "../parts";
import { visibleName } from "../visible";
import { errorWords } from "../words";
import { OverPage } from "./over-page";
import { type NewShare, parseShare, parseShares, type Share } from "./sharing-wire";
import "./sharing.css";

/** What is shared: these uploads, or all that have arrived; and how that is called. */
export interface Shared {
  readonly ids: readonly string[] | null;
  readonly words: string;
}

export class Sharing {
  readonly #page = new OverPage("sharing");
  readonly #root = this.#page.element;
  readonly #form = part(this.#root, "form", HTMLFormElement);
  readonly #made = part(this.#root, "made", HTMLElement);
  readonly #url = part(this.#root, "url", HTMLInputElement);
  readonly #problem = part(this.#root, "problem", HTMLElement);
  readonly #list = part(this.#root, "shares", HTMLUListElement);
  readonly #hash: string;
  readonly #api: Pick<OwnerApi, "ask" | "tell">;
  #shared: Shared = { ids: null, words: "" };

  constructor(hash: string, api: Pick<OwnerApi, "ask" | "tell">) {
    this.#hash = hash;
    this.#api = api;
    submits(this.#form, () => this.#make());
    copies(part(this.#root, "copy", HTMLButtonElement), () => this.#url.value, this.#url);
  }

  open(shared: Shared): void {
    this.#shared = shared;
    part(this.#root, "what", HTMLElement).textContent = shared.words;
    this.#form.hidden = false;
    this.#made.hidden = true;
    show(this.#problem, "");
    this.#page.open();
    field(this.#form, "title", HTMLInputElement).focus();
    void this.#refresh();
  }

  async #make(): Promise<void> {
    show(this.#problem, "");
    const { ids } = this.#shared;
    const typed = (name: string): string => field(this.#form, name, HTMLInputElement).value;
    const body: NewShare = {
      ...(ids === null ? {} : { uploads: ids }),
      title: typed("title"),
      sharer: typed("sharer"),
      password: typed("password") || null,
      expires_hours: Number(field(this.#form, "expires", HTMLSelectElement).value),
      max_downloads: Math.max(0, Math.trunc(Number(typed("downloads")) || 0)),
    };
    try {
      const made = await this.#api.ask("POST", "/shares", parseShare, { link: this.#hash, ...body });
      this.#url.value = addressOf(made.url);
      part(this.#root, "locked", HTMLElement).hidden = !made.hasPassword;
      this.#form.hidden = true;
      this.#made.hidden = false;
      // Nobody is shown the password again, and the next one who opens this form is not to find it there.
      this.#form.reset();
      part(this.#root, "copy", HTMLButtonElement).focus();
      say(t("share_ready"));
      await this.#refresh();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  async #refresh(): Promise<void> {
    try {
      const path = `/requests/${encodeURIComponent(this.#hash)}/shares`;
      const shares = await this.#api.ask("GET", path, parseShares);
      part(this.#root, "shared", HTMLElement).hidden = shares.length === 0;
      this.#list.replaceChildren(...shares.map((each) => this.#row(each)));
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  #row(share: Share): HTMLLIElement {
    const name = visibleName(share.title) || t("share_untitled");
    const copy = makeButton(t("copy"), "slim", () => undefined);
    copy.setAttribute("aria-label", t("share_copy", { name }));
    copies(copy, () => addressOf(share.url));
    const end = makeButton(t("share_end"), "slim danger", () => undefined);
    end.setAttribute("aria-label", t("share_end_item", { name }));
    acts(end, () => this.#end(share));
    const words = make("div", { className: "share-words" }, make("bdi", { text: name }));
    words.append(make("span", { className: "facts", text: shareWords(share) }));
    return make("li", { className: "share-row" }, words, copy, end);
  }

  async #end(share: Share): Promise<void> {
    try {
      await this.#api.tell("DELETE", `/shares/${encodeURIComponent(share.hash)}`);
      say(t("share_ended"));
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
    await this.#refresh();
    part(this.#root, "close", HTMLButtonElement).focus();
  }
}

/** "3 files · until 6 December · 1 of 5 downloads · password". */
export function shareWords(share: Share): string {
  const { files, expiresAt, isExpired, maxDownloads, downloads, hasPassword } = share;
  const until = expiresAt === null ? t("share_endless") : t("share_until", { date: formatDate(expiresAt) });
  return joined(
    files === null ? t("share_all_then") : t("files", { count: files }),
    isExpired ? t("share_expired") : until,
    maxDownloads === 0
      ? t("downloads", { count: downloads })
      : t("downloads_of", { done: downloads, count: maxDownloads }),
    hasPassword ? t("share_password") : "",
  );
}
