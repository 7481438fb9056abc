// One place more where messages go: a program by webhook, or for admins a chat; or another address and other things told for one.

import { make } from "../../page/dom";
import { labelled } from "../accounts/login";
import { Piece, submitButton, textField } from "../accounts/pieces";
import { t } from "../i18n";
import { freshId, optionOf, submits } from "../parts";
import type { TellingCalls } from "./calls";
import type { Endpoint, Made } from "./wire";
import { HOOK_KINDS, kindWords } from "./words";

/** Chats are told of these alone. */
const CHAT_KINDS: readonly string[] = ["files.received", "files.removed"];
const SCHEMAS =
  "discord:// gchat:// pover:// slack:// tgram:// wxteams:// zulip:// gotifys:// matrixs:// mmosts:// nctalks:// ntfys:// rockets://";
const MAX_URL = 2_048;

export interface AddingPorts {
  /** The only link that it is told of; null for all. */
  readonly link: string | null;
  readonly mayAdminister: boolean;
  /** The one that is changed; none where one is added. */
  readonly endpoint?: Endpoint;
  readonly added: (made: Made) => Promise<void>;
}

export class Adding {
  readonly element = make("details");
  readonly #piece = new Piece("");
  readonly #calls: TellingCalls;
  readonly #ports: AddingPorts;
  readonly #way = make("select");
  readonly #link = make("select");
  readonly #hook = textField(t("tell_url"), { type: "url", hint: t("tell_url_hint"), most: MAX_URL });
  readonly #chat = textField(t("tell_chat"), {
    hint: t("tell_chat_hint", { example: "ntfys://ntfy.sh/topic", schemas: SCHEMAS }),
    most: MAX_URL,
  });
  readonly #boxes: readonly HTMLInputElement[];
  readonly #kinds: HTMLFieldSetElement;

  constructor(calls: TellingCalls, ports: AddingPorts) {
    this.#calls = calls;
    this.#ports = ports;
    const { endpoint } = ports;
    if (endpoint?.way === "webhook") this.#hook.input.value = endpoint.url;
    this.#boxes = HOOK_KINDS.map((kind) => {
      const box = make("input");
      Object.assign(box, {
        type: "checkbox",
        value: kind,
        defaultChecked: endpoint?.kinds.includes(kind) ?? true,
        id: freshId("kind"),
      });
      box.addEventListener("change", () => this.#judge());
      return box;
    });
    this.#kinds = this.#fieldset();
    const summary = make("summary", { className: "more-title", text: t("tell_add") });
    this.#piece.element.classList.remove("piece");
    this.#piece.element.querySelector("h2")?.remove();
    this.#piece.element.append(this.#form());
    this.element.append(summary, this.#piece.element);
    this.#turn();
  }

  get #isChat(): boolean {
    return (this.#ports.endpoint?.way ?? this.#way.value) === "chat";
  }

  /** The form alone. */
  get form(): HTMLElement {
    return this.#piece.element;
  }

  #form(): HTMLFormElement {
    const { mayAdminister, link } = this.#ports;
    for (const way of mayAdminister ? ["webhook", "chat"] : ["webhook"]) {
      const option = optionOf(way);
      option.textContent = t(way === "chat" ? "tell_way_chat_long" : "tell_way_webhook_long");
      this.#way.append(option);
    }
    this.#way.addEventListener("change", () => this.#turn());
    const of = [...(link === null ? [] : [[link, "tell_this_link"] as const])];
    const all = mayAdminister ? [["", "tell_all_links"] as const] : [];
    for (const [value, words] of [...of, ...all]) {
      const option = optionOf(value);
      option.textContent = t(words);
      this.#link.append(option);
    }
    const way = labelled(t("tell_way"), this.#way);
    way.hidden = !mayAdminister;
    const whose = labelled(t("tell_of"), this.#link);
    whose.hidden = this.#link.options.length < 2;
    const form = make("form", {}, way, this.#hook.label, this.#chat.label, whose, this.#kinds);
    form.append(submitButton(t(this.#ports.endpoint === undefined ? "tell_add_it" : "save")));
    submits(form, () => this.#add(form));
    return form;
  }

  #fieldset(): HTMLFieldSetElement {
    const legend = make("legend", { className: "label", text: t("tell_kinds") });
    const lines = this.#boxes.map((box) =>
      make("label", { className: "check" }, box, make("span", { text: kindWords(box.value) })),
    );
    return make("fieldset", {}, legend, ...lines);
  }

  /** What is not asked for is not in the way either. */
  #turn(): void {
    const isChat = this.#isChat;
    for (const [{ label, input }, isShown] of [
      [this.#hook, !isChat] as const,
      [this.#chat, isChat] as const,
    ]) {
      label.hidden = !isShown;
      // A chat's address is not shown again: left empty, it stays.
      input.required = isShown && !(isChat && this.#ports.endpoint !== undefined);
      input.disabled = !isShown;
    }
    for (const box of this.#boxes) {
      const line = box.closest("label");
      if (line !== null) line.hidden = isChat && !CHAT_KINDS.includes(box.value);
    }
    this.#judge();
  }

  get #chosen(): readonly HTMLInputElement[] {
    return this.#boxes.filter(
      ({ checked, value }) => checked && (!this.#isChat || CHAT_KINDS.includes(value)),
    );
  }

  /** An endpoint that is told of nothing is not made. */
  #judge(): void {
    this.#boxes[0]?.setCustomValidity(this.#chosen.length === 0 ? t("tell_choose") : "");
  }

  async #add(form: HTMLFormElement): Promise<void> {
    const { input } = this.#isChat ? this.#chat : this.#hook;
    const most = this.#isChat ? CHAT_KINDS.length : HOOK_KINDS.length;
    const kinds = this.#chosen.map(({ value }) => value);
    let made: Made | null = null;
    const { endpoint } = this.#ports;
    const url = input.value.trim();
    const task = async (): Promise<void> => {
      if (endpoint !== undefined) {
        const changes = { ...(url === "" || url === endpoint.url ? {} : { url }), kinds: [...kinds, "test"] };
        made = { endpoint: await this.#calls.change(endpoint.id, changes), secret: "" };
        return;
      }
      made = await this.#calls.make({
        url,
        ...(kinds.length === most ? {} : { kinds: [...kinds, "test"] }),
        ...(this.#link.value === "" ? {} : { link: this.#link.value }),
      });
    };
    if (!(await this.#piece.tries(task)) || made === null) return;
    if (endpoint === undefined) form.reset();
    this.#turn();
    this.element.open = false;
    await this.#ports.added(made);
  }
}
