import { make, makeButton } from "../page/dom";
import type { OwnerApi } from "./api";
import { t } from "./i18n";
import type { RowPorts } from "./link-body";
import { show, submits } from "./parts";
import { changedTerms } from "./terms";
import { clearProblems, markProblems, TermsFields } from "./terms-fields";
import { OwnerField } from "./whose";
import type { OwnerLink } from "./wire";
import { errorWords, fieldProblems } from "./words";

/** Changing a link, in a form of its own. It keeps what the owner types however often the list is refreshed. */
export class Editor {
  readonly #form: HTMLFormElement;
  readonly #link: OwnerLink;
  readonly #api: OwnerApi;
  readonly #onEnd: (saved: boolean) => void;
  readonly #terms: TermsFields;
  readonly #owner: OwnerField | null;
  readonly #problem = make("div", { className: "notice bad" });

  constructor(
    form: HTMLFormElement,
    link: OwnerLink,
    { api, who, owners }: Pick<RowPorts, "api" | "who" | "owners">,
    onEnd: (saved: boolean) => void,
  ) {
    this.#form = form;
    this.#link = link;
    this.#api = api;
    this.#onEnd = onEnd;
    const fields = make("div");
    const save = make("button", { className: "button primary", text: t("save") });
    const cancel = makeButton(t("cancel"), "", () => onEnd(false));
    this.#problem.setAttribute("role", "alert");
    this.#problem.hidden = true;
    form.replaceChildren(fields, this.#problem, make("div", { className: "row" }, save, cancel));
    this.#terms = new TermsFields(fields, link);
    this.#owner = OwnerField.of(who(), owners(), link.owner);
    if (this.#owner !== null) fields.after(this.#owner.element);
  }

  async save(): Promise<void> {
    show(this.#problem, "");
    clearProblems(this.#form);
    const terms = { ...changedTerms(this.#terms.read(), this.#link), ...this.#owner?.changed };
    try {
      if (Object.keys(terms).length > 0) await this.#api.edit(this.#link.hash, terms);
      const { logo } = this.#terms;
      if (logo !== undefined) await this.#api.setLogo(this.#link.hash, logo);
      this.#onEnd(true);
    } catch (error) {
      const fields = fieldProblems(error);
      show(this.#problem, fields.size > 0 ? markProblems(this.#form, fields).join(" ") : errorWords(error));
    }
  }

  focus(): void {
    this.#form.querySelector("input")?.focus();
  }

  /** The form stays when its content is made anew, so its sending is listened to once. */
  static listen(form: HTMLFormElement, current: () => Editor | null): void {
    submits(form, async () => current()?.save());
  }
}
