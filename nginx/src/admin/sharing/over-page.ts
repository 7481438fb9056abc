// A dialog of the owner's page, made of a template: Escape and Close end it, and the focus goes back to where it was.

import { clonedElement, freshId, part } from "../parts";

export class OverPage {
  readonly element: HTMLDialogElement;
  #before: Element | null = null;

  constructor(template: string) {
    const element = clonedElement(template);
    if (!(element instanceof HTMLDialogElement)) throw new Error(`The template ${template} holds no dialog`);
    this.element = element;
    const title = part(element, "title", HTMLElement);
    title.id = freshId("over-page");
    element.setAttribute("aria-labelledby", title.id);
    part(element, "close", HTMLButtonElement).addEventListener("click", () => this.close());
    element.addEventListener("close", () => this.#closed());
  }

  open(): void {
    this.#before = document.activeElement;
    document.body.append(this.element);
    if (!this.element.open) this.element.showModal();
  }

  close(): void {
    this.element.close();
  }

  #closed(): void {
    this.element.remove();
    if (this.#before instanceof HTMLElement && this.#before.isConnected)
      this.#before.focus({ preventScroll: true });
  }
}
