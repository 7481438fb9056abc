// The panel about messages: where they go, one place more, and what was sent; of everything in reach, or of one link.

import { make, makeButton } from "../../page/dom";
import type { OwnerApi } from "../api";
import { t } from "../i18n";
import { freshId } from "../parts";
import { visibleName } from "../visible";
import { mayChange, type Who } from "../whose";
import { Adding } from "./adding";
import { ByMail } from "./by-mail";
import { TellingCalls } from "./calls";
import { EndpointList } from "./endpoint-list";
import { MessageLog } from "./log";
import "../accounts/accounts.css";
import "./telling.css";

/** The link that the panel is about. */
export interface ToldLink {
  readonly hash: string;
  readonly name: string;
  readonly notify: string;
}

export interface TellingPorts {
  readonly who: () => Who;
  /** What a link is called; what is not known, by its hash. */
  readonly titleOf: (hash: string) => string;
  /** A link was changed. */
  readonly refresh: () => void;
}

export class TellingPanel {
  readonly #calls: TellingCalls;
  readonly #ports: TellingPorts;
  readonly #dialog = make("dialog", { className: "panel accounts telling" });
  readonly #title = make("h1");
  readonly #body = make("section");
  #before: Element | null = null;

  constructor(api: Pick<OwnerApi, "raw">, ports: TellingPorts) {
    this.#calls = new TellingCalls(api);
    this.#ports = ports;
    this.#title.id = freshId("telling");
    const close = makeButton(t("close"), "slim", () => this.#dialog.close());
    this.#dialog.setAttribute("aria-labelledby", this.#title.id);
    this.#body.setAttribute("aria-labelledby", this.#title.id);
    this.#dialog.append(make("div", { className: "panel-head" }, this.#title, close), this.#body);
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  async open(link: ToldLink | null): Promise<void> {
    if (this.#dialog.open) return;
    const { mayAdminister } = this.#ports.who();
    const hash = link?.hash ?? null;
    this.#title.textContent =
      link === null ? t("messages") : t("tell_title_link", { name: visibleName(link.name) });
    const sent = (): void => void log.load();
    const log = new MessageLog(this.#calls, {
      link: hash,
      listed: (messages) => list.know(messages),
      tried: () => void list.follow(),
    });
    const list = new EndpointList(this.#calls, {
      link: hash,
      titleOf: this.#ports.titleOf,
      sent,
      listed: (endpoints) => log.know(endpoints),
    });
    const mails = new ByMail(this.#calls, {
      link: hash,
      notify: link?.notify ?? "",
      mayAdminister,
      changed: this.#ports.refresh,
      sent,
    });
    if (mayChange() && (hash !== null || mayAdminister)) {
      const ports = { link: hash, mayAdminister, added: list.add.bind(list) };
      list.element.append(new Adding(this.#calls, ports).element);
    } else if (mayChange()) {
      list.element.append(make("p", { className: "quiet", text: t("tell_on_links") }));
    }
    const pieces = hash === null && !mayAdminister ? [list, log] : [mails, list, log];
    this.#body.replaceChildren(...pieces.map((each) => each.element));
    this.#before = document.activeElement;
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    await Promise.all([list.load(), log.load()]);
  }

  #closed(): void {
    // A secret that was shown once is not left behind.
    this.#body.replaceChildren();
    this.#dialog.remove();
    if (this.#before instanceof HTMLElement && this.#before.isConnected)
      this.#before.focus({ preventScroll: true });
  }
}
