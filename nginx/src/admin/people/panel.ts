// The panel in which a list of people becomes a link each: pasted or read from a file, looked at, made, and mailed.

import { addressOf } from "../../page/address";
import { make, need, reachable, setText } from "../../page/dom";
import type { OwnerApi } from "../api";
import { copyText } from "../clipboard";
import { formatDuration } from "../format";
import { joined, t } from "../i18n";
import { languageName } from "../mail-language";
import { acts, field, part, say, show, submits } from "../parts";
import { placeAddress } from "../places";
import { TemplateSelect } from "../templates";
import { termsOf } from "../terms";
import { clearProblems, markProblems, TermsFields } from "../terms-fields";
import { visibleName } from "../visible";
import type { ListedLink } from "../wire";
import { errorWords, fieldProblems } from "../words";
import { isFor, Making } from "./making";
import { type Person, peopleOf } from "./table";

/** So many rows are shown; the others are counted. */
const MOST_SHOWN = 200;
const MOST_BYTES = 2 ** 20;

export class PeoplePanel {
  readonly #api: OwnerApi;
  readonly #onMade: () => void;
  readonly #panel = need("people-panel", HTMLDialogElement);
  readonly #form = need("people-form", HTMLFormElement);
  readonly #list = field(this.#form, "people", HTMLTextAreaElement);
  readonly #folder = field(this.#form, "folders", HTMLInputElement);
  readonly #mails = field(this.#form, "mail_each", HTMLInputElement);
  readonly #text = field(this.#form, "mail_text", HTMLTextAreaElement);
  readonly #rows = part(this.#form, "rows", HTMLElement);
  readonly #summary = part(this.#form, "summary", HTMLElement);
  readonly #problem = part(this.#form, "problem", HTMLElement);
  readonly #start = part(this.#form, "start", HTMLButtonElement);
  readonly #making: Making;
  readonly #terms: TermsFields;
  readonly #template: TemplateSelect;
  #links: readonly ListedLink[] = [];
  #people: readonly Person[] = [];

  constructor(api: OwnerApi, onMade: () => void, usualHours: number | null) {
    this.#api = api;
    this.#onMade = onMade;
    this.#making = new Making({
      create: (folder, terms) => api.create(folder, terms),
      links: async () => (await api.links(new AbortController().signal)).links,
      mail: (hash, to, text) => api.mail(hash, to, text),
      wasMailed: (hash) => api.wasMailed(hash),
      sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    });
    const fields = part(this.#form, "terms", HTMLElement);
    this.#terms = new TermsFields(fields);
    if (usualHours !== null) this.#terms.expiresUsually(usualHours);
    // For whom each link is says the list.
    const whom = field(fields, "recipient_name", HTMLInputElement).closest<HTMLElement>(".pair");
    if (whom !== null) whom.hidden = true;
    part(fields, "their-language", HTMLElement).hidden = true;
    field(fields, "title", HTMLInputElement).placeholder = t("title_sample");
    reachable(part(this.#form, "frame", HTMLElement));
    this.#template = new TemplateSelect(
      api,
      part(this.#form, "template-field", HTMLElement),
      field(this.#form, "template", HTMLSelectElement),
      (link) => this.#terms.copy(link),
    );
    field(this.#form, "template", HTMLSelectElement).addEventListener("change", () => void this.#choose());
    this.#list.addEventListener("input", () => this.#look());
    this.#folder.addEventListener("input", () => this.#look());
    this.#mails.addEventListener("change", () => this.#look());
    field(this.#form, "table", HTMLInputElement).addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) void this.#readFile(target);
    });
    part(this.#panel, "close", HTMLButtonElement).addEventListener("click", () => this.#panel.close());
    submits(this.#form, () => this.#make());
    acts(part(this.#form, "copy", HTMLButtonElement), () => this.#copy());
  }

  async open(): Promise<void> {
    this.#panel.showModal();
    this.#list.focus();
    try {
      this.#links = (await this.#api.links(new AbortController().signal)).links;
      await this.#template.offer();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
    this.#look();
  }

  async #choose(): Promise<void> {
    show(this.#problem, "");
    try {
      await this.#template.choose();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }

  /** Takes it away as it is. */
  setAside(): void {
    this.#panel.close();
  }

  async #readFile(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (file === undefined) return;
    show(this.#problem, file.size > MOST_BYTES ? t("too_large") : "");
    if (file.size > MOST_BYTES) return;
    this.#list.value = await file.text();
    input.value = "";
    this.#look();
  }

  #look(): void {
    const others = new Map(this.#links.map((link) => [link.folder, link]));
    this.#people = peopleOf(this.#list.value, this.#folder.value).map((person) => {
      const other = others.get(person.folder);
      const isTaken = other !== undefined && !isFor(other, person) && this.#making.of(person).link === null;
      return person.problem === "" && isTaken ? { ...person, problem: t("folder_taken") } : person;
    });
    part(this.#form, "mail-text", HTMLElement).hidden = !this.#mails.checked;
    this.#draw();
  }

  #draw(): void {
    const people = this.#people;
    const shown = people.slice(0, MOST_SHOWN).map((person) => this.#row(person));
    const more = people.length - shown.length;
    if (more > 0) {
      const cell = make("td", { className: "quiet", text: t("and_more", { count: more }) });
      cell.colSpan = 5;
      shown.push(make("tr", {}, cell));
    }
    this.#rows.replaceChildren(...shown);
    part(this.#form, "preview", HTMLElement).hidden = people.length === 0;
    const left = this.#making.left(people, this.#mails.checked).length;
    const wrong = people.filter(({ problem }) => problem !== "").length;
    setText(this.#summary, summaryWords(people.length, left, wrong));
    setText(this.#start, startLabel(left));
    part(this.#form, "copy", HTMLButtonElement).hidden = !people.some((each) => this.#making.of(each).link);
  }

  #row(person: Person): HTMLTableRowElement {
    const { link } = this.#making.of(person);
    const [words, isWrong] = this.#outcome(person);
    const outcome = make("td", { className: isWrong ? "problem" : "quiet", text: words });
    if (link !== null) {
      const anchor = make("a", { text: t("look") });
      anchor.href = placeAddress(link.hash);
      anchor.target = "_blank";
      outcome.append(" ", anchor);
    }
    const cells = [person.name, person.email, languageName(person.language), person.folder].map((text) =>
      make("td", {}, make("bdi", { text: visibleName(text) })),
    );
    return make("tr", {}, ...cells, outcome);
  }

  #outcome(person: Person): readonly [string, boolean] {
    const { link, mailed, error } = this.#making.of(person);
    if (person.problem !== "" && link === null) return [person.problem, true];
    if (error !== null)
      return [link === null ? errorWords(error) : t("made_not_mailed", { error: errorWords(error) }), true];
    if (link === null) return ["", false];
    return [t(mailed ? "made_mailed" : "made"), false];
  }

  async #make(): Promise<void> {
    show(this.#problem, "");
    clearProblems(this.#form);
    const text = this.#mails.checked ? this.#text.value : null;
    const terms = termsOf(this.#terms.read());
    const before = this.#making.left(this.#people, text !== null).length;
    if (before === 0) {
      show(this.#problem, t("nobody_left"));
      return;
    }
    this.#lock(true);
    let done = 0;
    await this.#making.run(this.#people, { terms, text }, (person, waits) => {
      if (person !== null) done += 1;
      const far = { done, count: before };
      const words =
        waits > 0 ? t("progress_pause", { ...far, time: formatDuration(waits) }) : t("progress", far);
      this.#draw();
      setText(this.#summary, words);
    });
    this.#lock(false);
    this.#draw();
    this.#tell();
    this.#onMade();
  }

  /** What was wrong with the terms is wrong for all. */
  #tell(): void {
    const failed = this.#people
      .map((person) => this.#making.of(person))
      .filter(({ error }) => error !== null);
    const made = this.#people.filter((person) => this.#making.of(person).link !== null).length;
    const words = t(failed.length > 0 ? "outcome" : "all_made", { count: made, failed: failed.length });
    say(words);
    setText(this.#summary, words);
    this.#rows.closest(".people-frame")?.scrollIntoView({ block: "center" });
    const fields = fieldProblems(failed[0]?.error);
    if (fields.size > 0) show(this.#problem, markProblems(this.#form, fields).join(" "));
  }

  /** While it runs nothing may change under it. */
  #lock(on: boolean): void {
    for (const each of this.#form.querySelectorAll<HTMLInputElement>("input, textarea, select"))
      if (on) {
        each.dataset.was = String(each.disabled);
        each.disabled = true;
      } else each.disabled = each.dataset.was === "true";
  }

  async #copy(): Promise<void> {
    const lines = this.#people.flatMap((person) => {
      const { link } = this.#making.of(person);
      return link === null ? [] : [[person.name, person.email, addressOf(link.url)].join("\t")];
    });
    const copied = await copyText(lines.join("\n"));
    const words = t(copied ? "copied_all" : "cannot_copy");
    say(words);
    setText(this.#summary, words);
  }
}

export function summaryWords(people: number, left: number, wrong: number): string {
  return joined(
    t("people_count", { count: people }),
    left === people ? "" : t("people_left", { count: left }),
    wrong === 0 ? "" : t("people_wrong", { count: wrong }),
  );
}

function startLabel(left: number): string {
  return left === 0 ? t("make_links") : t("make_count", { count: left });
}
