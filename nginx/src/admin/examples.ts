// Links for a first day: what people ask for most, filled into the form and to be changed there.

import { need } from "../page/dom";
import { clonedElement, part } from "./parts";

/** Fields of the form by their names. */
export type Example = Readonly<Record<"title" | "message" | "ask_name" | "ask_email", string>>;

const EXAMPLES: readonly (Example & { readonly what: string })[] = [
  {
    title: "Tax papers",
    what: "Documents from a client, with their name.",
    message:
      "Please send wage statements, bank statements and receipts. Photos are fine, and you can come back later to send the rest.",
    ask_name: "required",
    ask_email: "optional",
  },
  {
    title: "Wedding films",
    what: "Everything that guests filmed, of any size.",
    message: "Please send everything you filmed and photographed. No need to cut or to rename anything.",
    ask_name: "optional",
    ask_email: "no",
  },
  {
    title: "Measurements",
    what: "Folders of data, and nobody is asked who they are.",
    message: "Please send the whole folder of the station, as it is.",
    ask_name: "no",
    ask_email: "no",
  },
];

/** Whether it is what an example has in this field, and so nothing that the owner wrote. */
export function isExamples(name: keyof Example, value: string): boolean {
  return EXAMPLES.some((example) => example[name] === value);
}

/** Offers them; `use` is told which one the owner takes. */
export function offerExamples(use: (example: Example) => void): void {
  const rows = EXAMPLES.map((example) => {
    const row = clonedElement("example");
    part(row, "name", HTMLElement).textContent = example.title;
    part(row, "what", HTMLElement).textContent = example.what;
    part(row, "use", HTMLButtonElement).addEventListener("click", () => use(example));
    return row;
  });
  need("examples").replaceChildren(...rows);
}
