// Making a link, in a panel, and handing it over.

import { addressOf } from "../page/address";
import { need, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { type Example, isExamples, offerExamples } from "./examples";
import { loadWords, t } from "./i18n";
import { acts, copies, field, optionOf, say, show, submits } from "./parts";
import type { PeoplePanel } from "./people/panel";
import { makeShare } from "./share";
import type { TemplateChoice } from "./templates";
import { termsOf } from "./terms";
import { clearProblems, markProblems, TermsFields } from "./terms-fields";
import { visibleName } from "./visible";
import { OwnerField, ownersFor, type Who } from "./whose";
import type { OwnerLink } from "./wire";
import { errorWords, fieldProblems, nameOf } from "./words";

export class NewLink {
  readonly #api: OwnerApi;
  readonly #onMade: () => void;
  readonly #form = need("new-link", HTMLFormElement);
  readonly #folder = field(this.#form, "folder", HTMLInputElement);
  readonly #folderField = need("folder-field");
  readonly #password = need("made-password-text");
  readonly #panel = need("new-panel", HTMLDialogElement);
  readonly #opener = need("open-panel", HTMLButtonElement);
  readonly #plain = need("make", HTMLButtonElement);
  readonly #send = need("make-send", HTMLButtonElement);
  /** Whether the link is to be mailed as soon as it is made. */
  #sends = false;
  #owner: OwnerField | null = null;
  #terms = this.#freshTerms();
  /** Between whom it lets choose. */
  #asked = "";
  /** Whether the folder is the owner's own; until then it follows the title. */
  #ownFolder = false;
  #usualHours: number | null = null;
  #people: PeoplePanel | null = null;
  #templates: TemplateChoice | null = null;
  /** Those of all links. */
  #folders: ReadonlySet<string> = new Set();

  constructor(api: OwnerApi, onMade: () => void) {
    this.#api = api;
    this.#onMade = onMade;
    this.#form.addEventListener("submit", ({ submitter }) => {
      this.#sends = submitter === this.#send;
    });
    submits(this.#form, () => this.#make());
    acts(need("for-many", HTMLButtonElement), () => this.#forMany());
    copies(need("copy-password", HTMLButtonElement), () => this.#password.textContent ?? "");
    need("make-another", HTMLButtonElement).addEventListener("click", () => this.#another());
    this.#opener.addEventListener("click", () => this.open());
    offerExamples((example) => this.#openWith(example));
    need("close-panel", HTMLButtonElement).addEventListener("click", () => this.#panel.close());
    this.#panel.addEventListener("close", () => this.#closed());
    this.#folder.addEventListener("input", () => {
      this.#ownFolder = this.#folder.value !== "";
    });
    this.#form.addEventListener("input", ({ target }) => this.#follow(target));
  }

  /** Folders that links have already, to choose from, and how long links are open as a rule. */
  suggest(folders: readonly string[], usualHours: number): void {
    this.#usualHours = usualHours;
    this.#terms.expiresUsually(usualHours);
    this.#folders = new Set(folders);
    const wanted = [...this.#folders].sort();
    const list = need("folders", HTMLDataListElement);
    // The browser may be showing them right now.
    if (wanted.join("\n") === [...list.options].map(({ value }) => value).join("\n")) return;
    list.replaceChildren(...wanted.map(optionOf));
  }

  /** Who makes links, and to whom they may be given. What is chosen stays. */
  know(who: Who, owners: ReadonlySet<string>): void {
    const asked = JSON.stringify([who.actor, ...ownersFor(who, owners)]);
    if (asked === this.#asked || this.isOpen) return;
    this.#asked = asked;
    this.#owner?.element.remove();
    this.#owner = OwnerField.of(who, owners);
    if (this.#owner !== null) this.#placeOwner();
  }

  focus(): void {
    this.#opener.focus();
  }

  get isOpen(): boolean {
    return this.#panel.open;
  }

  open(): void {
    if (!this.isOpen) {
      this.#panel.showModal();
      void this.#offerTemplates();
    }
    if (need("made").hidden) this.#title.focus();
  }

  /** A link like one that there is, to be changed and made. */
  openCopy(link: OwnerLink): void {
    this.#startAgain();
    this.#terms = this.#freshTerms();
    if (this.#usualHours !== null) this.#terms.expiresUsually(this.#usualHours);
    this.#terms.copy(link);
    this.#ownFolder = false;
    this.#folder.value = freeFolder(folderOf(link.title) || link.folder, this.#folders);
    this.open();
    void this.#offerSending();
    this.#title.select();
  }

  /** A link is made as well without, so nothing is said where they cannot be had. */
  async #offerTemplates(): Promise<void> {
    try {
      const { TemplateChoice } = await import("./templates");
      this.#templates ??= new TemplateChoice(this.#api, (link) => this.openCopy(link));
      await this.#templates.offer();
    } catch {
      need("template-field").hidden = true;
    }
  }

  /** What the owner wrote stays. */
  #openWith(example: Example): void {
    this.open();
    for (const name of ["title", "message"] as const) {
      const text = name === "title" ? this.#title : field(this.#form, name, HTMLTextAreaElement);
      if (text.value.trim() === "" || isExamples(name, text.value)) text.value = example[name];
    }
    for (const name of ["ask_name", "ask_email"] as const) {
      field(this.#form, name, HTMLSelectElement).value = example[name];
    }
    this.#follow(this.#title);
    this.#title.select();
  }

  /** Takes it away as it is: what is half typed is there again when it is opened. */
  setAside(): void {
    this.#people?.setAside();
    this.#panel.close();
  }

  /** Its code is loaded when the first list is made. */
  async #forMany(): Promise<void> {
    try {
      const [{ PeoplePanel }] = await Promise.all([import("./people/panel"), loadWords("people")]);
      this.#people ??= new PeoplePanel(this.#api, this.#onMade, this.#usualHours);
      this.#panel.close();
      await this.#people.open();
    } catch {
      show(need("new-problem"), t("not_loaded"));
    }
  }

  get #title(): HTMLInputElement {
    return field(this.#form, "title", HTMLInputElement);
  }

  #follow(target: EventTarget | null): void {
    if (target === this.#title && !this.#ownFolder)
      this.#folder.value = freeFolder(folderOf(this.#title.value), this.#folders);
    void this.#offerSending();
  }

  /** Where there is somebody to mail it to, and mail to do it by. */
  async #offerSending(): Promise<void> {
    const email = field(this.#form, "recipient_email", HTMLInputElement);
    const offered = email.value.trim() !== "" && (await mayMail());
    // It may be another form by now, or another address.
    const isOffered = offered && email.isConnected && email.value.trim() !== "";
    this.#send.hidden = !isOffered;
    this.#plain.classList.toggle("primary", !isOffered);
  }

  #closed(): void {
    if (!need("made").hidden) this.#startAgain();
  }

  async #make(): Promise<void> {
    const problem = need("new-problem");
    show(problem, "");
    clearProblems(this.#form);
    try {
      const link = await this.#api.create(this.#folder.value.trim(), {
        ...termsOf(this.#terms.read()),
        ...this.#owner?.changed,
      });
      this.#handOver(link, this.#terms.password, this.#sends);
      this.#onMade();
    } catch (error) {
      const fields = fieldProblems(error);
      show(problem, fields.size > 0 ? markProblems(this.#form, fields).join(" ") : errorWords(error));
    }
  }

  #handOver(link: OwnerLink, password: string, sends: boolean): void {
    const share = makeShare(addressOf(link.url), nameOf(link), {
      qrAtOnce: !sends,
      mailAtOnce: sends,
      to: link.due.forEmail,
      mail: (to, text) => this.#api.mail(link.hash, to, text),
      told: (id) => this.#api.told(id),
    });
    need("made-folder").textContent = visibleName(link.folder);
    need("made-share").replaceChildren(share);
    this.#showPassword(password);
    this.#folder.value = "";
    this.#ownFolder = false;
    this.#terms = this.#freshTerms();
    if (this.#usualHours !== null) this.#terms.expiresUsually(this.#usualHours);
    void this.#offerSending();
    this.#swap(true);
    share.querySelector("input")?.focus();
    say(t("link_ready_said"));
  }

  #another(): void {
    this.#startAgain();
    this.#title.focus();
  }

  #startAgain(): void {
    this.#swap(false);
    // What was made stays a capability: nothing of it is kept on the page.
    need("made-share").replaceChildren();
    this.#showPassword("");
  }

  #showPassword(password: string): void {
    this.#password.textContent = password;
    need("made-password").hidden = password === "";
  }

  #swap(made: boolean): void {
    need("made").hidden = !made;
    need("making").hidden = made;
    setText(need("panel-title"), t(made ? "link_ready" : "new_link"));
  }

  #placeOwner(): void {
    if (this.#owner !== null) this.#folderField.after(this.#owner.element);
  }

  /** What it is about comes first, where it goes next. */
  #freshTerms(): TermsFields {
    const terms = new TermsFields(need("new-terms"));
    this.#title.closest(".field")?.after(this.#folderField);
    this.#placeOwner();
    return terms;
  }
}

/** What is known of the server's mail is loaded when there is somebody to mail to. */
async function mayMail(): Promise<boolean> {
  try {
    return await (await import("./settings/standing")).mayMail();
  } catch {
    return false;
  }
}

/** The longest folder that is made of a title. */
const FOLDER_LENGTH = 60;

/** "Tax papers 2025 – Anna" → "tax-papers-2025-anna", in whatever script it is. */
export function folderOf(title: string): string {
  const words =
    title
      .normalize("NFC")
      .toLocaleLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...words.join("-")].slice(0, FOLDER_LENGTH).join("").replace(/-$/, "");
}

/** The folder, or where another link has it the first of "folder-2", "folder-3": two titles alike must not mix two people's files. */
export function freeFolder(folder: string, taken: ReadonlySet<string>): string {
  if (folder === "" || !taken.has(folder)) return folder;
  let number = 2;
  while (taken.has(`${folder}-${number}`)) number += 1;
  return `${folder}-${number}`;
}
