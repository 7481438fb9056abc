// Who is logged in, what they may do, and whose links are.

import { beforeEach, expect, it } from "vitest";
import { SettingsApi } from "../src/admin/settings/settings-api";
import { askAgain, mayMail, standing } from "../src/admin/settings/standing";
import {
  mayChange,
  OwnerField,
  ownersFor,
  ownerWords,
  parseWho,
  showFor,
  type Who,
  WhoseFilter,
} from "../src/admin/whose";

const ANN: Who = { actor: "account:ann", teams: ["tax"], mayChange: true, mayAdminister: false };
const ROOT: Who = { actor: "account:root", teams: [], mayChange: true, mayAdminister: true };
const ALONE: Who = { actor: "owner", teams: [], mayChange: true, mayAdminister: true };

beforeEach(() => showFor(ALONE));

it("takes a server that names nobody for one where the admin token is all", () => {
  expect(parseWho(null)).toEqual(ALONE);
  expect(parseWho({ actor: "account:ann", teams: ["tax"], may_change: true, may_administer: false })).toEqual(
    ANN,
  );
  expect(() => parseWho("ann")).toThrow();
});

it("tells the styles what is not theirs", () => {
  const root = document.documentElement;
  showFor({ ...ANN, mayChange: false });
  expect([root.hasAttribute("data-only-looks"), root.hasAttribute("data-no-admin"), mayChange()]).toEqual([
    true,
    true,
    false,
  ]);
  showFor(ROOT);
  expect([root.hasAttribute("data-only-looks"), root.hasAttribute("data-no-admin"), mayChange()]).toEqual([
    false,
    false,
    true,
  ]);
});

it("calls owners as people do", () => {
  const words = (owner: string) => ownerWords(owner, ANN);
  expect(["account:ann", "team:tax", "account:bob", "owner"].map(words)).toEqual([
    "Me",
    "Team tax",
    "bob",
    "Whoever has the admin token",
  ]);
});

it("offers one's teams, and to admins those who have links", () => {
  expect(ownersFor(ANN, ["account:bob"])).toEqual(["account:ann", "team:tax"]);
  expect(ownersFor(ROOT, ["team:tax", "account:bob"])).toEqual(["account:root", "account:bob", "team:tax"]);
});

it("asks for an owner only where there is something to choose, and tells what was chosen", () => {
  expect(OwnerField.of(ALONE, ["owner"])).toBeNull();
  const field = OwnerField.of(ANN, []);
  const select = field?.element.querySelector("select");
  expect(field?.changed).toEqual({});
  if (select) select.value = "team:tax";
  expect(field?.changed).toEqual({ owner: "team:tax" });
  const given = OwnerField.of(ROOT, ["account:bob"], "account:bob");
  expect([given?.element.querySelector("select")?.value, given?.changed]).toEqual(["account:bob", {}]);
});

it("chooses among owners where there are several, and keeps what was chosen while lists come", () => {
  const select = document.createElement("select");
  let chosen = 0;
  const filter = new WhoseFilter(select, () => {
    chosen += 1;
  });
  filter.show(ANN, new Set(["account:ann"]));
  expect([select.hidden, filter.fits("account:ann")]).toEqual([true, true]);
  filter.show(ANN, new Set(["team:tax", "account:ann"]));
  expect([select.hidden, [...select.options].map(({ text }) => text)]).toEqual([
    false,
    ["Everybody's links", "Mine", "Team tax"],
  ]);
  select.value = "team:tax";
  select.dispatchEvent(new Event("change"));
  filter.show(ANN, new Set(["account:ann", "team:tax"]));
  expect([chosen, filter.isChosen, filter.fits("account:ann"), filter.fits("team:tax")]).toEqual([
    1,
    true,
    false,
    true,
  ]);
  // The last link of theirs is gone.
  filter.show(ANN, new Set(["account:ann"]));
  expect([select.hidden, filter.fits("account:ann")]).toEqual([true, true]);
});

it("asks how the server is set up for admins alone, as nobody else is told", async () => {
  let asked = 0;
  const api = new SettingsApi(async () => {
    asked += 1;
    return new Response("{}", { status: 403 });
  });
  askAgain();
  showFor(ANN);
  expect(await standing(api)).toBeNull();
  expect(await mayMail()).toBe(true);
  expect(asked).toBe(0);
  showFor(ALONE);
  expect(await standing(api)).toBeNull();
  expect(asked).toBe(1);
  askAgain();
});
