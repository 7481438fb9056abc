// Links for a first day: what people ask for most, filled into the form and to be changed there.

import { need } from "../page/dom";
import { t } from "./i18n";
import { clonedElement, part } from "./parts";

/** Fields of the form by their names. */
export type Example = Readonly<Record<"title" | "message" | "ask_name" | "ask_email", string>>;

type Kind = "tax" | "films" | "data";

/** Whom each asks, by its kind. */
const ASKED: Readonly<Record<Kind, Pick<Example, "ask_name" | "ask_email">>> = {
  tax: { ask_name: "required", ask_email: "optional" },
  films: { ask_name: "optional", ask_email: "no" },
  data: { ask_name: "no", ask_email: "no" },
};
const KINDS = Object.keys(ASKED) as Kind[];

function exampleOf(kind: Kind): Example {
  return { title: t(`example_${kind}`), message: t(`example_${kind}_message`), ...ASKED[kind] };
}

/** Whether it is what an example has in this field, and so nothing that the owner wrote. */
export function isExamples(name: keyof Example, value: string): boolean {
  return KINDS.some((kind) => exampleOf(kind)[name] === value);
}

/** Offers them; `use` is told which one the owner takes. */
export function offerExamples(use: (example: Example) => void): void {
  const rows = KINDS.map((kind) => {
    const example = exampleOf(kind);
    const row = clonedElement("example");
    part(row, "name", HTMLElement).textContent = example.title;
    part(row, "what", HTMLElement).textContent = t(`example_${kind}_what`);
    part(row, "use", HTMLButtonElement).addEventListener("click", () => use(example));
    return row;
  });
  need("examples").replaceChildren(...rows);
}
