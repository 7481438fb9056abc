// The fields in which an owner sets what a link allows: the same for a new link and for one that is changed.

import { setText } from "../page/dom";
import { AskedFields } from "./asked-fields";
import { DueFields } from "./due-fields";
import { formatBytes, formatIn } from "./format";
import { currentLanguage, t } from "./i18n";
import { mailLanguageOf, offerMailLanguages } from "./mail-language";
import { cloned, field, freshId, optionOf, part } from "./parts";
import { SIZE_UNITS, type Size, type SizeUnit, splitSize } from "./sizes";
import { makePassword, type TypedTerms } from "./terms";
import {
  ASKED,
  type Asked,
  CAPTCHA_MODES,
  type CaptchaMode,
  CHAT_PREVIEWS,
  type ChatPreview,
  DESTINATIONS,
  type Destination,
  type OwnerLink,
  TEXTS,
  type Texts,
} from "./wire";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Where the API's names for a field and the form's are not the same. */
const CONTROL_OF: Readonly<Record<string, string>> = { expires_hours: "hours" };

/** A server refuses a larger one. */
const MOST_LOGO_BYTES = 256 * 1024;

export class TermsFields {
  readonly #root: HTMLElement;
  readonly #password: HTMLInputElement;
  readonly #shower: HTMLButtonElement;
  readonly #due: DueFields;
  readonly #asked: AskedFields;

  constructor(root: HTMLElement, link?: OwnerLink) {
    this.#root = root;
    root.replaceChildren(cloned("terms"));
    this.#password = this.#input("password");
    this.#shower = part(root, "show", HTMLButtonElement);
    this.#asked = new AskedFields(part(root, "asked", HTMLDetailsElement));
    this.#input("accent").placeholder = t("colour_hint", { example: "#0b6f66" });
    this.#input("alias").placeholder = t("colour_hint", { example: "anna-roth" });
    setText(part(root, "logo-size", HTMLElement), formatBytes(MOST_LOGO_BYTES));
    this.#fillUnits();
    offerMailLanguages(this.#select("language"), t("language_auto"));
    this.#tieLabels();
    this.#offerExpiry(link);
    this.#offerPassword(link);
    this.#openForTrouble();
    this.#offerDestination();
    this.#due = new DueFields(root, link?.due);
    this.#input("due_at").addEventListener("change", () => this.#lastUntilDue(link));
    if (link === undefined) return;
    this.#fill(link);
    this.#select("expiry").value = "keep";
    part(this.#root, "logo", HTMLElement).hidden = false;
    part(this.#root, "remove-logo", HTMLElement).hidden = link.logo === null;
    this.#asked.fill(link.items, link.questions);
  }

  /** All that a link like this one has, but what is its alone: how long it is open, its password, its readable address, and for whom it is. */
  copy(link: OwnerLink): void {
    this.#fill(link);
    this.#text("alias").value = "";
    this.#due.copy(link.due);
    this.#asked.fill(
      link.items.map(({ id: _, ...item }) => item),
      link.questions.map(({ id: _, ...question }) => question),
    );
  }

  /** Offers what the server does where nothing is said: until it is known, the choice is the server's. */
  expiresUsually(hours: number): void {
    const select = this.#select("expiry");
    const usual = select.querySelector<HTMLOptionElement>('option[value="usual"]');
    if (usual === null) return;
    const same = select.querySelector<HTMLOptionElement>(`option[value="${hours}"]`);
    if (same === null) {
      usual.textContent = capital(formatIn(hours * 3_600));
      return;
    }
    if (usual.selected) same.selected = true;
    usual.remove();
  }

  /** What the link's logo becomes: a picture, null for none, undefined where it stays. */
  get logo(): File | null | undefined {
    if (this.#input("remove_logo").checked) return null;
    return this.#input("logo").files?.[0];
  }

  get password(): string {
    return this.#password.value;
  }

  read(): TypedTerms {
    return {
      ...(Object.fromEntries(TEXTS.map((name) => [name, this.#text(name).value])) as Texts),
      expiry: this.#select("expiry").value,
      hours: this.#input("hours").value,
      password: this.#password.value,
      removePassword: this.#input("remove_password").checked,
      fileSize: this.#size("max_file_size"),
      totalSize: this.#size("max_total_size"),
      files: this.#input("max_files").value,
      keepDays: this.#input("keep_days").value,
      extensions: this.#input("allowed_extensions").value,
      captcha: chosen<CaptchaMode>(CAPTCHA_MODES, this.#select("captcha")),
      chatPreview: chosen<ChatPreview>(CHAT_PREVIEWS, this.#select("chat_preview")),
      askName: chosen<Asked>(ASKED, this.#select("ask_name")),
      askEmail: chosen<Asked>(ASKED, this.#select("ask_email")),
      notify: this.#input("notify").value,
      confirm: this.#input("confirm").checked,
      language: mailLanguageOf(this.#select("language").value),
      due: this.#due.read(),
      destination: this.#destination(),
      search: this.#input("search").checked,
      ...this.#asked.read(),
    };
  }

  #fill(link: OwnerLink): void {
    for (const name of TEXTS) this.#text(name).value = link[name];
    this.#fillDestination(link.destination);
    this.#fillSize("max_file_size", splitSize(link.maxFileSize));
    this.#fillSize("max_total_size", splitSize(link.maxTotalSize));
    this.#input("max_files").value = link.maxFiles > 0 ? String(link.maxFiles) : "";
    this.#input("keep_days").value = link.keepDays > 0 ? String(link.keepDays) : "";
    this.#input("allowed_extensions").value = link.allowedExtensions.join(", ");
    this.#select("captcha").value = link.captcha;
    this.#select("chat_preview").value = link.chatPreview;
    this.#select("ask_name").value = link.askName;
    this.#select("ask_email").value = link.askEmail;
    this.#input("notify").value = link.notify;
    this.#input("confirm").checked = link.confirm;
    this.#select("language").value = link.language;
    this.#input("search").checked = link.search;
  }

  #destination(): Destination {
    const kind = chosen(DESTINATIONS, this.#select("destination"));
    // The prefix as the server keeps it, so that an unchanged one is not taken for a change.
    const prefix = this.#input("prefix")
      .value.trim()
      .replace(/^\/+|\/+$/g, "");
    if (kind === "s3") return { kind, bucket: this.#input("bucket").value.trim(), prefix };
    return kind === "drive" ? { kind, folder_id: this.#input("folder_id").value.trim() } : { kind };
  }

  #fillDestination(destination: Destination): void {
    const select = this.#select("destination");
    select.value = destination.kind;
    select.dispatchEvent(new Event("change"));
    if (destination.kind === "s3") {
      this.#input("bucket").value = destination.bucket;
      this.#input("prefix").value = destination.prefix;
    } else if (destination.kind === "drive") {
      this.#input("folder_id").value = destination.folder_id;
    }
  }

  #offerDestination(): void {
    const select = this.#select("destination");
    const follow = (): void => {
      for (const kind of ["s3", "drive"]) {
        const fields = part(this.#root, kind, HTMLElement);
        fields.hidden = select.value !== kind;
        // A field that cannot be seen must not keep the form from being sent.
        for (const input of fields.querySelectorAll("input")) input.disabled = fields.hidden;
      }
    };
    select.addEventListener("change", follow);
    follow();
  }

  #fillUnits(): void {
    for (const name of ["max_file_size", "max_total_size"]) {
      const select = this.#select(`${name}_unit`);
      for (const unit of SIZE_UNITS) select.append(optionOf(unit));
      select.value = "GB";
    }
  }

  /** Labels and hints that do not lie around their field need ids, which a template cannot bring along. */
  #tieLabels(): void {
    const label = part(this.#root, "password-label", HTMLLabelElement);
    this.#password.id = freshId("password");
    label.htmlFor = this.#password.id;
    for (const hint of this.#root.querySelectorAll<HTMLElement>(".field > .hint")) {
      hint.id = freshId("hint");
      const control = hint.closest(".field")?.querySelector("input, select, textarea");
      control?.setAttribute("aria-describedby", hint.id);
      const label = hint.closest(".field")?.querySelector("span.label");
      if (!label) continue;
      // Else a label around both would have the hint read out twice.
      label.id = freshId("label");
      control?.setAttribute("aria-labelledby", label.id);
    }
  }

  #offerExpiry(link: OwnerLink | undefined): void {
    const select = this.#select("expiry");
    const hours = part(this.#root, "hours", HTMLElement);
    select.querySelector(`option[value="${link === undefined ? "keep" : "usual"}"]`)?.remove();
    const follow = (): void => {
      hours.hidden = select.value !== "custom";
      // A field that cannot be seen must not keep the form from being sent.
      this.#input("hours").disabled = hours.hidden;
    };
    select.addEventListener("change", follow);
    follow();
  }

  /** A link that would end before its files are due lasts a week longer than they may take. */
  #lastUntilDue(link: OwnerLink | undefined): void {
    const select = this.#select("expiry");
    const hours = hoursUntil(this.#input("due_at").value, Date.now());
    const lasts = select.value === "custom" ? this.#input("hours").value : select.value;
    const ends = lasts === "keep" ? hoursLeft(link, Date.now()) : Number(lasts);
    // Never is 0, and what the server does is not known here.
    if (hours === null || !(ends > 0) || ends >= hours) return;
    select.value = "custom";
    this.#input("hours").value = String(Math.ceil(hours) + WEEK_HOURS);
    select.dispatchEvent(new Event("change"));
  }

  #offerPassword(link: OwnerLink | undefined): void {
    const has = link?.requiresPassword === true;
    const remove = this.#input("remove_password");
    part(this.#root, "remove", HTMLElement).hidden = !has;
    if (has) this.#password.placeholder = t("password_same");
    remove.addEventListener("change", () => {
      this.#password.disabled = remove.checked;
    });
    this.#shower.addEventListener("click", () => this.#showPassword(this.#password.type === "password"));
    part(this.#root, "generate", HTMLButtonElement).addEventListener("click", () => {
      if (this.#password.disabled) return;
      this.#password.value = makePassword((bytes) => crypto.getRandomValues(bytes));
      this.#showPassword(true);
    });
  }

  #showPassword(shown: boolean): void {
    this.#password.type = shown ? "text" : "password";
    this.#shower.setAttribute("aria-pressed", String(shown));
  }

  /** A browser cannot point at a wrong value inside what is folded up. */
  #openForTrouble(): void {
    this.#root.addEventListener("invalid", ({ target }) => unfold(target), { capture: true });
  }

  #size(name: string): Size {
    const unit = this.#select(`${name}_unit`);
    return { amount: this.#input(name).value, unit: chosen<SizeUnit>(SIZE_UNITS, unit) };
  }

  #fillSize(name: string, { amount, unit }: Size): void {
    this.#input(name).value = amount;
    this.#select(`${name}_unit`).value = unit;
  }

  #input(name: string): HTMLInputElement {
    return field(this.#root, name, HTMLInputElement);
  }

  #text(name: string): HTMLInputElement | HTMLTextAreaElement {
    const found = this.#root.querySelector(`[name="${name}"]`);
    return found instanceof HTMLTextAreaElement ? found : this.#input(name);
  }

  #select(name: string): HTMLSelectElement {
    return field(this.#root, name, HTMLSelectElement);
  }
}

const WEEK_HOURS = 168;

function capital(words: string): string {
  return words.charAt(0).toLocaleUpperCase(currentLanguage()) + words.slice(1);
}

function hoursUntil(text: string, now: number): number | null {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? null : (at - now) / 3_600_000;
}

function hoursLeft(link: OwnerLink | undefined, now: number): number {
  return link === undefined || link.expiresAt === null ? 0 : (link.expiresAt - now) / 3_600_000;
}

function chosen<T extends string>(known: readonly T[], select: HTMLSelectElement): T {
  const found = known.find((each) => each === select.value);
  if (found === undefined) throw new Error(`${select.name} offers ${select.value}`);
  return found;
}

/** Puts the server's sentences to their fields and the focus to the first; says which sentences found no field. */
export function markProblems(form: HTMLFormElement, problems: ReadonlyMap<string, string>): string[] {
  const homeless: string[] = [];
  let first: Control | null = null;
  for (const [name, words] of problems) {
    const control = form.querySelector<Control>(`[name="${CSS.escape(CONTROL_OF[name] ?? name)}"]`);
    if (control === null) homeless.push(words);
    else mark(control, words);
    first ??= control;
  }
  first?.focus();
  return homeless;
}

export function clearProblems(form: HTMLFormElement): void {
  for (const each of form.querySelectorAll(".problem")) each.remove();
  for (const each of form.querySelectorAll("[aria-invalid]")) {
    each.removeAttribute("aria-invalid");
    each.removeAttribute("aria-errormessage");
  }
}

/** Opens all that it is folded up in. */
function unfold(target: EventTarget | null): void {
  let folded = target instanceof Element ? target.closest("details") : null;
  for (; folded !== null; folded = folded.parentElement?.closest("details") ?? null) folded.open = true;
}

function mark(control: Control, words: string): void {
  unfold(control);
  const problem = document.createElement("span");
  problem.className = "problem";
  problem.id = freshId("problem");
  problem.ariaLive = "assertive";
  problem.textContent = words;
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-errormessage", problem.id);
  control.closest(".field")?.append(problem);
}
