// What the list of files shows: which, and in which order. Pure.

export const SORTS = ["received", "name", "size", "sender"] as const;
export type Sort = (typeof SORTS)[number];

export interface View {
  readonly sort: Sort;
  readonly descending: boolean;
  /** What names are to hold. */
  readonly text: string;
  /** Null for all of them; empty for those that are not known. */
  readonly sender: string | null;
  /** Empty for every kind. */
  readonly type: string;
}

export const PLAIN_VIEW: View = { sort: "received", descending: true, text: "", sender: null, type: "" };

/** Names and senders go up of themselves, the newest and the largest come first. */
export function usualDirection(sort: Sort): boolean {
  return sort === "received" || sort === "size";
}

/** The same by another column, or turned around. */
export function sortedBy(view: View, sort: Sort): View {
  return { ...view, sort, descending: view.sort === sort ? !view.descending : usualDirection(sort) };
}

export function isFiltered({ text, sender, type }: View): boolean {
  return text !== "" || sender !== null || type !== "";
}

/** Which files, as the server is asked. */
export function choiceQuery({ text, sender, type }: View): Record<string, string> {
  const asked: Record<string, string> = {};
  if (text !== "") asked.q = text;
  if (sender !== null) asked.sender = sender;
  if (type !== "") asked.type = type;
  return asked;
}

export function listQuery(view: View): Record<string, string> {
  return { ...choiceQuery(view), sort: view.sort, direction: view.descending ? "desc" : "asc" };
}
