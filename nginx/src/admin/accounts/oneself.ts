// Oneself: who one is, one's password, and where one is logged in.

import { make, makeButton } from "../../page/dom";
import { browserName } from "../browser-name";
import { formatList } from "../format";
import { filled, t } from "../i18n";
import { acts, show, submits } from "../parts";
import { visibleName } from "../visible";
import { showWhen } from "../when";
import type { AccountCalls } from "./calls";
import { Piece, roleWords, submitButton, textField } from "./pieces";
import type { Me, Session } from "./wire";

export class Oneself {
  readonly #piece = new Piece(t("oneself"));
  readonly #calls: AccountCalls;
  readonly #me: Me;
  readonly #sessions = make("ul", { className: "lines" });
  readonly #others = makeButton(t("sessions_end"), "slim", () => {});

  constructor(calls: AccountCalls, me: Me) {
    this.#calls = calls;
    this.#me = me;
    const { name, displayName, role, teams } = me;
    const who = displayName === "" ? name : `${visibleName(displayName)} (${name})`;
    const said = { name: who, role: roleWords(role) };
    const words =
      teams.length === 0 ? t("you_are", said) : t("you_are_in", { ...said, teams: formatList(teams) });
    this.element.append(make("p", { text: name === "" ? t("with_token") : words }));
    if (name === "") return;
    acts(this.#others, () => this.#endOthers());
    this.element.append(make("h3", { text: t("sessions") }), this.#sessions, this.#others);
    // Who has none logs in elsewhere, and gets one from an admin.
    if (me.hasPassword) this.element.append(this.#passwordForm());
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    if (this.#me.name === "") return;
    await this.#piece.tries(async () => this.#show(await this.#calls.sessions(this.#me.name)));
  }

  #show(sessions: readonly Session[]): void {
    this.#others.hidden = sessions.every(({ isCurrent }) => isCurrent);
    this.#sessions.replaceChildren(...sessions.map((each) => this.#line(each)));
  }

  #line({ id, agent, address, seenAt, isCurrent }: Session): HTMLLIElement {
    const what = visibleName(browserName(agent) || agent || "?");
    const time = make("time");
    showWhen(time, seenAt);
    const beside = make("span", { className: "quiet" }, make("bdi", { text: address }));
    beside.append(" · ", ...(isCurrent ? [t("session_here")] : filled("session_used", { when: time })));
    const line = make("li", {}, make("span", { className: "line-name", text: what }), beside);
    if (!isCurrent) {
      const end = makeButton(t("log_out"), "slim", () => {});
      end.setAttribute("aria-label", t("session_end", { where: what }));
      acts(end, async () => {
        if (await this.#piece.tries(() => this.#calls.end(id), t("session_over"))) await this.load();
      });
      line.append(end);
    }
    return line;
  }

  async #endOthers(): Promise<void> {
    let ended = 0;
    const worked = await this.#piece.tries(async () => {
      ended = await this.#calls.endAll(this.#me.name);
    });
    if (worked) await this.#piece.tries(() => this.load(), t("sessions_ended", { count: ended }));
  }

  #passwordForm(): HTMLElement {
    const old = textField(t("password_now"), { type: "password", autocomplete: "current-password" });
    const other = textField(t("password_new"), {
      type: "password",
      autocomplete: "new-password",
      hint: t("password_new_hint"),
    });
    const name = make("input", { className: "visually-hidden" });
    // Password managers want to know whose it is.
    Object.assign(name, { autocomplete: "username", value: this.#me.name, readOnly: true, tabIndex: -1 });
    name.setAttribute("aria-hidden", "true");
    old.input.required = true;
    other.input.required = true;
    other.input.minLength = 10;
    const done = make("div", { className: "notice" });
    done.setAttribute("role", "status");
    done.hidden = true;
    const form = make("form", {}, name, old.label, other.label, done, submitButton(t("password_change")));
    submits(form, async () => {
      show(done, "");
      const change = () => this.#calls.changePassword(old.input.value, other.input.value);
      if (!(await this.#piece.tries(change))) return;
      form.reset();
      name.value = this.#me.name;
      show(done, t("password_changed"));
      await this.load();
    });
    return make(
      "details",
      {},
      make("summary", { className: "more-title", text: t("password_another") }),
      form,
    );
  }
}
