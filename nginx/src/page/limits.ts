// What the link allows, said before anything is sent, and checked before a byte leaves. The server checks again.

import type { LinkInfo } from "../core/wire";
import type { UploadTotals } from "../utils/upload-manager";
import { formatBytes, formatDate } from "./format";
import { t } from "./i18n";

export interface Picked {
  readonly file: File;
  /** Below the link's folder, with `/`. */
  readonly path: string;
}

/** Two that have the same are one file, chosen twice. */
export function identity({
  file,
  path,
}: {
  file: Pick<File, "size" | "lastModified">;
  path: string;
}): string {
  return `${path}\n${file.size}\n${file.lastModified}`;
}

/** What systems leave in folders for themselves, and nobody means to send; macOS keeps beside `1.jpg` what a foreign disk cannot say. */
const OF_A_SYSTEM = /^(?:\.ds_store|thumbs\.db|ehthumbs\.db|desktop\.ini)$/i;

/** Without what systems have left in folders. A file that was chosen by itself is meant. */
export function meant(picked: readonly Picked[]): readonly Picked[] {
  const paths = new Set(picked.map(({ path }) => path));
  return picked.filter(({ path }) => {
    const cut = path.lastIndexOf("/") + 1;
    const [folder, name] = [path.slice(0, cut), path.slice(cut)];
    const beside = name.startsWith("._") && paths.has(folder + name.slice(2));
    return folder === "" || !(OF_A_SYSTEM.test(name) || beside);
  });
}

export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface Taken {
  readonly files: number;
  readonly bytes: number;
  /** Whether this very file is in the list already. */
  readonly has?: (picked: Picked) => boolean;
}

/** What this visit uses of what the link had left. */
export function takenBy({ files, failed, size }: Pick<UploadTotals, "files" | "failed" | "size">): Taken {
  return { files: files - failed, bytes: size };
}

const NOTHING: Taken = { files: 0, bytes: 0 };

type Limits = Pick<
  LinkInfo,
  "maxFileSize" | "maxTotalSize" | "maxFiles" | "filesLeft" | "bytesLeft" | "full" | "allowedExtensions"
>;

/** `taken` of what was left when the link was asked. */
export function describeLimits(info: LinkInfo, now: number, { files, bytes }: Taken = NOTHING): string[] {
  const { maxFileSize, maxTotalSize, maxFiles, filesLeft, bytesLeft, allowedExtensions, expiresIn } = info;
  const after = (left: number | null, taken: number, words: (left: number) => string | number): string =>
    left === null ? "" : ` (${t("limit_left", { left: words(Math.max(0, left - taken)) })})`;
  return [
    maxFileSize === null ? t("limit_none") : t("limit_size", { size: formatBytes(maxFileSize) }),
    maxTotalSize === null
      ? ""
      : t("limit_total", { size: formatBytes(maxTotalSize) }) + after(bytesLeft, bytes, formatBytes),
    maxFiles === null ? "" : t("limit_files", { count: maxFiles }) + after(filesLeft, files, (left) => left),
    allowedExtensions.length === 0 ? "" : t("limit_types", { types: listTypes(allowedExtensions) }),
    expiresIn === null ? "" : t("limit_until", { date: formatDate(now + expiresIn * 1_000) }),
  ].filter((sentence) => sentence !== "");
}

/** Which of `picked` may be sent after what was `taken` before, and why the others may not. */
export function sortOut(picked: readonly Picked[], limits: Limits, taken: Taken) {
  const accepted: Picked[] = [];
  const refused: Refused[] = [];
  let { files, bytes } = taken;
  for (const each of picked) {
    const reason = taken.has?.(each)
      ? t("refused_twice")
      : reasonAgainst(each.file, limits, { files, bytes });
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
  const { maxFileSize, maxTotalSize, maxFiles, filesLeft, bytesLeft, full, allowedExtensions } = limits;
  if (full) return t("error_request_full");
  if (
    allowedExtensions.length > 0 &&
    !allowedExtensions.some((each) => file.name.toLowerCase().endsWith(`.${each}`))
  ) {
    return t("refused_type", { types: listTypes(allowedExtensions) });
  }
  if (maxFileSize !== null && file.size > maxFileSize) {
    return t("refused_size", { size: formatBytes(file.size), limit: formatBytes(maxFileSize) });
  }
  if (maxFiles !== null && taken.files >= (filesLeft ?? maxFiles))
    return t("refused_files", { count: maxFiles });
  if (maxTotalSize !== null && taken.bytes + file.size > (bytesLeft ?? maxTotalSize)) {
    return t("refused_total", { limit: formatBytes(maxTotalSize) });
  }
  return null;
}

function listTypes(extensions: readonly string[]): string {
  return extensions.map((each) => `.${each}`).join(", ");
}

/** What cameras and galleries hand over; a link that takes none of it need not offer them. */
const PICTURES = new Set("jpg jpeg png gif webp heic heif avif mp4 mov m4v webm 3gp".split(" "));

export function takesPictures(extensions: readonly string[]): boolean {
  return extensions.length === 0 || extensions.some((each) => PICTURES.has(each));
}
