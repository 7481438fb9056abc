// Who is mailed what arrives by a link, beside what goes to programs and chats.

import { make, makeButton } from "../../page/dom";
import { Piece, textField } from "../accounts/pieces";
import { filled, t } from "../i18n";
import { acts, submits } from "../parts";
import { SETTINGS_ADDRESS } from "../places";
import { visibleName } from "../visible";
import { mayChange } from "../whose";
import type { TellingCalls } from "./calls";
import { follow } from "./following";
import type { Message } from "./wire";
import { outcomeWords } from "./words";

/** As a link has it where nobody is mailed. */
const NOBODY = "none";

export interface ByMailPorts {
  /** The link that it is about; null for all. */
  readonly link: string | null;
  /** Its addresses, apart by commas; empty for those of the server. */
  readonly notify: string;
  readonly mayAdminister: boolean;
  /** They are others now. */
  readonly changed: () => void;
  readonly sent: () => void;
}

export class ByMail {
  readonly #piece = new Piece(t("tell_mail"));
  readonly #calls: TellingCalls;
  readonly #ports: ByMailPorts;
  readonly #list = make("ul", { className: "lines" });
  readonly #about = make("p", { className: "quiet" });
  readonly #outcome = make("p", { className: "outcome" });
  readonly #field = textField(t("tell_mail_add"), { type: "email", most: 254 });
  #addresses: readonly string[];
  #isNobody: boolean;

  constructor(calls: TellingCalls, ports: ByMailPorts) {
    this.#calls = calls;
    this.#ports = ports;
    this.#isNobody = ports.notify === NOBODY;
    this.#addresses = this.#isNobody ? [] : ports.notify.split(/[,\s]+/).filter((each) => each !== "");
    this.#outcome.setAttribute("role", "status");
    this.element.append(this.#about, this.#list, this.#outcome);
    if (ports.link !== null && mayChange()) this.element.append(this.#form(ports.link));
    this.#render();
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  #form(link: string): HTMLFormElement {
    const { input, label } = this.#field;
    input.required = true;
    const add = make("button", { className: "button", text: t("tell_add_it") });
    const form = make("form", { className: "joined" }, label, add);
    submits(form, async () => {
      const address = input.value.trim();
      const others = this.#addresses.filter((each) => each.toLowerCase() !== address.toLowerCase());
      if (!(await this.#change(link, [...others, address], t("tell_mail_added", { address })))) return;
      form.reset();
      input.focus();
    });
    return form;
  }

  async #change(link: string, addresses: readonly string[], words: string): Promise<boolean> {
    if (!(await this.#piece.tries(() => this.#calls.notify(link, addresses), words))) return false;
    this.#addresses = addresses;
    this.#isNobody = false;
    this.#render();
    this.#ports.changed();
    return true;
  }

  #render(): void {
    const { link, mayAdminister } = this.#ports;
    const isServers = link === null || (this.#addresses.length === 0 && !this.#isNobody);
    const settings = make("a", { text: t("settings") });
    settings.href = SETTINGS_ADDRESS;
    this.#about.hidden = this.#addresses.length > 0;
    if (this.#isNobody) this.#about.textContent = t("tell_mail_nobody");
    else if (isServers && mayAdminister)
      this.#about.replaceChildren(...filled("tell_mail_set", { settings }));
    else this.#about.textContent = t("tell_mail_usual");
    this.#list.hidden = this.#addresses.length === 0;
    this.#list.replaceChildren(...this.#addresses.map((each) => this.#line(each)));
  }

  #line(address: string): HTMLLIElement {
    const { link, mayAdminister } = this.#ports;
    const line = make("li", {}, make("bdi", { className: "line-name", text: visibleName(address) }));
    if (!mayChange() || link === null) return line;
    const row = make("div", { className: "row" });
    if (mayAdminister) {
      const test = makeButton(t("tell_test"), "slim", () => {});
      test.setAttribute("aria-label", t("tell_test_item", { name: address }));
      acts(test, () => this.#test(address));
      row.append(test);
    }
    const remove = makeButton(t("tell_remove"), "slim danger", () => {});
    remove.setAttribute("aria-label", `${t("tell_remove")}: ${address}`);
    acts(remove, async () => {
      const left = this.#addresses.filter((each) => each !== address);
      if (await this.#change(link, left, t("tell_removed", { name: address }))) this.#field.input.focus();
    });
    row.append(remove);
    line.append(row);
    return line;
  }

  async #test(address: string): Promise<void> {
    let sent: readonly Message[] = [];
    const task = async (): Promise<void> => {
      sent = await this.#calls.test({ mail: address });
    };
    const [message] = (await this.#piece.tries(task)) ? sent : [];
    if (message === undefined) return;
    await follow(message, {
      load: (id) => this.#calls.message(id),
      show: (found) => {
        const outcome = outcomeWords(found, Date.now());
        this.#outcome.textContent = t("tell_test_outcome", { outcome });
        this.#outcome.classList.toggle("problem", found.state === "failed" || found.state === "given_up");
      },
      isSeen: () => this.element.isConnected,
    });
    this.#ports.sent();
  }
}
