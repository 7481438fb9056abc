// Sums over all files of a queue, kept up to date by what changes and never counted anew.

export const ITEM_STATES = [
  "waiting",
  "sending",
  "paused",
  "finishing",
  "done",
  "failed",
  "cancelled",
] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export interface Counted {
  readonly state: ItemState;
  /** Bytes. */
  readonly size: number;
  /** Bytes sent, some of which may still be lost. */
  readonly loaded: number;
  /** Bytes the server has acknowledged. */
  readonly safe: number;
}

export class Tally {
  readonly count: Record<ItemState, number> = {
    waiting: 0,
    sending: 0,
    paused: 0,
    finishing: 0,
    done: 0,
    failed: 0,
    cancelled: 0,
  };
  /** Bytes of all files but the cancelled ones. */
  size = 0;
  loaded = 0;
  safe = 0;
  /** Bytes that will still be sent if nothing is paused or fails. */
  unsent = 0;

  add(item: Counted, sign: 1 | -1 = 1): void {
    this.count[item.state] += sign;
    if (item.state === "cancelled") return;
    this.size += sign * item.size;
    this.loaded += sign * item.loaded;
    this.safe += sign * item.safe;
    if (item.state !== "failed") this.unsent += sign * (item.size - item.loaded);
  }
}
