import { describe, expect, it } from "vitest";
import { Ordered, type Ranked, Waiting } from "../src/core/order";

interface Entry extends Ranked {
  readonly name: string;
  waits: boolean;
}

const entry = (name: string): Entry => ({ name, rank: 0, waits: true });
const namesOf = (ordered: Ordered<Entry>): string => ordered.entries.map(({ name }) => name).join("");

function setUp(names: string): {
  all: Record<string, Entry>;
  ordered: Ordered<Entry>;
  waiting: Waiting<Entry>;
} {
  const ordered = new Ordered<Entry>();
  const waiting = new Waiting<Entry>(({ waits }) => waits);
  const all = Object.fromEntries([...names].map((name) => [name, entry(name)]));
  for (const each of Object.values(all)) {
    ordered.add(each);
    waiting.add(each);
  }
  return { all, ordered, waiting };
}

function drain(waiting: Waiting<Entry>): string {
  let names = "";
  for (let next = waiting.peek(); next !== undefined; next = waiting.peek()) {
    names += next.name;
    next.waits = false;
  }
  return names;
}

describe("the order of a queue", () => {
  it("is that of adding, and what is moved comes up where it was put", () => {
    const { all, ordered, waiting } = setUp("abcdef");
    const put = (name: string, before: string | null): void => {
      ordered.move(all[name] as Entry, before === null ? null : (all[before] as Entry));
      waiting.add(all[name] as Entry);
    };
    put("e", "b");
    put("a", null);
    put("f", "e");
    expect(namesOf(ordered)).toBe("febcda");
    expect(drain(waiting)).toBe("febcda");
  });

  it("agrees with a plain list, whatever is moved, removed and taken", () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return seed % below;
    };
    const { all, ordered, waiting } = setUp("abcdefghijklmnopqrstuvwxyz");
    let model = Object.values(all);
    for (let step = 0; step < 3_000; step += 1) {
      const moved = model[random(model.length)] as Entry;
      const before = random(4) === 0 ? null : (model[random(model.length)] as Entry);
      if (moved === before) continue;
      const renumbered = ordered.move(moved, before);
      model = model.filter((each) => each !== moved);
      model.splice(before === null ? model.length : model.indexOf(before), 0, moved);
      for (const each of renumbered ? model : [moved]) waiting.add(each);
      expect(waiting.peek()).toBe(model[0]);
    }
    expect(ordered.entries).toEqual(model);
    ordered.remove(model[3] as Entry);
    (model[3] as Entry).waits = false;
    expect(drain(waiting)).toBe(
      model
        .filter((_, at) => at !== 3)
        .map(({ name }) => name)
        .join(""),
    );
  });

  it("says when ranks between two neighbours have run out", () => {
    const { all, ordered } = setUp("abc");
    let renumbered = 0;
    for (let at = 0; at < 200; at += 1) {
      const [one, other] = at % 2 === 0 ? ["b", "c"] : ["c", "b"];
      if (ordered.move(all[one as string] as Entry, all[other as string] as Entry)) renumbered += 1;
      const ranks = ordered.entries.map(({ rank }) => rank);
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      expect(new Set(ranks).size).toBe(3);
    }
    expect(renumbered).toBeGreaterThan(0);
  });
});
