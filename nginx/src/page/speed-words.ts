import { formatSpeed, formatTimeLeft } from "./format";
import { t } from "./i18n";

interface SpeedFacts {
  readonly speed: number;
  readonly eta: number;
  readonly stuck: boolean;
}

/** Speed and time left, where something moves. */
export function speedWords({ speed, eta, stuck }: SpeedFacts): string[] {
  if (stuck) return [t("no_line")];
  if (speed < 1) return [];
  return [formatSpeed(speed), formatTimeLeft(eta)].filter((words) => words !== "");
}
