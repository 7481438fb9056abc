import { TEXTS, type Texts } from "../../src/admin/wire";

/** A link on which nothing is written. */
export const NO_TEXTS = Object.fromEntries(TEXTS.map((name) => [name, ""])) as Texts;
