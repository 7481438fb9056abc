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
  /** Only files that the link has more than once, by their content. */
  readonly repeated: boolean;
}

/** Which files are shown, whatever their order. */
export type Chosen = Pick<View, "text" | "sender" | "type" | "repeated">;

export const PLAIN_VIEW: View = {
  sort: "received",
  descending: true,
  text: "",
  sender: null,
  type: "",
  repeated: false,
};

/** Names and senders go up of themselves, the newest and the largest come first. */
export function usualDirection(sort: Sort): boolean {
  return sort === "received" || sort === "size";
}

/** The same by another column, or turned around. */
export function sortedBy(view: View, sort: Sort): View {
  return { ...view, sort, descending: view.sort === sort ? !view.descending : usualDirection(sort) };
}

export function isFiltered({ text, sender, type, repeated }: Chosen): boolean {
  return text !== "" || sender !== null || type !== "" || repeated;
}

/** Which files, as the server is asked. */
export function choiceQuery({ text, sender, type, repeated }: View): Record<string, string> {
  const asked: Record<string, string> = {};
  if (text !== "") asked.q = text;
  if (sender !== null) asked.sender = sender;
  if (type !== "") asked.type = type;
  if (repeated) asked.repeated = "true";
  return asked;
}

export function listQuery(view: View): Record<string, string> {
  return { ...choiceQuery(view), sort: view.sort, direction: view.descending ? "desc" : "asc" };
}
