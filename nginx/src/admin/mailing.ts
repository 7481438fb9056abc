// Mailing a link to those it is for: the form, and what came of each mail.

import { make, setText } from "../page/dom";
import { isKey, t } from "./i18n";
import { clonedElement, field, part, say, show, submits } from "./parts";
import { whyWords } from "./reasons";
import { visibleName } from "./visible";
import type { Told } from "./wire";
import { errorWords } from "./words";

const LOOK_MS = 1_000;
/** A mail server may take a minute. */
const LOOKED_AT = 60;

export interface MailPorts {
  /** Whom the link is for, empty where nobody is named. */
  readonly to?: string;
  /** Mails the link to these addresses. */
  readonly mail: (to: string, text: string) => Promise<readonly Told[]>;
  /** How one of the mails stands. */
  readonly told: (id: string) => Promise<Told>;
}

export class Mailing {
  readonly element = clonedElement("mailing") as HTMLFormElement;
  readonly #ports: MailPorts;
  readonly #wait: () => Promise<void>;
  readonly #to = field(this.element, "to", HTMLInputElement);
  readonly #text = field(this.element, "text", HTMLTextAreaElement);
  readonly #problem = part(this.element, "problem", HTMLElement);
  readonly #outcomes = part(this.element, "outcomes", HTMLElement);

  constructor(ports: MailPorts, wait = () => new Promise<void>((done) => setTimeout(done, LOOK_MS))) {
    this.#ports = ports;
    this.#wait = wait;
    this.#to.value = ports.to ?? "";
    submits(this.element, () => this.send());
  }

  focus(): void {
    this.#to.focus();
  }

  /** Mails it as the form says. */
  async send(): Promise<void> {
    show(this.#problem, "");
    try {
      const told = await this.#ports.mail(this.#to.value, this.#text.value);
      // The text stays for the next one.
      this.#to.value = "";
      say(t("mails_sent", { count: told.length }));
      void this.#follow(told);
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  async #follow(mails: readonly Told[]): Promise<void> {
    const lines = new Map(mails.map((each) => [each.id, make("li")]));
    for (const each of mails) tell(lines.get(each.id), each);
    this.#outcomes.prepend(...lines.values());
    let waiting = mails;
    for (let looks = 0; looks < LOOKED_AT && waiting.length > 0 && this.element.isConnected; looks += 1) {
      await this.#wait();
      // What cannot be asked now is asked again.
      waiting = await Promise.all(waiting.map((each) => this.#ports.told(each.id).catch(() => each)));
      for (const each of waiting) tell(lines.get(each.id), each);
      waiting = waiting.filter(({ state }) => state === "waiting");
    }
  }
}

function tell(line: HTMLElement | undefined, { recipient, state, why }: Told): void {
  if (line === undefined) return;
  const key = `mail_${state}`;
  const email = visibleName(recipient);
  setText(line, isKey(key) ? t(key, { email, answer: whyWords(why) }) : email);
  line.classList.toggle("problem", state === "failed" || state === "given_up");
}
