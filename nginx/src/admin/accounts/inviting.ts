// Inviting somebody, for admins: the address is shown once, and mailed where one wants that; who has not come yet is mailed again or uninvited.

import { make, makeButton } from "../../page/dom";
import { formatDay } from "../format";
import { currentLanguage, filled, isKey, t } from "../i18n";
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
  #canMail = false;
  #offerMail = () => {};

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
    await this.#piece.tries(async () => {
      const { invitations, canMail } = await this.#calls.invitations();
      this.#canMail = canMail;
      // Somebody may have typed an address before this was known.
      this.#offerMail();
      this.#show(invitations);
    });
  }

  #form(): HTMLFormElement {
    const role = roleField("member");
    const teams = textField(t("teams"), { hint: t("teams_hint") });
    const email = textField(t("account_email"), { type: "email", most: 254 });
    const mail = make("input");
    mail.type = "checkbox";
    const mailed = make("label", { className: "check" }, mail, make("span", { text: t("invitation_mail") }));
    mailed.hidden = true;
    this.#offerMail = () => {
      const isNamed = email.input.value.trim() !== "";
      // Whoever types an address most likely wants it to get there.
      if (isNamed && mailed.hidden) mail.checked = true;
      mailed.hidden = !(isNamed && this.#canMail);
    };
    email.input.addEventListener("input", () => this.#offerMail());
    const pair = make("div", { className: "pair" }, role.label, email.label);
    const form = make("form", {}, pair, mailed, teams.label, submitButton(t("invitation_make")));
    submits(form, async () => {
      const invitation = {
        role: role.select.value,
        teams: teamsOf(teams.input.value),
        email: email.input.value.trim(),
        mail: mail.checked && !mailed.hidden,
        language: currentLanguage(),
      };
      let address = "";
      const task = async () => {
        address = await this.#calls.invite(invitation);
      };
      if (!(await this.#piece.tries(task))) return;
      form.reset();
      role.select.value = "member";
      mailed.hidden = true;
      this.#tell(address, invitation.mail ? invitation.email : "");
      await this.load();
    });
    return form;
  }

  #tell(address: string, mailedTo: string): void {
    const input = make("input", { className: "mono" });
    input.readOnly = true;
    input.value = address;
    input.setAttribute("aria-label", t("invitation_address"));
    const copy = makeButton(t("copy"), "", () => {});
    copies(copy, () => address, input);
    this.#made.replaceChildren(
      make("p", {
        text:
          mailedTo === ""
            ? t("invitation_made")
            : t("invitation_is_mailed", { email: visibleName(mailedTo) }),
      }),
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

  #line({ id, role, email, expiresAt, mail }: Invitation): HTMLLIElement {
    const time = make("time");
    showTime(time, expiresAt, formatDay);
    const words = invitationWords(roleWords(role), visibleName(email));
    const beside = make("span", { className: "quiet" });
    beside.append(...filled("invitation_until", { day: time }));
    const key = `invitation_mail_${mail}`;
    if (isKey(key)) beside.append(` · ${t(key)}`);
    const back = makeButton(t("invitation_take_back"), "slim", () => {});
    back.setAttribute("aria-label", t("invitation_take_back_item", { invitation: words }));
    acts(back, async () => {
      if (await this.#piece.tries(() => this.#calls.takeBack(id), t("invitation_gone"))) await this.load();
    });
    const line = make("li", {}, make("span", { className: "line-name", text: words }), beside);
    if (mail !== "") {
      const again = makeButton(t("invitation_again"), "slim", () => {});
      again.setAttribute("aria-label", t("invitation_again_item", { invitation: words }));
      acts(again, async () => {
        if (await this.#piece.tries(() => this.#calls.mailAgain(id), t("invitation_again_done")))
          await this.load();
      });
      line.append(again);
    }
    line.append(back);
    return line;
  }
}

function invitationWords(role: string, email: string): string {
  return email === "" ? t("invitation_open", { role }) : t("invitation_for", { role, email });
}
