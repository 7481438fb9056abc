// What has come since the owner looked: the newest goes of senders, each with its download. Where nothing is new it is not there.

import { need, setAttribute, setText } from "../../page/dom";
import { archiveUrl, type OwnerApi } from "../api";
import { type Batch, batchesOf, namesWords, sentWords } from "../batches";
import { t } from "../i18n";
import { KeyedList, type KeyedRow } from "../keyed";
import { acts, clonedElement, part, say, show } from "../parts";
import { placeAddress } from "../places";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import type { ListedLink, ReceivedFile } from "../wire";
import { errorWords, nameOf } from "../words";

/** So many are shown; the list tells of the rest. */
const GOES = 3;
/** So many new files of a link are asked for. Of a go that is larger no more is known than that. */
export const MOST_FILES = 1_000;
/** As many ids as any server's address holds. */
const MOST_IDS = 150;
const MICROSECOND = 1e-6;

/** A go of one sender that is new, and the link it came by. */
export interface Go {
  readonly link: ListedLink;
  readonly batch: Batch;
  /** Whether there may be more of it than is known. */
  readonly isLong: boolean;
}

/** The goes among the new files of a link, the newest first. */
export function goesOf(link: ListedLink, files: readonly ReceivedFile[]): readonly Go[] {
  const newestFirst = [...files].sort((one, other) => other.receivedAt - one.receivedAt);
  const batches = batchesOf(newestFirst);
  const isLong = link.filesNew > files.length;
  return batches.map((batch, at) => ({ link, batch, isLong: isLong && at === batches.length - 1 }));
}

/** Where the files of a go are downloaded: by their ids where these are few, else as what this sender sent in that time. */
export function goUrl({ link, batch: { uploadIds, from, to, sentBy } }: Go): string {
  if (uploadIds.length <= MOST_IDS) return archiveUrl(link.hash, { files: uploadIds.join(",") });
  const [since, until] = [from / 1_000 - MICROSECOND, to / 1_000 + MICROSECOND].map(String);
  return archiveUrl(link.hash, { since, until, sender: sentBy });
}

type Ports = Pick<OwnerApi, "newFiles" | "see">;

/** What is known of a link's new files, and as of when. */
interface Known {
  readonly as: string;
  readonly files: readonly ReceivedFile[];
}

export class Arrived {
  readonly #root = need("arrived");
  readonly #more = need("more-arrived", HTMLButtonElement);
  readonly #problem = need("arrived-problem");
  readonly #rows: KeyedList<Go, GoRow>;
  readonly #api: Ports;
  readonly #known = new Map<string, Known>();

  /** `changed` is called where the list has to be asked for again, `all` where all links with new files are wanted. */
  constructor(api: Ports, changed: () => void, all: () => void) {
    this.#api = api;
    const seen = async ({ hash, filesArrived }: ListedLink): Promise<void> => {
      show(this.#problem, "");
      try {
        await api.see(hash, filesArrived);
        say(t("marked_seen"));
        // The button that had the focus goes.
        need("links-title").focus({ preventScroll: true });
      } catch (error) {
        show(this.#problem, errorWords(error));
      }
      changed();
    };
    this.#rows = new KeyedList(
      need("goes", HTMLUListElement),
      ({ link, batch }) => `${link.hash} ${batch.id}`,
      () => new GoRow(seen),
    );
    this.#more.addEventListener("click", all);
  }

  /** Shows what is new on these links; asks only for what has changed. */
  async show(links: readonly ListedLink[], signal: AbortSignal): Promise<void> {
    const withNews = links.filter(({ filesNew }) => filesNew > 0).sort(byArrival);
    for (const hash of this.#known.keys()) {
      if (!withNews.some((link) => link.hash === hash)) this.#known.delete(hash);
    }
    // What came last on the fourth link came before the newest of the first three.
    const goes: Go[] = [];
    for (const link of withNews.slice(0, GOES)) goes.push(...goesOf(link, await this.#filesOf(link, signal)));
    goes.sort((one, other) => other.batch.to - one.batch.to);
    const shown = goes.slice(0, GOES);
    this.#rows.show(shown);
    const total = withNews.reduce((sum, { filesNew }) => sum + filesNew, 0);
    const left = total - shown.reduce((sum, { batch }) => sum + batch.files, 0);
    this.#more.hidden = left <= 0 || shown.some(({ isLong }) => isLong && withNews.length === 1);
    setText(this.#more, t("more_new", { count: left }));
    this.#root.hidden = shown.length === 0;
  }

  async #filesOf(link: ListedLink, signal: AbortSignal): Promise<readonly ReceivedFile[]> {
    const as = `${link.filesArrived} ${link.filesNew}`;
    const known = this.#known.get(link.hash);
    if (known?.as === as) return known.files;
    const files = await this.#api.newFiles(link.hash, Math.min(link.filesNew, MOST_FILES), signal);
    this.#known.set(link.hash, { as, files });
    return files;
  }
}

function byArrival(one: ListedLink, other: ListedLink): number {
  return (other.lastReceivedAt ?? 0) - (one.lastReceivedAt ?? 0);
}

class GoRow implements KeyedRow<Go> {
  readonly element = clonedElement("go");
  readonly #link = part(this.element, "link", HTMLAnchorElement);
  readonly #names = part(this.element, "names", HTMLElement);
  readonly #download = part(this.element, "download", HTMLAnchorElement);
  readonly #seen = part(this.element, "seen", HTMLButtonElement);
  #go: Go | null = null;

  constructor(seen: (link: ListedLink) => Promise<void>) {
    acts(this.#seen, async () => {
      if (this.#go !== null) await seen(this.#go.link);
    });
  }

  show(go: Go): void {
    this.#go = go;
    const { link, batch, isLong } = go;
    const title = visibleName(nameOf(link));
    const sender = batch.sender === "" ? t("somebody") : visibleName(batch.sender);
    const count = t("files", { count: batch.files });
    setText(part(this.element, "sender", HTMLElement), sender);
    setText(
      part(this.element, "sent", HTMLElement),
      isLong ? t("files_or_more", { count: batch.files }) : sentWords(batch),
    );
    setText(part(this.element, "title", HTMLElement), title);
    setAttribute(this.#link, "href", placeAddress(link.hash));
    showWhen(part(this.element, "time", HTMLTimeElement), batch.to);
    setText(this.#names, namesWords(batch));
    // One line may not hold them.
    setAttribute(this.#names, "title", namesWords(batch));
    setAttribute(this.#download, "href", goUrl(go));
    setAttribute(this.#download, "aria-label", t("download_go", { files: count, sender, link: title }));
    setAttribute(this.#seen, "aria-label", t("seen_item", { name: title }));
    setAttribute(this.#seen, "title", t("seen_what"));
  }
}
