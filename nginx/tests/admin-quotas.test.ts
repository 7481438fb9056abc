import { beforeEach, describe, expect, it, vi } from "vitest";
import { parseQuotas, QuotaLine } from "../src/admin/quotas";
import { NOBODY_ELSE } from "../src/admin/whose";

const ANN = { actor: "account:ann", teams: ["law"], mayChange: true, mayAdminister: false };
const SIGNAL = new AbortController().signal;
const GB = 1024 ** 3;

beforeEach(() => {
  document.body.innerHTML = '<p id="quotas" hidden></p>';
});

function line(): HTMLElement {
  const found = document.getElementById("quotas");
  if (found === null) throw new Error("no line");
  return found;
}

describe("what links hold of what they may", () => {
  it("is told of oneself and of one's teams, and marked where it is used up", async () => {
    const quotas = parseQuotas({
      quotas: [
        { owner: "account:bob", most: 1, used: 1 },
        { owner: "team:law", most: 50 * GB, used: 50 * GB },
        { owner: "account:ann", most: 50 * GB, used: 12 * GB },
        { owner: "account:odd", most: "much" },
      ],
    });
    expect(quotas).toHaveLength(3);
    await new QuotaLine(async () => quotas).show(ANN, SIGNAL);
    expect(line().hidden).toBe(false);
    expect(line().textContent?.replace(/[\u2066-\u2069]/g, "")).toBe(
      "12 GB of 50 GB · Team law: 50 GB of 50 GB",
    );
    expect(line().classList.contains("problem")).toBe(true);
  });

  it("is not asked for by whoever has no account, nor again and again", async () => {
    const load = vi.fn(async () => parseQuotas({ quotas: [] }));
    const shown = new QuotaLine(load);
    await shown.show(NOBODY_ELSE, SIGNAL);
    expect(load).not.toHaveBeenCalled();
    await shown.show(ANN, SIGNAL);
    await shown.show(ANN, SIGNAL);
    expect(load).toHaveBeenCalledTimes(1);
    expect(line().hidden).toBe(true);
  });
});
