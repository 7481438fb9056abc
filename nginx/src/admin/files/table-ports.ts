// What a list of files asks of the page around it.

import type { FilePage, ReceivedFile, SenderFiles } from "../wire";
import type { RowPorts } from "./row";
import type { Selection } from "./selection";
import type { Found } from "./shelf";
import type { View } from "./view";

export interface TablePorts
  extends Pick<
    RowPorts,
    "hash" | "open" | "rename" | "share" | "passOn" | "itemTitle" | "isGone" | "copies"
  > {
  /** Shows a small picture in place of what stands there, or a larger one for a tile; null for no file. */
  readonly picture: (place: HTMLElement, file: ReceivedFile | null, isTile: boolean) => void;
  readonly load: (
    query: Record<string, string>,
    cursor: string,
    limit: number,
    count: boolean,
  ) => Promise<FilePage>;
  readonly senders: () => Promise<readonly SenderFiles[]>;
  /** Deletes files, which are called so together; those that are gone then. */
  readonly remove: (
    ids: readonly string[],
    name: string,
    restorable: boolean,
  ) => Promise<ReadonlySet<string>>;
  /** Takes away what is chosen: of all that a view finds, all but those that are named. */
  readonly download: (chosen: Selection, view: View, found: Found) => Promise<void>;
  readonly complain: (error: unknown) => void;
  /** Why there is none. */
  readonly nothing: () => string;
}
