// How much the links of an account or a team hold, and may hold: told to whom it concerns.

import { type Declared, doubted } from "../core/reply";
import { need, setText } from "../page/dom";
import { formatBytes } from "./format";
import { joined, t } from "./i18n";
import type { Who } from "./whose";

export interface Quota {
  /** As links name their owner. */
  readonly owner: string;
  readonly most: number;
  readonly used: number;
}

/** It changes with every file, and nobody watches it: not asked for again before so long. */
const PAUSE_MS = 30_000;

export function parseQuotas(value: unknown): readonly Quota[] {
  const { quotas } = doubted<Declared<"QuotaList">>(value);
  if (!Array.isArray(quotas)) return [];
  return quotas.flatMap((each) => {
    const { owner, most, used } = doubted<Declared<"QuotaView">>(each);
    return typeof owner === "string" && typeof most === "number" && typeof used === "number"
      ? [{ owner, most, used }]
      : [];
  });
}

export function quotaWords({ most, used }: Quota): string {
  return t("quota_used", { used: formatBytes(used), most: formatBytes(most) });
}

export function isUsedUp({ most, used }: Quota): boolean {
  return used >= most;
}

export class QuotaLine {
  readonly #load: (signal: AbortSignal) => Promise<readonly Quota[]>;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(load: (signal: AbortSignal) => Promise<readonly Quota[]>) {
    this.#load = load;
  }

  /** Tells oneself and one's teams; whoever has the whole server sees the others' beside their accounts. */
  async show(who: Who, signal: AbortSignal): Promise<void> {
    if (who.actor === "owner" || performance.now() - this.#askedAt < PAUSE_MS) return;
    this.#askedAt = performance.now();
    const quotas = await this.#load(signal);
    const mine = [who.actor, ...who.teams.map((team) => `team:${team}`)];
    const line = need("quotas");
    const words = mine.flatMap((owner) => {
      const found = quotas.find((each) => each.owner === owner);
      if (found === undefined) return [];
      const said = quotaWords(found);
      return [
        owner === who.actor ? said : t("quota_team", { name: owner.slice("team:".length), quota: said }),
      ];
    });
    setText(line, joined(...words));
    line.hidden = words.length === 0;
    line.classList.toggle(
      "problem",
      quotas.some((each) => mine.includes(each.owner) && isUsedUp(each)),
    );
  }
}
