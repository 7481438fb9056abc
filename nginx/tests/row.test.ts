import { beforeEach, describe, expect, it } from "vitest";
import { UploadError } from "../src/core/errors";
import { Chooser } from "../src/page/chooser";
import { need } from "../src/page/dom";
import { reasonFor } from "../src/page/reasons";
import { pace, Row } from "../src/page/row";
import type { UploadItem } from "../src/utils/upload-manager";

const ACTIONS = { cancel: () => undefined, retry: () => undefined };

function refused(code: string, message = "No.", details: Record<string, unknown> = {}): UploadError {
  return new UploadError(message, { code, status: 400, details });
}

function paint(change: Partial<UploadItem>, stuck = false): Row {
  const file = new File(["ab"], "a.jpg");
  const item: UploadItem = {
    id: 0,
    file,
    path: "a.jpg",
    state: "sending",
    loaded: 1,
    safe: 0,
    error: null,
    uploadId: null,
    name: null,
    removableUntil: null,
    ...change,
  };
  const row = new Row(item, ACTIONS);
  const counts = { activeUploads: 1, completedChunks: 0, totalChunks: 1, failedChunks: 0 };
  row.paint(item, item.state === "sending" ? { speed: 1_000_000, eta: 3, stuck, ...counts } : null);
  return row;
}

function buttonsOf({ element }: Row): string[] {
  return [...element.querySelectorAll("button")]
    .filter(({ hidden }) => !hidden)
    .map((each) => each.textContent);
}

const wordsOf = ({ element }: Row): string | null =>
  element.querySelector(".file-state")?.textContent ?? null;

describe("a failed file", () => {
  it.each(["type_not_allowed", "file_too_large", "invalid_path", "request_not_found"])(
    "refused with %s can only be removed",
    (code) => {
      expect(buttonsOf(paint({ state: "failed", error: refused(code) }))).toEqual(["Remove"]);
    },
  );

  it.each(["network_error", "storage_full", "request_full", "request_closed"])(
    "that failed with %s may be tried again",
    (code) => {
      expect(buttonsOf(paint({ state: "failed", error: refused(code) }))).toEqual(["Try again", "Remove"]);
    },
  );

  it("says no technical names of types", () => {
    const named = "The file is called .jpg but its content is";
    const program = refused("type_not_allowed", `${named} a program (application/x-dosexec).`);
    expect(wordsOf(paint({ state: "failed", error: program }))).toBe(`${named} a program.`);
    for (const type of ["image/svg+xml", "application/vnd.ms-excel.sheet.macroEnabled.12", "video/mp4"]) {
      expect(reasonFor(refused("type_not_allowed", `${named} ${type}.`))).toBe(`${named} of another kind.`);
    }
    const listed = "Only these types are accepted here: jpg, png.";
    expect(reasonFor(refused("type_not_allowed", listed))).toBe(listed);
  });

  it("that is too large is told the limit as people say it", () => {
    const error = refused("file_too_large", "The file has 3000 bytes; …", { limit: 2_048 });
    expect(reasonFor(error)).toBe("The file is too large: the limit is 2 kB per file.");
    expect(reasonFor(refused("request_full", "It is full."))).toBe("It is full.");
  });
});

describe("a cut line", () => {
  it("is said on the row, without speed and time left", () => {
    expect(wordsOf(paint({}))).toBe("50% · 977 kB/s · a few seconds left");
    expect(wordsOf(paint({}, true))).toBe("50% · connection trouble, trying again…");
  });

  it("is said in the total, without speed and time left", () => {
    expect(pace({ speed: 1_000_000, eta: 3, stuck: false })).toEqual(["977 kB/s", "a few seconds left"]);
    expect(pace({ speed: 1_000_000, eta: 3, stuck: true })).toEqual(["waiting for the connection…"]);
  });
});

describe("the list of what will not be sent", () => {
  beforeEach(() => {
    document.body.innerHTML = `
      <div id="drop"><button id="choose"></button><button id="choose-folder"></button></div>
      <input id="files-input" type="file" /><input id="folder-input" type="file" />
      <div id="refused" hidden>
        <p id="refused-text"></p><button id="refused-close"></button><ul id="refused-list"></ul>
      </div>`;
  });

  it("can be closed, and comes back with the next refusal", () => {
    const chooser = new Chooser(() => undefined);
    chooser.complain([{ path: "a.exe", reason: "No." }]);
    const box = need("refused", HTMLElement);
    expect([box.hidden, need("refused-list", HTMLElement).textContent]).toEqual([false, "a.exe: No."]);
    need("refused-close", HTMLButtonElement).click();
    expect([box.hidden, document.activeElement?.id]).toEqual([true, "choose"]);
    chooser.complain([{ path: "b.exe", reason: "No." }]);
    expect(box.hidden).toBe(false);
  });
});
