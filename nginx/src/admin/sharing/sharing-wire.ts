// What the server says of shares.

import { type Declared, doubted } from "../../core/reply";

/** Files that others may download. */
export interface Share {
  readonly hash: string;
  /** The path of the receivers' page. */
  readonly url: string;
  readonly title: string;
  readonly hasPassword: boolean;
  /** In milliseconds; null for never. */
  readonly expiresAt: number | null;
  readonly isExpired: boolean;
  /** 0 for no limit. */
  readonly maxDownloads: number;
  readonly downloads: number;
  /** How many were chosen; null for all that had arrived. */
  readonly files: number | null;
}

/** What an owner sets on a new share. */
export interface NewShare {
  readonly uploads?: readonly string[];
  readonly title: string;
  readonly sharer: string;
  readonly password: string | null;
  readonly expires_hours: number;
  readonly max_downloads: number;
}

export function parseShare(value: unknown): Share {
  const fields = doubted<Declared<"OwnersShare">>(value);
  if (typeof fields.hash !== "string" || typeof fields.url !== "string") throw new TypeError("No share");
  return {
    hash: fields.hash,
    url: fields.url,
    title: typeof fields.title === "string" ? fields.title : "",
    hasPassword: fields.requires_password === true,
    expiresAt: typeof fields.expires_at === "number" ? fields.expires_at * 1_000 : null,
    isExpired: fields.expired === true,
    maxDownloads: countOf(fields.max_downloads),
    downloads: countOf(fields.downloads),
    files: typeof fields.files === "number" ? fields.files : null,
  };
}

export function parseShares(value: unknown): readonly Share[] {
  const { shares } = doubted<Declared<"ShareList">>(value);
  if (!Array.isArray(shares)) throw new TypeError("shares is not a list");
  return shares.map(parseShare);
}

/** What a file is called since it was renamed. */
export function parseRenamed(value: unknown): string {
  const { path } = doubted<Declared<"Renamed">>(value);
  if (typeof path !== "string") throw new TypeError("path is not a text");
  return path;
}

function countOf(value: unknown): number {
  return typeof value === "number" && value >= 0 ? value : 0;
}
