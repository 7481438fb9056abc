// Making a link, and handing it over.

import { addressOf } from "../page/address";
import { need } from "../page/dom";
import type { OwnerApi } from "./api";
import { copies, field, optionOf, say, show, submits } from "./parts";
import { makeShare } from "./share";
import { termsOf } from "./terms";
import { clearProblems, markProblems, TermsFields } from "./terms-fields";
import { visibleName } from "./visible";
import type { OwnerLink } from "./wire";
import { errorWords, fieldProblems, nameOf } from "./words";

export class NewLink {
  readonly #api: OwnerApi;
  readonly #onMade: () => void;
  readonly #form = need("new-link", HTMLFormElement);
  readonly #folder = field(this.#form, "folder", HTMLInputElement);
  readonly #password = need("made-password-text");
  #terms = freshTerms();
  #usualHours: number | null = null;

  constructor(api: OwnerApi, onMade: () => void) {
    this.#api = api;
    this.#onMade = onMade;
    submits(this.#form, () => this.#make());
    copies(need("copy-password", HTMLButtonElement), () => this.#password.textContent ?? "");
    need("make-another", HTMLButtonElement).addEventListener("click", () => this.#another());
  }

  /** Folders that links have already, to choose from, and how long links are open as a rule. */
  suggest(folders: readonly string[], usualHours: number): void {
    this.#usualHours = usualHours;
    this.#terms.expiresUsually(usualHours);
    const wanted = [...new Set(folders)].sort();
    const list = need("folders", HTMLDataListElement);
    // The browser may be showing them right now.
    if (wanted.join("\n") === [...list.options].map(({ value }) => value).join("\n")) return;
    list.replaceChildren(...wanted.map(optionOf));
  }

  focus(): void {
    this.#folder.focus();
  }

  async #make(): Promise<void> {
    const problem = need("new-problem");
    show(problem, "");
    clearProblems(this.#form);
    try {
      const link = await this.#api.create(this.#folder.value.trim(), termsOf(this.#terms.read()));
      this.#handOver(link, this.#terms.password);
      this.#onMade();
    } catch (error) {
      const fields = fieldProblems(error);
      show(problem, fields.size > 0 ? markProblems(this.#form, fields).join(" ") : errorWords(error));
    }
  }

  #handOver(link: OwnerLink, password: string): void {
    const share = makeShare(addressOf(link.url), nameOf(link), { qrAtOnce: true });
    need("made-folder").textContent = visibleName(link.folder);
    need("made-share").replaceChildren(share);
    this.#showPassword(password);
    this.#folder.value = "";
    this.#terms = freshTerms();
    if (this.#usualHours !== null) this.#terms.expiresUsually(this.#usualHours);
    this.#swap(true);
    share.querySelector("input")?.focus();
    say("Your link is ready.");
  }

  #another(): void {
    this.#swap(false);
    // What was made stays a capability: nothing of it is kept on the page.
    need("made-share").replaceChildren();
    this.#showPassword("");
    this.#folder.focus();
  }

  #showPassword(password: string): void {
    this.#password.textContent = password;
    need("made-password").hidden = password === "";
  }

  #swap(made: boolean): void {
    need("made").hidden = !made;
    need("making").hidden = made;
  }
}

function freshTerms(): TermsFields {
  return new TermsFields(need("new-terms"));
}
