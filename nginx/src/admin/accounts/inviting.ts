// Inviting somebody, for admins: the address is shown once; who has not come yet can be uninvited.

import { make, makeButton } from "../../page/dom";
import { formatDay } from "../format";
import { acts, copies, submits } from "../parts";
import { visibleName } from "../visible";
import { showTime } from "../when";
import type { AccountCalls } from "./calls";
import { Piece, roleField, submitButton, teamsOf, textField } from "./pieces";
import type { Invitation } from "./wire";
import { WORDS } from "./words";

export class Inviting {
  readonly #piece = new Piece(WORDS.invite);
  readonly #calls: AccountCalls;
  readonly #made = make("div", { className: "notice invited" });
  readonly #waiting = make("div");
  readonly #list = make("ul", { className: "lines" });

  constructor(calls: AccountCalls) {
    this.#calls = calls;
    this.#made.hidden = true;
    this.#waiting.hidden = true;
    this.#waiting.append(make("h3", { text: WORDS.waiting }), this.#list);
    this.element.append(
      make("p", { text: WORDS.inviteHint }),
      make("p", { className: "quiet", text: WORDS.roles }),
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
    const teams = textField(WORDS.teamsLabel, { hint: WORDS.teamsHint });
    const email = textField(WORDS.emailLabel, { type: "email", most: 254 });
    const pair = make("div", { className: "pair" }, role.label, email.label);
    const form = make("form", {}, pair, teams.label, submitButton(WORDS.makeInvitation));
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
    input.setAttribute("aria-label", WORDS.address);
    const copy = makeButton(WORDS.copy, "", () => {});
    copies(copy, () => address, input);
    this.#made.replaceChildren(
      make("p", { text: WORDS.made }),
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
    const words = `${WORDS.role(role)}, ${WORDS.forWhom(visibleName(email))}`;
    const beside = make("span", { className: "quiet", text: `${WORDS.until} ` }, time);
    const back = makeButton(WORDS.takeBack, "slim", () => {});
    back.setAttribute("aria-label", WORDS.takeBackLabel(WORDS.role(role).toLowerCase(), email));
    acts(back, async () => {
      if (await this.#piece.tries(() => this.#calls.takeBack(id), WORDS.takenBack)) await this.load();
    });
    return make("li", {}, make("span", { className: "line-name", text: words }), beside, back);
  }
}
