// A file that was found: where it is, who sent it, and what it says.

import { make, setText } from "../page/dom";
import { documentUrl, downloadUrl } from "./api";
import { formatDate } from "./format";
import { t } from "./i18n";
import { clonedElement, part, show } from "./parts";
import type { FoundFile, FoundPassage, Piece } from "./search-wire";
import { visibleName } from "./visible";
import { showTime } from "./when";

export interface FoundPorts {
  /** What people know the link with this hash, or the entity, by. */
  readonly nameOf: (hash: string, entity: string) => string | undefined;
  /** Whether a file that was received is no longer in its place. */
  readonly isGone: (hash: string, path: string) => Promise<boolean>;
}

/** The row of a file that was found by `words`; by none where it is like another. */
export function foundRow(file: FoundFile, words: string, { nameOf, isGone }: FoundPorts): HTMLElement {
  const { link, path, receivedAt, sender, passages } = file;
  const row = clonedElement("found-file");
  const name = visibleName(path);
  const at = (passage?: FoundPassage): string =>
    documentUrl(file, asked(words, passage === undefined ? {} : { passage: String(passage.number) }));
  const title = part(row, "path", HTMLAnchorElement);
  title.href = at(passages[0]);
  setText(title, name);
  const known = link === null ? undefined : nameOf(link, file.entity);
  part(row, "link-line", HTMLElement).hidden = known === undefined;
  setText(part(row, "link", HTMLElement), visibleName(known ?? ""));
  showTime(part(row, "time", HTMLTimeElement), receivedAt, formatDate);
  setText(part(row, "sender", HTMLElement), visibleName(sender));
  part(row, "sender-line", HTMLElement).hidden = sender === "";
  const alike = part(row, "alike", HTMLAnchorElement);
  alike.href = `${documentUrl(file, asked(words))}#like`;
  alike.setAttribute("aria-label", t("more_like", { name }));
  const download = part(row, "download", HTMLAnchorElement);
  showDownload(download, part(row, "gone", HTMLElement), file, isGone);
  part(row, "passages", HTMLElement).append(...passages.map((each) => passageOf(each, at(each))));
  return row;
}

/** Makes `anchor` download a file, and `gone` say so where it is no longer there. */
export function showDownload(
  anchor: HTMLAnchorElement,
  gone: HTMLElement,
  { link, path }: Pick<FoundFile, "link" | "path">,
  isGone: FoundPorts["isGone"],
): void {
  anchor.hidden = link === null;
  if (link === null) return;
  anchor.href = downloadUrl(link, path);
  anchor.setAttribute("aria-label", t("download_item", { name: visibleName(path) }));
  anchor.addEventListener("click", async () => show(gone, (await isGone(link, path)) ? t("file_gone") : ""));
}

function asked(words: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return words === "" ? more : { q: words, ...more };
}

function passageOf({ page, pieces }: FoundPassage, address: string): HTMLElement {
  const place = make("a", { className: "place", text: page === null ? "" : t("page", { page }) });
  place.href = address;
  return make("p", { className: "passage" }, ...(page === null ? [] : [place, new Text(" ")]), said(pieces));
}

/** What strangers wrote, as text and nothing else. */
export function said(pieces: readonly Piece[], shape: "one line" | "lines" = "one line"): HTMLElement {
  const words = pieces.map(({ text, marked }) => {
    const lines = shape === "lines" ? text.split("\n") : [text];
    return make(marked ? "mark" : "span", { text: lines.map(visibleText).join("\n") });
  });
  return make(shape === "lines" ? "span" : "bdi", {}, ...words);
}

function visibleText(text: string): string {
  return visibleName(text.replace(/\s+/g, " "));
}
