import { beforeEach, describe, expect, it, vi } from "vitest";
import { later } from "../src/later";

const IMPORTER = "https://files.example.org/drop/assets/main.js";
const added: HTMLLinkElement[] = [];
let run = 0;

beforeEach(() => {
  added.length = 0;
  // What was asked for once is not asked for again, whoever asks.
  run += 1;
  vi.spyOn(document.head, "append").mockImplementation((link) => void added.push(link as HTMLLinkElement));
});

const chunk = (load: () => Promise<string>): Promise<string> => later(load, [`./style-${run}.css`], IMPORTER);

describe("a chunk that is loaded later", () => {
  it("comes after its styles", async () => {
    const load = vi.fn(async () => "here");
    const coming = chunk(load);
    await Promise.resolve();
    expect(added.map(({ rel, href }) => [rel, href])).toEqual([
      ["stylesheet", `https://files.example.org/drop/assets/style-${run}.css`],
    ]);
    expect(load).not.toHaveBeenCalled();
    added[0]?.dispatchEvent(new Event("load"));
    expect(await coming).toBe("here");
  });

  it("leaves the styles that the page has where they stand, before those that differ from them", async () => {
    const href = `https://files.example.org/drop/assets/style-${run}.css`;
    vi.spyOn(document, "styleSheets", "get").mockReturnValue([{ href }] as unknown as StyleSheetList);
    expect(await chunk(async () => "here")).toBe("here");
    expect(added).toEqual([]);
    vi.restoreAllMocks();
  });

  it("asks for its styles once, and again where they did not come", async () => {
    const load = async (): Promise<string> => "here";
    const failing = chunk(load);
    added[0]?.dispatchEvent(new Event("error"));
    await expect(failing).rejects.toThrow("No style came");
    const both = [chunk(load), chunk(load)];
    expect(added).toHaveLength(2);
    added[1]?.dispatchEvent(new Event("load"));
    expect(await Promise.all(both)).toEqual(["here", "here"]);
  });
});
