// Inviting somebody, for admins: the address is shown once; who has not come yet can be uninvited.

import { make, makeButton } from "../../page/dom";
import { formatDay } from "../format";
import { filled, t } from "../i18n";
import { acts, copies, submits } from "../parts";
import { visibleName } from "../visible";
import { showTime } from "../when";
import type { AccountCalls } from "./calls";
import { Piece, roleField, roleWords, submitButton, teamsOf, textField } from "./pieces";
import type { Invitation } from "./wire";

export class Inviting {
  readonly #piece = new Piece(t("invite"));
  readonly #calls: AccountCalls;
  readonly #made = make("div", { className: "notice invited" });
  readonly #waiting = make("div");
  readonly #list = make("ul", { className: "lines" });

  constructor(calls: AccountCalls) {
    this.#calls = calls;
    this.#made.hidden = true;
    this.#waiting.hidden = true;
    this.#waiting.append(make("h3", { text: t("invitations") }), this.#list);
    this.element.append(
      make("p", { text: t("invite_hint") }),
      make("p", { className: "quiet", text: t("roles_hint") }),
      this.#form(),
      this.#made,
      this.#waiting,
    );
  }

  get element(): HTMLElement {
    return this.#piece.element;
  }

  async load(): Promise<void> {
    await this.#piece.tries(async () => this.#show(await this.#calls.invitations()));
  }

  #form(): HTMLFormElement {
    const role = roleField("member");
    const teams = textField(t("teams"), { hint: t("teams_hint") });
    const email = textField(t("account_email"), { type: "email", most: 254 });
    const pair = make("div", { className: "pair" }, role.label, email.label);
    const form = make("form", {}, pair, teams.label, submitButton(t("invitation_make")));
    submits(form, async () => {
      const invitation = {
        role: role.select.value,
        teams: teamsOf(teams.input.value),
        email: email.input.value.trim(),
      };
      let address = "";
      const task = async () => {
        address = await this.#calls.invite(invitation);
      };
      if (!(await this.#piece.tries(task))) return;
      form.reset();
      role.select.value = "member";
      this.#tell(address);
      await this.load();
    });
    return form;
  }

  #tell(address: string): void {
    const input = make("input", { className: "mono" });
    input.readOnly = true;
    input.value = address;
    input.setAttribute("aria-label", t("invitation_address"));
    const copy = makeButton(t("copy"), "", () => {});
    copies(copy, () => address, input);
    this.#made.replaceChildren(
      make("p", { text: t("invitation_made") }),
      make("div", { className: "joined" }, input, copy),
    );
    this.#made.hidden = false;
    input.focus();
    input.select();
  }

  #show(invitations: readonly Invitation[]): void {
    this.#waiting.hidden = invitations.length === 0;
    this.#list.replaceChildren(...invitations.map((each) => this.#line(each)));
  }

  #line({ id, role, email, expiresAt }: Invitation): HTMLLIElement {
    const time = make("time");
    showTime(time, expiresAt, formatDay);
    const words = invitationWords(roleWords(role), visibleName(email));
    const beside = make("span", { className: "quiet" });
    beside.append(...filled("invitation_until", { day: time }));
    const back = makeButton(t("invitation_take_back"), "slim", () => {});
    back.setAttribute("aria-label", t("invitation_take_back_item", { invitation: words }));
    acts(back, async () => {
      if (await this.#piece.tries(() => this.#calls.takeBack(id), t("invitation_gone"))) await this.load();
    });
    return make("li", {}, make("span", { className: "line-name", text: words }), beside, back);
  }
}

function invitationWords(role: string, email: string): string {
  return email === "" ? t("invitation_open", { role }) : t("invitation_for", { role, email });
}
