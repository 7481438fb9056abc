// The page of settings: what counts now, who says so, and changing it.

import { UploadError } from "../../core/errors";
import { make, need } from "../../page/dom";
import { t } from "../i18n";
import { say, show, windowTitle } from "../parts";
import { DESK_ADDRESS } from "../places";
import { errorWords } from "../words";
import { Field, wordsOf } from "./field";
import { Group } from "./group";
import { LogoField } from "./logo";
import { MailServerField } from "./mail-server";
import { mailTest } from "./mail-test";
import { SettingsApi } from "./settings-api";
import type { Changes, Settings } from "./wire";

const MAIL = "mail";
const BRAND = "brand";
/** What a test of the mail server goes by. */
const TESTED = ["smtp_url", "mail_from"];

export class SettingsPage {
  readonly #api: SettingsApi;
  #groups = new Map<string, Group>();

  constructor(api = new SettingsApi()) {
    this.#api = api;
    const back = need("back", HTMLAnchorElement);
    const logIn = need("log-in", HTMLAnchorElement);
    back.href = DESK_ADDRESS;
    logIn.href = `${DESK_ADDRESS}?settings`;
    document.title = windowTitle(t("settings"));
    addEventListener("beforeunload", (event) => {
      if ([...this.#groups.values()].some(({ isChanged }) => isChanged)) event.preventDefault();
    });
  }

  async start(): Promise<void> {
    try {
      this.#show(await this.#api.all());
    } catch (error) {
      this.#fail(error);
      return;
    }
    // Whoever was led to a part of it by an address finds it now only: it was not there when the page came.
    if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  #show(found: Settings): void {
    const names = [...new Set(found.settings.map(({ group }) => group))];
    this.#groups = new Map(names.map((name) => [name, this.#group(name, found)]));
    need("groups").replaceChildren(...[...this.#groups.values()].map(({ element }) => element));
    need("groups").append(make("p", { className: "quiet small", text: t("settings_elsewhere") }));
    need("groups").hidden = false;
    show(need("intro"), t("settings_intro"));
    this.#drawNav(names);
  }

  #drawNav(names: readonly string[]): void {
    const nav = need("nav");
    const links = names.map((name) => {
      const link = make("a", { text: wordsOf(`group_${name}`, name) });
      link.href = `#set-${name}`;
      return link;
    });
    nav.setAttribute("aria-label", t("settings_parts"));
    nav.replaceChildren(...links);
    nav.hidden = false;
  }

  #group(name: string, found: Settings): Group {
    const group = new Group(name, (changes) => this.#save(name, changes));
    if (name === BRAND)
      group.append(new LogoField(found.logo, (picture) => this.#api.setLogo(picture)).element);
    for (const each of found.settings) {
      if (each.group !== name) continue;
      group.add(
        each.kind === "mail_server" ? new MailServerField(each, group.note) : new Field(each, group.note),
      );
    }
    if (name === MAIL) group.after(this.#test(group, found));
    return group;
  }

  #test(group: Group, found: Settings): HTMLElement {
    const told = found.settings.find((each) => each.name === "notify_mail")?.value ?? "";
    return mailTest(told.split(",")[0]?.trim() ?? "", (to) => {
      const typed = Object.entries(group.changes).filter(([name]) => TESTED.includes(name));
      return this.#api.testMail(to, Object.fromEntries(typed));
    });
  }

  /** Saves one group, and leaves what is typed in the others as it is. */
  async #save(name: string, changes: Changes): Promise<void> {
    const found = await this.#api.change(changes);
    const before = this.#groups.get(name);
    const after = this.#group(name, found);
    this.#groups.set(name, after);
    before?.element.replaceWith(after.element);
    after.says(t("settings_saved"));
    after.element.querySelector<HTMLElement>("button[type=submit]")?.focus();
    say(t("settings_saved"));
  }

  #fail(error: unknown): void {
    const isOut = error instanceof UploadError && error.status === 401;
    need("log-in").hidden = !isOut;
    show(need("trouble"), isOut ? t("settings_logged_out") : errorWords(error));
  }
}
