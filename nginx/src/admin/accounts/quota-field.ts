// A quota as it is typed: in gigabytes, with a comma or a point, and empty for none.

import { t } from "../i18n";
import { joinSize } from "../sizes";
import { textField } from "./pieces";

const GIGABYTE = 1024 ** 3;

export function quotaField(most: number): {
  readonly label: HTMLLabelElement;
  /** What is typed, in bytes; 0 for no quota. */
  bytes(): number;
} {
  const value = most === 0 ? "" : String(most / GIGABYTE);
  const { label, input } = textField(t("quota"), { value, hint: t("quota_hint"), most: 12 });
  input.inputMode = "decimal";
  return {
    label,
    bytes: () => joinSize({ amount: input.value.trim().replace(",", "."), unit: "GB" }),
  };
}
