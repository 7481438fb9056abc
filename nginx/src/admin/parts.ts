// Pieces of the page that are cloned from its templates, and small things all of them do.

import { make, need } from "../page/dom";
import { copyText } from "./clipboard";
import { t, translate } from "./i18n";

/** A copy of the template's content, in the owner's language. */
export function cloned(template: string): DocumentFragment {
  const copy = document.importNode(need(template, HTMLTemplateElement).content, true);
  translate(copy);
  return copy;
}

/** The same of a template that holds one element. */
export function clonedElement(template: string): HTMLElement {
  return known(cloned(template).firstElementChild, HTMLElement, `template ${template}`);
}

/** The element marked `data-part="name"`. Throws when the template lacks it: the HTML and the code belong together. */
export function part<T extends Element>(root: ParentNode, name: string, kind: new () => T): T {
  return known(root.querySelector(`[data-part="${name}"]`), kind, `part ${name}`);
}

/** The form field of this name. */
export function field<T extends Element>(root: ParentNode, name: string, kind: new () => T): T {
  return known(root.querySelector(`[name="${name}"]`), kind, `field ${name}`);
}

function known<T>(found: Element | null, kind: new () => T, what: string): T {
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${what}`);
}

export function optionOf(value: string): HTMLOptionElement {
  const option = make("option", { text: value });
  // Of the text alone, a browser would take runs of blanks as one.
  option.value = value;
  return option;
}

let ids = 0;

/** An id that no other element has: what is cloned cannot bring one along. */
export function freshId(stem: string): string {
  ids += 1;
  return `${stem}-${ids}`;
}

/** Tells screen readers, politely, what others see happen. */
export function say(words: string): void {
  need("live").textContent = words;
}

/** What the window of a page is called. */
export function windowTitle(name: string): string {
  return `${name} · Droppr`;
}

export function show(element: HTMLElement, words: string): void {
  element.textContent = words;
  element.hidden = words === "";
}

const FAMILIAR_MS = 2_000;

/** Makes `button` copy what `text` gives. `field` is selected where copying is not possible, to be copied by hand. */
export function copies(button: HTMLButtonElement, text: () => string, field?: HTMLInputElement): void {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const copied = await copyText(text());
    if (!copied) field?.select();
    const words = t(copied ? "copied" : "copy_by_hand");
    button.textContent = words;
    say(words);
    setTimeout(() => {
      button.textContent = label;
    }, FAMILIAR_MS);
  });
}

/**
 * Runs `task` at a click, once at a time, and once for the two clicks of a double click, however fast the first is done with. A button
 * that is disabled meanwhile would lose the focus.
 */
export function acts(button: HTMLButtonElement, task: () => Promise<void>): void {
  button.addEventListener("click", ({ detail }) => {
    if (detail < 2) void once(button, task);
  });
}

/** The same for a form that is sent. */
export function submits(form: HTMLFormElement, task: () => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void once(form, task);
  });
}

async function once(element: HTMLElement, task: () => Promise<void>): Promise<void> {
  if (element.hasAttribute("aria-busy")) return;
  element.setAttribute("aria-busy", "true");
  try {
    await task();
  } finally {
    element.removeAttribute("aria-busy");
  }
}
