// Templates: terms of links under names. Saved from a link, chosen for a new one. Loaded when either is first asked for.

import { type Declared, doubted } from "../core/reply";
import { need, setText } from "../page/dom";
import type { OwnerApi } from "./api";
import { t } from "./i18n";
import { acts, field, optionOf, part, say, show, submits } from "./parts";
import { OverPage } from "./sharing/over-page";
import { visibleName } from "./visible";
import { type OwnerLink, parseLink } from "./wire";
import { errorWords } from "./words";
import "./sharing/sharing.css";

export interface Template {
  readonly id: string;
  readonly name: string;
}

type Api = Pick<OwnerApi, "raw">;

const ROOT = "/templates";
/** What a link has that a template lacks. */
const OF_A_LINK = { hash: "", url: "", link: "", folder: "", owner: "", entity: "", created_at: 0 };

export function parseTemplates(value: unknown): readonly Template[] {
  const { templates } = doubted<Declared<"TemplateList">>(value);
  if (!Array.isArray(templates)) throw new TypeError("Not a list");
  return templates.flatMap((each) => {
    const { id, name } = doubted<Declared<"TemplateView">>(each);
    return typeof id === "string" && typeof name === "string" ? [{ id, name }] : [];
  });
}

/** What a template sets, as a link that nobody has made yet. */
export function parseTemplate(value: unknown): OwnerLink {
  const { terms } = doubted<Declared<"WholeTemplate">>(value);
  return parseLink({ ...doubted<object>(terms), ...OF_A_LINK });
}

/** The dialog in which a template gets its name. */
class Naming {
  readonly #page = new OverPage("template-naming");
  readonly #form = part(this.#page.element, "form", HTMLFormElement);
  readonly #name = field(this.#form, "name", HTMLInputElement);
  readonly #problem = part(this.#page.element, "problem", HTMLElement);

  /** `keep` is given the name, and may refuse it. */
  constructor(title: string, name: string, isNew: boolean, keep: (name: string) => Promise<void>) {
    setText(part(this.#page.element, "title", HTMLElement), title);
    part(this.#page.element, "hint", HTMLElement).hidden = !isNew;
    this.#name.value = name;
    submits(this.#form, async () => {
      show(this.#problem, "");
      try {
        await keep(this.#name.value);
        this.#page.close();
      } catch (error) {
        show(this.#problem, errorWords(error));
        this.#name.focus();
      }
    });
    this.#page.open();
    this.#name.select();
  }
}

/** Keeps what a link asks for and allows. */
export function saveAsTemplate(api: Api, link: OwnerLink): void {
  new Naming(t("save_template"), link.title, true, async (name) => {
    await api.raw("POST", ROOT, { name, link: link.hash });
    say(t("template_saved", { name: visibleName(name) }));
  });
}

/** Templates to choose from, and nothing else: what is chosen is used, also for many links. Without any, nothing is to be seen. */
export class TemplateSelect {
  readonly #api: Api;
  readonly #use: (link: OwnerLink) => void;
  readonly #field: HTMLElement;
  readonly #select: HTMLSelectElement;
  #turn = 0;

  constructor(api: Api, field: HTMLElement, select: HTMLSelectElement, use: (link: OwnerLink) => void) {
    this.#api = api;
    this.#field = field;
    this.#select = select;
    this.#use = use;
  }

  async offer(): Promise<void> {
    const templates = parseTemplates(await this.#api.raw("GET", ROOT));
    const before = this.#select.value;
    this.#select.replaceChildren(...optionsOf(templates));
    this.#select.value = templates.some(({ id }) => id === before) ? before : "";
    this.#field.hidden = templates.length === 0;
  }

  /** Uses the one that is chosen; that another was chosen meanwhile counts. */
  async choose(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const id = this.#select.value;
    if (id === "") return;
    const link = parseTemplate(await this.#api.raw("GET", `${ROOT}/${encodeURIComponent(id)}`));
    if (turn === this.#turn) this.#use(link);
  }
}

function optionsOf(templates: readonly Template[]): HTMLOptionElement[] {
  const options = templates.map(({ id, name }) => {
    const option = optionOf(id);
    setText(option, visibleName(name));
    return option;
  });
  const none = optionOf("");
  setText(none, t("no_template"));
  return [none, ...options];
}

/** What a new link may begin with. */
export class TemplateChoice {
  readonly #api: Api;
  readonly #use: (link: OwnerLink) => void;
  readonly #field = need("template-field");
  readonly #select = need("template", HTMLSelectElement);
  readonly #acts = need("template-acts");
  readonly #remove = need("remove-template", HTMLButtonElement);
  readonly #problem = need("template-problem");
  #templates: readonly Template[] = [];
  #turn = 0;

  constructor(api: Api, use: (link: OwnerLink) => void) {
    this.#api = api;
    this.#use = use;
    this.#select.addEventListener("change", () => void this.#choose());
    acts(need("rename-template", HTMLButtonElement), async () => this.#rename());
    acts(this.#remove, () => this.#tries(() => this.#delete()));
  }

  /** Those that there are by now; where there are none, nothing is to be seen. */
  async offer(): Promise<void> {
    await this.#tries(async () => {
      this.#templates = parseTemplates(await this.#api.raw("GET", ROOT));
      this.#show(this.#chosen?.id ?? "");
    });
  }

  get #chosen(): Template | undefined {
    return this.#templates.find(({ id }) => id === this.#select.value);
  }

  #show(chosen: string): void {
    this.#select.replaceChildren(...optionsOf(this.#templates));
    this.#select.value = this.#templates.some(({ id }) => id === chosen) ? chosen : "";
    this.#field.hidden = this.#templates.length === 0;
    this.#showActs();
  }

  #showActs(): void {
    this.#acts.hidden = this.#chosen === undefined;
    delete this.#remove.dataset.asked;
    setText(this.#remove, t("delete"));
  }

  async #choose(): Promise<void> {
    this.#showActs();
    this.#turn += 1;
    const turn = this.#turn;
    const { id } = this.#chosen ?? { id: "" };
    if (id === "") return;
    await this.#tries(async () => {
      const link = parseTemplate(await this.#api.raw("GET", `${ROOT}/${encodeURIComponent(id)}`));
      // Another one was chosen meanwhile.
      if (turn === this.#turn) this.#use(link);
    });
  }

  #rename(): void {
    const template = this.#chosen;
    if (template === undefined) return;
    new Naming(t("rename"), template.name, false, async (name) => {
      await this.#api.raw("PATCH", `${ROOT}/${encodeURIComponent(template.id)}`, { name });
      await this.offer();
    });
  }

  /** It cannot be undone, so it asks: the second click does it. */
  async #delete(): Promise<void> {
    const template = this.#chosen;
    if (template === undefined) return;
    if (this.#remove.dataset.asked !== template.id) {
      this.#remove.dataset.asked = template.id;
      setText(this.#remove, t("template_delete", { name: visibleName(template.name) }));
      return;
    }
    await this.#api.raw("DELETE", `${ROOT}/${encodeURIComponent(template.id)}`);
    say(t("template_deleted", { name: visibleName(template.name) }));
    await this.offer();
    this.#select.focus();
  }

  async #tries(task: () => Promise<void>): Promise<void> {
    show(this.#problem, "");
    try {
      await task();
    } catch (error) {
      show(this.#problem, errorWords(error));
    }
  }
}
