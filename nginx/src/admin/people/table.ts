// A list of people as it is pasted, or read from a table: who, where mail reaches them, and their folder.

import { formatList } from "../format";
import { t } from "../i18n";
import { MAIL_LANGUAGES, type MailLanguage, writtenLanguage } from "../mail-language";

/** One person. `problem` is why no link can be made. */
export interface Person {
  /** What tells them from all others of a list. */
  readonly key: string;
  readonly name: string;
  readonly email: string;
  /** In which language they read. */
  readonly language: MailLanguage;
  readonly folder: string;
  readonly problem: string;
}

/** What a list says of somebody. */
interface Said {
  readonly name: string;
  readonly email: string;
  readonly language: string;
  readonly folder: string;
}

export const MOST_PEOPLE = 1_000;

type Column = keyof Said;
const NAMES: Readonly<Record<string, Column>> = {
  name: "name",
  client: "name",
  person: "name",
  email: "email",
  "e-mail": "email",
  mail: "email",
  address: "email",
  "e-mail address": "email",
  "email address": "email",
  language: "language",
  folder: "folder",
};
const EMAIL = /^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/;
const NAMED = /^(.*?)\s*<([^<>]+)>$/;

/** `pattern` is the folder of those who have none of their own, with `{name}` and `{email}` in it. */
export function peopleOf(text: string, pattern: string): Person[] {
  const rows = rowsOf(text);
  const head = headOf(rows[0] ?? []);
  const found = (head === null ? rows : rows.slice(1)).map((row) => personOf(row, head, pattern));
  const keys = new Set<string>();
  const folders = new Map<string, string>();
  return found.map((person, index) => {
    const again = keys.has(person.key);
    keys.add(person.key);
    const other = folders.get(person.folder);
    if (other === undefined) folders.set(person.folder, person.key);
    const problem =
      person.problem ||
      (index >= MOST_PEOPLE ? t("too_many", { count: MOST_PEOPLE }) : "") ||
      (again ? t("twice") : "") ||
      (other === undefined || person.folder === "" ? "" : t("same_folder"));
    return { ...person, problem };
  });
}

/** What stands in braces is filled in. */
export function filledIn(
  text: string,
  { name, email, folder }: Pick<Person, "name" | "email" | "folder">,
): string {
  const values: Readonly<Record<string, string>> = { name: name || email, email, folder };
  return text.replace(
    /\{\s*(name|email|folder)\s*\}/gi,
    (_, field: string) => values[field.toLowerCase()] ?? "",
  );
}

function personOf(row: readonly string[], head: ReadonlyMap<Column, number> | null, pattern: string): Person {
  const said = head === null ? byShape(row) : byHead(row, head);
  const own = safeFolder(said.folder);
  const named = { name: said.name, email: said.email, folder: "" };
  // A name with a slash in it is one folder, not two.
  const parts = { ...named, name: partOf(said.name || said.email), email: partOf(said.email) };
  const folder = own || safeFolder(filledIn(pattern, parts));
  const language = writtenLanguage(said.language);
  return {
    key: JSON.stringify([said.name, said.email, own]),
    ...said,
    language: language ?? "auto",
    folder,
    problem:
      problemOf(said, folder) ||
      (language === undefined
        ? t("no_language", { languages: formatList(MAIL_LANGUAGES.filter((each) => each !== "auto")) })
        : ""),
  };
}

function problemOf({ name, email }: Said, folder: string): string {
  if (name === "" && email === "") return t("no_name");
  if (email !== "" && !EMAIL.test(email)) return t("no_email");
  if (name.length > 200) return t("long_name");
  return folder === "" ? t("no_folder") : "";
}

function byHead(row: readonly string[], head: ReadonlyMap<Column, number>): Said {
  const cell = (column: Column): string => row[head.get(column) ?? -1] ?? "";
  const said = { name: cell("name"), email: cell("email"), folder: cell("folder") };
  return withNamed({ ...said, language: cell("language") });
}

/** Without a line that names the columns, an address is known by its looks, and the rest comes in the order name, folder. */
function byShape(row: readonly string[]): Said {
  const at = row.findIndex((each) => each.includes("@"));
  const [name = "", folder = ""] = row.filter((_, index) => index !== at);
  return withNamed({ name, email: row[at] ?? "", folder, language: "" });
}

/** "Anna <anna@example.org>" is both. */
function withNamed(said: Said): Said {
  const [, name = "", email = ""] = NAMED.exec(said.email) ?? [];
  return email === "" ? said : { ...said, name: said.name || name.replace(/^"|"$/g, ""), email };
}

/** By its English names, or by what it is called on the page. */
function columnOf(cell: string): Column | undefined {
  const said: Readonly<Record<Column, string>> = {
    name: t("column_name"),
    email: t("column_email"),
    language: t("language"),
    folder: t("folder"),
  };
  const columns = Object.keys(said) as Column[];
  return NAMES[cell] ?? columns.find((column) => said[column].toLocaleLowerCase() === cell);
}

function headOf(row: readonly string[]): ReadonlyMap<Column, number> | null {
  const head = new Map<Column, number>();
  row.forEach((cell, index) => {
    const column = columnOf(cell.toLocaleLowerCase());
    if (column !== undefined && !head.has(column)) head.set(column, index);
  });
  return head.size === 0 || row.some((cell) => cell.includes("@")) ? null : head;
}

function partOf(text: string): string {
  return text.replace(/[/\\]+/g, "-").trim();
}

function safeFolder(text: string): string {
  const parts = text.split("/").map((each) => each.trim());
  return parts.filter((each) => each !== "" && !/^\.+$/.test(each)).join("/");
}

/** Rows of cells, apart by tabs, semicolons or commas, of which the first line has most; in quotes they may hold these. */
function rowsOf(text: string): string[][] {
  const first = text.split("\n", 1)[0] ?? "";
  const most = ["\t", ";", ","].map((each) => ({ each, count: first.split(each).length }));
  const { each: between } = most.reduce((best, other) => (other.count > best.count ? other : best));
  const rows: string[][] = [];
  let [row, cell, quoted]: [string[], string, boolean] = [[], "", false];
  const endCell = (): void => {
    row.push(cell.replace(/\s+/g, " ").trim());
    cell = "";
  };
  const endRow = (): void => {
    endCell();
    if (row.some((each) => each !== "")) rows.push(row);
    row = [];
  };
  const clean = text.replace(/^\ufeff/, "");
  for (let at = 0; at < clean.length; at += 1) {
    const character = clean.charAt(at);
    if (quoted) {
      if (character !== '"') cell += character;
      else if (clean.charAt(at + 1) === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (character === between) endCell();
    else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
  }
  endRow();
  return rows;
}
