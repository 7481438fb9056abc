// How far people have got, in the words of the list.

import { describe, expect, it } from "vitest";
import { progressOf, progressWords, shareOf, wholeProgress } from "../src/admin/progress";

describe("Progress", () => {
  it("of a link for one is how much of its checklist is there", () => {
    const progress = progressOf({ progress: { done: 3, of: 5 }, people: null });
    expect(progress).toEqual({ done: 3, of: 5 });
    if (progress === null) throw new Error("none");
    expect(progressWords(progress)).toBe("3 of 5");
    expect(wholeProgress(progress)).toBe("3 of 5");
  });

  it("of a link for several is how many have finished, and in full who has not begun", () => {
    const progress = progressOf({ progress: null, people: { not_begun: 33, begun: 5, finished: 12 } });
    if (progress === null) throw new Error("none");
    expect(shareOf(progress)).toEqual({ done: 12, of: 50 });
    expect(progressWords(progress)).toBe("12 of 50 finished");
    expect(wholeProgress(progress)).toBe("33 not begun · 5 begun · 12 finished");
  });

  it("is nothing where nobody is known, and no number where none came", () => {
    expect(progressOf({ progress: null, people: null })).toBeNull();
    expect(progressOf({})).toBeNull();
    expect(progressOf({ people: { not_begun: "x", begun: -1 } })).toEqual({
      notBegun: 0,
      begun: 0,
      finished: 0,
    });
  });
});
