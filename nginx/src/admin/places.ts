// Which of the owner's pages an address is of, and going from one to the other without loading anything anew: what was typed
// and where one has read to stay.

import { BASE } from "../page/base";
import { isOver, whenBack } from "./back";

/** The parts of a link's page, the first being the one that an address without a name for it shows. */
export const TABS = ["files", "checklist", "people", "terms", "activity"] as const;
export type Tab = (typeof TABS)[number];

export type Place =
  | { readonly kind: "desk" }
  | { readonly kind: "link"; readonly hash: string; readonly tab: Tab };

export const DESK_ADDRESS = `${BASE}/admin`;

/** Where the server is set up. */
export const SETTINGS_ADDRESS = `${BASE}/admin/settings`;

/** Where the log is, or that of one link. */
export function logAddress(hash?: string): string {
  return `${DESK_ADDRESS}/audit${hash === undefined ? "" : `?${new URLSearchParams({ link: hash })}`}`;
}

export function placeAddress(hash: string, tab: Tab = "files"): string {
  return `${BASE}/admin/links/${encodeURIComponent(hash)}${tab === TABS[0] ? "" : `#${tab}`}`;
}

/** Where one logs in who has asked for the text of a file; what was asked for goes along. */
export function loginAddress({ search, hash }: Pick<Location, "search" | "hash">): string {
  return `${DESK_ADDRESS}?${new URLSearchParams({ text: search.replace(/^\?/, ""), part: hash.replace(/^#/, "") })}`;
}

/** Where such a login leads; null for any other. Only texts, the log and the settings are reached so, whatever an address says. */
export function afterLogin(search: string): string | null {
  const asked = new URLSearchParams(search);
  const text = asked.get("text");
  if (asked.has("settings")) return SETTINGS_ADDRESS;
  if (asked.has("log")) return `${BASE}/admin/audit`;
  if (text === null) return null;
  const part = asked.get("part") ?? "";
  return `${BASE}/admin/document?${new URLSearchParams(text)}${part === "" ? "" : `#${encodeURIComponent(part)}`}`;
}

/** What the server calls the page that somebody wants who logs in elsewhere: one of those above, or a link's. */
export function pageHere({ pathname, search }: Pick<Location, "pathname" | "search">): string {
  const asked = new URLSearchParams(search);
  if (asked.has("settings")) return "admin/settings";
  if (asked.has("log")) return "admin/audit";
  return /admin\/links\/[\w-]+$/.exec(pathname)?.[0] ?? "admin";
}

/** What of an address tells which page it is of. */
export type Address = Pick<Location, "pathname" | "hash">;

export function placeOf({ pathname, hash }: Address): Place {
  const [, link] = /\/admin\/links\/([^/]+)$/.exec(pathname) ?? [];
  if (link === undefined) return { kind: "desk" };
  return { kind: "link", hash: decoded(link), tab: TABS.find((tab) => `#${tab}` === hash) ?? TABS[0] };
}

/** What cannot be decoded is no link's either way. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export class Places {
  readonly #onPlace: (place: Place) => void;

  /** `onPlace` is told where one has gone, back and forward included; not where one is at first. */
  constructor(onPlace: (place: Place) => void) {
    this.#onPlace = onPlace;
    document.addEventListener("click", (event) => this.#follow(event));
    addEventListener("popstate", () => this.#tell());
  }

  get now(): Place {
    return placeOf(location);
  }

  go(address: string): void {
    whenBack(() => {
      if (isOver()) {
        history.replaceState(null, "", address);
        history.scrollRestoration = "auto";
      } else history.pushState(null, "", address);
      this.#tell();
    });
  }

  #tell(): void {
    this.#onPlace(this.now);
  }

  /** A click that asks for a new tab or window is the browser's. */
  #follow(event: MouseEvent): void {
    const { target, button, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (event.defaultPrevented || button !== 0 || altKey || ctrlKey || metaKey || shiftKey) return;
    const link = target instanceof Element ? target.closest("a") : null;
    if (link === null || link.target !== "" || link.hasAttribute("download")) return;
    const isOurs = link.pathname === DESK_ADDRESS || placeOf(link).kind === "link";
    if (link.origin !== location.origin || !isOurs) return;
    event.preventDefault();
    if (link.href !== location.href) this.go(link.href);
  }
}
