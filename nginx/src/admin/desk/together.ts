// What is done with all links that are shown at once, such as those of fifty clients: remind, give a week, take away. Loaded when the
// list is first narrowed.

import { UploadError } from "../../core/errors";
import { make, makeButton, setText } from "../../page/dom";
import { archiveOfLinks, MOST_LINKS_AT_ONCE, type OwnerApi } from "../api";
import { anotherWeek } from "../due";
import { sentences, t } from "../i18n";
import { acts, say } from "../parts";
import { mayChange } from "../whose";
import type { ListedLink } from "../wire";
import { errorWords } from "../words";

/** How long a second click is still about the same question. */
const SURE_MS = 6_000;

/** What came of doing one thing with each of many links. */
interface Outcome {
  readonly done: number;
  readonly failed: number;
  /** Why, of the first. */
  readonly error: unknown;
}

type Api = Pick<OwnerApi, "edit" | "remind">;

/** `task` for each, in their order; what fails stops nothing but where nothing more can be done. */
export async function withEach(
  links: readonly ListedLink[],
  task: (link: ListedLink) => Promise<void>,
  progress: (done: number) => void,
): Promise<Outcome> {
  let [done, error]: [number, unknown] = [0, null];
  for (const link of links) {
    try {
      await task(link);
      done += 1;
    } catch (reason) {
      error ??= reason;
      if (reason instanceof UploadError && endsAll(reason)) break;
    }
    progress(done);
  }
  return { done, failed: error === null ? 0 : links.length - done, error };
}

/** Without a session, a server or mail the others would fare alike. */
function endsAll({ status, code }: UploadError): boolean {
  return status === 0 || status === 401 || status === 429 || code === "mail_not_ready";
}

export class Together {
  readonly element = make("div", { className: "together" });
  readonly #api: Api;
  readonly #refresh: () => void;
  readonly #count = make("span", { className: "facts" });
  readonly #remind = makeButton(t("together_remind"), "slim", () => undefined);
  readonly #extend = makeButton(t("together_extend"), "slim", () => undefined);
  readonly #download = make("a", { className: "button slim", text: t("together_download") });
  readonly #outcome = make("p", { className: "quiet together-outcome" });
  #links: readonly ListedLink[] = [];
  #isBusy = false;

  constructor(api: Api, refresh: () => void) {
    this.#api = api;
    this.#refresh = refresh;
    this.#outcome.setAttribute("role", "status");
    this.#download.setAttribute("download", "");
    acts(this.#extend, () => this.#extendAll());
    this.#asksFirst(this.#remind, t("together_remind"), () => this.#remindAll());
    this.element.append(this.#count, this.#remind, this.#extend, this.#download, this.#outcome);
  }

  /** Those that are shown: while something is done with them, it is done with those that were. */
  show(links: readonly ListedLink[]): void {
    this.element.hidden = links.length === 0 && !this.#isBusy;
    if (this.#isBusy) return;
    this.#links = links;
    setText(this.#count, t("together", { count: links.length }));
    const tooMany = links.length > MOST_LINKS_AT_ONCE;
    const hasFiles = links.some(({ filesReceived }) => filesReceived > 0);
    this.#download.hidden = !hasFiles;
    this.#download.title = tooMany ? t("together_too_many", { count: MOST_LINKS_AT_ONCE }) : "";
    if (tooMany) this.#download.removeAttribute("href");
    else this.#download.href = archiveOfLinks(links.map(({ hash }) => hash));
    this.#remind.hidden = !mayChange() || this.#awaited.length === 0;
    this.#extend.hidden = !mayChange() || this.#open.length === 0;
  }

  /** Those that somebody may still have to send to. */
  get #awaited(): readonly ListedLink[] {
    return this.#open.filter(
      ({ state, standing, due, progress }) =>
        state === "open" && standing !== "done" && (due.forEmail !== "" || progress !== null),
    );
  }

  get #open(): readonly ListedLink[] {
    return this.#links.filter(({ active }) => active);
  }

  /** It goes to many people, so it asks: the second click does it, and not the second of two that come together. */
  #asksFirst(button: HTMLButtonElement, words: string, task: () => Promise<void>): void {
    let asked = Number.NEGATIVE_INFINITY;
    acts(button, async () => {
      if (performance.now() - asked > SURE_MS) {
        asked = performance.now();
        setText(button, t("together_sure"));
        setTimeout(() => setText(button, words), SURE_MS);
        return;
      }
      asked = Number.NEGATIVE_INFINITY;
      setText(button, words);
      await task();
    });
  }

  async #extendAll(): Promise<void> {
    await this.#during(this.#open, async (progress, links) => {
      const told = await withEach(
        links,
        async (link) => {
          await this.#api.edit(link.hash, anotherWeek(link, Date.now()));
        },
        progress,
      );
      return sentences(t("together_extended", { count: told.done }), failedWords(told));
    });
  }

  async #remindAll(): Promise<void> {
    await this.#during(this.#awaited, async (progress, links) => {
      let [mails, lately, stopped] = [0, 0, 0];
      const told = await withEach(
        links,
        async ({ hash }) => {
          const reminded = await this.#api.remind(hash);
          mails += reminded.mails.length;
          lately += reminded.lately;
          stopped += reminded.stopped;
        },
        progress,
      );
      return sentences(
        t("together_reminded", { count: mails }),
        lately === 0 ? "" : t("together_lately", { count: lately }),
        stopped === 0 ? "" : t("together_stopped", { count: stopped }),
        failedWords(told),
      );
    });
  }

  async #during(
    links: readonly ListedLink[],
    task: (progress: (done: number) => void, links: readonly ListedLink[]) => Promise<string>,
  ): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const words = await task(
        (done) => setText(this.#outcome, t("together_far", { done, count: links.length })),
        links,
      );
      setText(this.#outcome, words);
      say(words);
    } finally {
      this.#isBusy = false;
      this.#refresh();
    }
  }
}

function failedWords({ failed, error }: Outcome): string {
  return failed === 0 ? "" : t("together_failed", { count: failed, error: errorWords(error) });
}
