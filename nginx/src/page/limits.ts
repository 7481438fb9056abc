// What the link allows, said before anything is sent, and checked before a byte leaves. The server checks again.

import type { LinkInfo } from "../core/wire";
import { countOf, formatBytes, formatDate } from "./format";

export interface Picked {
  readonly file: File;
  /** Below the link's folder, with `/`. */
  readonly path: string;
}

export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface Taken {
  readonly files: number;
  readonly bytes: number;
}

type Limits = Pick<LinkInfo, "maxFileSize" | "maxTotalSize" | "maxFiles" | "allowedExtensions">;

export function describeLimits(info: LinkInfo, now: number): string[] {
  const { maxFileSize, maxTotalSize, maxFiles, allowedExtensions, expiresIn } = info;
  return [
    maxFileSize === null ? "Files of any size" : `Up to ${formatBytes(maxFileSize)} per file`,
    maxTotalSize === null ? "" : `Up to ${formatBytes(maxTotalSize)} in all`,
    maxFiles === null ? "" : `Up to ${countOf(maxFiles, "file")}`,
    allowedExtensions.length === 0 ? "" : `Only ${allowedExtensions.map((each) => `.${each}`).join(", ")}`,
    expiresIn === null ? "" : `Open until ${formatDate(now + expiresIn * 1_000)}`,
  ].filter((sentence) => sentence !== "");
}

/** Which of `picked` may be sent after what was `taken` before, and why the others may not. */
export function sortOut(picked: readonly Picked[], limits: Limits, taken: Taken) {
  const accepted: Picked[] = [];
  const refused: Refused[] = [];
  let { files, bytes } = taken;
  for (const each of picked) {
    const reason = reasonAgainst(each.file, limits, { files, bytes });
    if (reason === null) {
      accepted.push(each);
      files += 1;
      bytes += each.file.size;
    } else {
      refused.push({ path: each.path, reason });
    }
  }
  return { accepted, refused };
}

function reasonAgainst(file: File, limits: Limits, taken: Taken): string | null {
  const { maxFileSize, maxTotalSize, maxFiles, allowedExtensions } = limits;
  if (allowedExtensions.length > 0 && !allowedExtensions.includes(extensionOf(file.name))) {
    return `This kind of file is not accepted here; ${allowedExtensions.map((each) => `.${each}`).join(", ")} would be.`;
  }
  if (maxFileSize !== null && file.size > maxFileSize) {
    return `It has ${formatBytes(file.size)}; the limit is ${formatBytes(maxFileSize)} per file.`;
  }
  if (maxFiles !== null && taken.files >= maxFiles) return `The limit is ${countOf(maxFiles, "file")}.`;
  if (maxTotalSize !== null && taken.bytes + file.size > maxTotalSize) {
    return `All files together may have ${formatBytes(maxTotalSize)}.`;
  }
  return null;
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}
