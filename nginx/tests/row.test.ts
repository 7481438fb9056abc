import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UploadError } from "../src/core/errors";
import { Chooser } from "../src/page/chooser";
import { need } from "../src/page/dom";
import { useLanguage } from "../src/page/i18n";
import { reasonFor } from "../src/page/reasons";
import { Row, type RowActions } from "../src/page/row";
import { speedWords } from "../src/page/speed-words";
import type { UploadItem } from "../src/utils/upload-manager";

beforeAll(() => useLanguage("en"));

function refused(code: string, message = "No.", details: Record<string, unknown> = {}): UploadError {
  return new UploadError(message, { code, status: 400, details });
}

function paint(change: Partial<UploadItem>, actions: Partial<RowActions> & { stuck?: boolean } = {}): Row {
  const { stuck = false, ...given } = actions;
  const file = new File(["ab"], "a.jpg");
  const item: UploadItem = {
    id: 0,
    file,
    path: "a.jpg",
    item: "",
    state: "sending",
    cancelling: false,
    loaded: 2,
    safe: 1,
    error: null,
    uploadId: null,
    name: null,
    removableUntil: null,
    ...change,
  };
  const counts = { activeUploads: 1, completedChunks: 0, totalChunks: 1, failedChunks: 0 };
  const nothing = (): undefined => undefined;
  const row = new Row({
    cancel: nothing,
    retry: nothing,
    pause: nothing,
    resume: nothing,
    undo: nothing,
    move: nothing,
    mayUndo: () => false,
    isLeaving: () => false,
    wasTakenBack: () => false,
    wasSentBefore: () => false,
    statsOf: ({ state }) => (state === "sending" ? { speed: 1_000_000, eta: 3, stuck, ...counts } : null),
    isOffline: () => false,
    isGoing: () => true,
    details: nothing,
    isOpen: () => false,
    toggle: nothing,
    placeOf: () => ({ folder: null, depth: 0 }),
    ...given,
  });
  row.paint(item);
  return row;
}

const shown = ({ element }: Row): HTMLButtonElement[] =>
  [...element.querySelectorAll("button")].filter(({ hidden }) => !hidden);
const buttonsOf = (row: Row): (string | null)[] => shown(row).map((each) => each.getAttribute("aria-label"));
const wordsOf = ({ element }: Row): string | null =>
  element.querySelector(".file-state")?.textContent ?? null;

describe("a row offers", () => {
  const all = ["Pause a.jpg", "Details of a.jpg", "Cancel a.jpg"];
  it.each([
    ["waiting", ["Move a.jpg, with the arrow keys", "Pause a.jpg", "Cancel a.jpg"]],
    ["sending", all],
    ["paused", ["Continue a.jpg", "Details of a.jpg", "Cancel a.jpg"]],
    ["finishing", ["Details of a.jpg"]],
    ["done", []],
    ["cancelled", ["Try again to send a.jpg"]],
  ] as const)("what helps while it is %s", (state, buttons) => {
    expect(buttonsOf(paint({ state }))).toEqual(buttons);
  });

  it("no pause of what waits for the person to say send", () => {
    const row = paint({ state: "waiting" }, { isGoing: () => false });
    expect(buttonsOf(row)).toEqual(["Move a.jpg, with the arrow keys", "Cancel a.jpg"]);
    expect(buttonsOf(paint({ state: "sending" }, { isGoing: () => false }))).toEqual(all);
  });

  it("to take back what has arrived, as long as the server lets it", () => {
    const row = paint({ state: "done" }, { mayUndo: () => true });
    expect(buttonsOf(row)).toEqual(["Take back: a.jpg"]);
    const leaving = paint({ state: "done" }, { isLeaving: () => true });
    expect([buttonsOf(leaving), wordsOf(leaving)]).toEqual([["Undo: a.jpg"], "About to be taken back…"]);
    expect(wordsOf(paint({ state: "cancelled" }, { wasTakenBack: () => true }))).toBe("Taken back");
  });

  it("to know that the very same file was sent before", () => {
    const row = paint({ state: "done" }, { wasSentBefore: () => true });
    expect(wordsOf(row)).toBe("Arrived · you have sent this very file before");
  });

  it("to move a waiting file with the arrow keys", () => {
    const moves: number[] = [];
    const row = paint({ state: "waiting" }, { move: (_, by) => moves.push(by) });
    for (const key of ["ArrowUp", "ArrowDown", "Enter"]) {
      shown(row)[0]?.dispatchEvent(new KeyboardEvent("keydown", { key }));
    }
    expect(moves).toEqual([-1, 1]);
  });
});

describe("a failed file", () => {
  it.each(["type_not_allowed", "file_too_large", "invalid_path", "request_not_found"])(
    "refused with %s can only be removed",
    (code) => {
      expect(buttonsOf(paint({ state: "failed", error: refused(code) }))).toEqual(["Remove a.jpg"]);
    },
  );

  it.each(["network_error", "storage_full", "request_full", "request_closed"])(
    "that failed with %s may be tried again",
    (code) => {
      const buttons = buttonsOf(paint({ state: "failed", error: refused(code) }));
      expect(buttons).toEqual(["Try again to send a.jpg", "Remove a.jpg"]);
    },
  );

  it("whose content is not what its name says is told so, without technical names of types", () => {
    const error = refused("type_not_allowed", "It is application/x-dosexec.", {
      detected: "application/x-dosexec",
    });
    expect(wordsOf(paint({ state: "failed", error }))).toBe(
      "Its content is not what its name says, so it is not accepted here.",
    );
    const listed = refused("type_not_allowed", "Only jpg.", { allowed_extensions: ["jpg"] });
    expect(reasonFor(listed)).toBe("This kind of file is not accepted here.");
  });

  it("that is too large is told the limit as people say it", () => {
    const error = refused("file_too_large", "The file has 3000 bytes; …", { limit: 2_048 });
    expect(reasonFor(error)).toBe("The file is too large: the limit is 2 kB per file.");
  });

  it("refused for what this page has no words for is told what the server says", () => {
    expect(reasonFor(refused("made_up_tomorrow", "Not on Sundays."))).toBe("Not on Sundays.");
    expect(reasonFor(null)).toBe("It could not be sent.");
  });
});

describe("a cut line", () => {
  it("is said on the row, without speed and time left", () => {
    expect(wordsOf(paint({}))).toBe("50% · 977 kB/s · a few seconds left");
    expect(wordsOf(paint({}, { stuck: true }))).toBe("50% · connection trouble, trying again…");
  });

  it("is said in the total, without speed and time left", () => {
    expect(speedWords({ speed: 1_000_000, eta: 3, stuck: false })).toEqual([
      "977 kB/s",
      "a few seconds left",
    ]);
    expect(speedWords({ speed: 1_000_000, eta: 3, stuck: true })).toEqual(["waiting for the connection…"]);
  });
});

describe("progress", () => {
  it("is what is safe on the server; what was merely sent runs ahead of it", () => {
    const { element } = paint({ safe: 1, loaded: 2 });
    expect(element.querySelector("progress")?.value).toBe(0.5);
    expect(element.querySelector<HTMLElement>(".bar > span")?.style.inlineSize).toBe("100%");
  });

  it("says when all is sent and not yet all safe", () => {
    expect(wordsOf(paint({ state: "finishing" }))).toBe("All sent, the server is finishing…");
  });
});

describe("a name", () => {
  it("is one piece, however long, for who reads, hears or copies it", () => {
    const path = "folder/a very long name of a film that was copied twice (2).mp4";
    const name = paint({ path }).element.querySelector(".file-name");
    expect(name?.textContent).toBe(path);
    expect(name?.lastChild?.textContent).toBe("a very long name of a film that was copied twice (2).mp4");
  });
});

describe("the list of what will not be sent", () => {
  beforeEach(() => {
    document.body.innerHTML = `
      <div id="drop"><button id="choose"></button><button id="choose-folder"></button><p id="drop-hint"></p></div>
      <button id="choose-camera"></button><button id="choose-gallery"></button>
      <input id="files-input" type="file" /><input id="folder-input" type="file" />
      <input id="camera-input" type="file" /><input id="gallery-input" type="file" />
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
