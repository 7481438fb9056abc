// A test mail by what is typed, before it is saved.

import { make } from "../../page/dom";
import { sentences, t } from "../i18n";
import { show, submits } from "../parts";
import { whyWords } from "../reasons";
import { errorWords, fieldProblems } from "../words";
import { labelled } from "./mail-server";
import type { Tested } from "./wire";

/** `send` is told where to, and throws what the server says to it. */
export function mailTest(to: string, send: (to: string) => Promise<Tested>): HTMLElement {
  const form = make("form", { className: "mail-test" });
  const address = make("input");
  const button = make("button", { className: "button", text: t("test_send") });
  const says = make("p", { className: "notice" });
  address.type = "email";
  address.required = true;
  address.value = to;
  address.autocomplete = "email";
  button.type = "submit";
  says.setAttribute("role", "status");
  says.hidden = true;
  const line = make("div", { className: "joined" }, labelled(t("test_to"), address), button);
  form.append(
    make("h3", { text: t("test_title") }),
    line,
    make("p", { className: "quiet small", text: t("test_hint") }),
    says,
  );
  submits(form, async () => {
    says.className = "notice";
    show(says, t("test_going"));
    try {
      const { isTaken, why } = await send(address.value);
      says.className = `notice ${isTaken ? "good" : "bad"}`;
      show(says, isTaken ? t("test_taken") : t("test_refused", { answer: whyWords(why) }));
    } catch (error) {
      says.className = "notice bad";
      show(says, sentences(...fieldProblems(error).values()) || errorWords(error));
    }
  });
  return form;
}
