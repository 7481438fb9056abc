// Where the server is. Its pages may be served below a path, of which only their own address tells.

const [, base = "", hash = ""] =
  /^(.*)\/(?:(?:request|to)\/([^/]*)\/?|admin(?:\/\w+|\/links\/[^/]*)?)$/.exec(
    location.pathname.replace(/\/+/g, "/"),
  ) ?? [];

/** What all addresses of the server begin with: empty, or a path such as `/drop`. */
export const BASE = base;

/** The link that this page is of; empty on every other page. */
export const HASH = decodeURIComponent(hash);

export const API = `${BASE}/api/droppr`;

/** A link's calls. */
export function linkUrl(hash: string): string {
  return `${API}/requests/${encodeURIComponent(hash)}`;
}
