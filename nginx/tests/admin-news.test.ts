import { describe, expect, it } from "vitest";
import { News, parseNews } from "../src/admin/desk/news";

const SIGNAL = new AbortController().signal;

function world() {
  const state = { news: 1, now: 0, asked: 0 };
  const news = new News(
    async () => {
      state.asked += 1;
      return state.news;
    },
    () => state.now,
  );
  const look = async (isFirst = false, takes = 100): Promise<string> => {
    const due = await news.due(SIGNAL, isFirst);
    const began = state.now;
    if (due !== "nothing") state.now += takes;
    news.done(due, began);
    return due;
  };
  return { state, news, look };
}

describe("News", () => {
  it("asks for the list at first, when anything has happened, and now and then", async () => {
    const { state, look } = world();
    expect(await look()).toBe("list");
    state.now += 2_000;
    expect(await look()).toBe("nothing");
    state.news = 2;
    state.now += 2_000;
    expect(await look()).toBe("list");
    expect(await look(true)).toBe("list");
    const found: string[] = [];
    for (let second = 0; second < 16; second += 2) {
      state.now += 2_000;
      found.push(await look());
    }
    expect(found.filter((each) => each === "list")).toHaveLength(1);
    expect(found.filter((each) => each === "page").length).toBeGreaterThan(1);
    expect(state.asked).toBe(12);
  });

  it("leaves a server alone whose list takes long, but for what its reader does", async () => {
    const { state, look } = world();
    await look(true, 1_000);
    state.news = 2;
    state.now += 2_000;
    expect(await look()).toBe("nothing");
    expect(await look(true, 1_000)).toBe("list");
    state.news = 3;
    state.now += 5_000;
    expect(await look(false, 1_000)).toBe("list");
    // While nothing happens, hardly ever.
    state.now += 20_000;
    expect(await look()).toBe("page");
    state.now += 40_000;
    expect(await look(false, 1_000)).toBe("list");
  });

  it("asks again for what could not be shown, and for what others have seen", async () => {
    const { state, news, look } = world();
    await look();
    news.failed();
    state.now += 2_000;
    expect(await look()).toBe("list");
    news.stale();
    state.now += 2_000;
    expect(await look()).toBe("list");
    state.now += 2_000;
    expect(await look()).toBe("nothing");
  });

  it("takes nothing but a number", () => {
    expect(parseNews({ news: 5 })).toBe(5);
    expect(() => parseNews({})).toThrow(TypeError);
  });
});
