// Sizes as people write them. A unit is 1024 of the one before, as everywhere else on these pages.

export const SIZE_UNITS = ["kB", "MB", "GB", "TB"] as const;
export type SizeUnit = (typeof SIZE_UNITS)[number];

export interface Size {
  /** As it stands in a number field; empty for no limit. */
  readonly amount: string;
  readonly unit: SizeUnit;
}

function bytesPer(unit: SizeUnit): number {
  return 1024 ** (SIZE_UNITS.indexOf(unit) + 1);
}

/** Bytes; 0 where there is no limit. A limit above 0 stays above 0, as 0 would take it away. */
export function joinSize({ amount, unit }: Size): number {
  const typed = Number(amount);
  if (amount.trim() === "" || !Number.isFinite(typed) || typed <= 0) return 0;
  return Math.max(1, Math.round(typed * bytesPer(unit)));
}

/** The largest unit in which the size needs at most two decimals; joins again to exactly the same bytes. */
export function splitSize(bytes: number): Size {
  if (bytes <= 0) return { amount: "", unit: "GB" };
  const neat = SIZE_UNITS.findLast((unit) => {
    const amount = bytes / bytesPer(unit);
    return amount >= 0.5 && amount === Math.round(amount * 100) / 100;
  });
  const unit = neat ?? "kB";
  return { amount: String(bytes / bytesPer(unit)), unit };
}
