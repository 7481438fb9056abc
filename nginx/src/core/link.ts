import { UploadError } from "./errors";

export interface LinkAddress {
  /** `https://host[:port]`, and the path below which the server is, where it has one. */
  readonly origin: string;
  readonly hash: string;
  /** Where chunks go; see `ParallelUploaderConfig.uploadUrl`. */
  readonly uploadUrl: string;
}

/** Takes apart the address of a link as people pass it on. Throws an `UploadError` of code `invalid_link`. */
export function parseLink(link: string): LinkAddress {
  const found = URL.canParse(link) ? new URL(link) : null;
  const path = found?.pathname.replace(/\/+/g, "/") ?? "";
  const [, below, hash] = /^(.*)\/request\/([A-Za-z0-9_-]+)\/?$/.exec(path) ?? [];
  if (found === null || hash === undefined) {
    throw new UploadError("This is not the address of a link.", { code: "invalid_link" });
  }
  const origin = `${found.origin}${below}`;
  return { origin, hash, uploadUrl: `${origin}/api/droppr/requests/${hash}/upload-chunk` };
}
