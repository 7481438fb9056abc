// This browser as one that is told what arrives: whether it can be, and its subscription.

import { BASE } from "../../page/base";

const SCOPE = `${BASE}/admin/`;
const SCRIPT = `${SCOPE}push-worker.js`;
const KEPT = "droppr.push";
const PATIENCE_MS = 30_000;

/** Why it cannot be told. */
export type Trouble = "insecure" | "home_screen" | "unable" | "blocked" | "dismissed" | "no_service";

export class Refused extends Error {
  constructor(readonly why: Trouble) {
    super(why);
  }
}

/** What keeps it from being told, as far as that can be known without asking for anything. */
export function trouble(): Trouble | null {
  if (!isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window))
    return /iPhone|iPad|iPod/.test(navigator.userAgent) ? "home_screen" : "unable";
  return Notification.permission === "denied" ? "blocked" : null;
}

/** The registration where there has been one; asks for nothing. */
export async function registered(): Promise<ServiceWorkerRegistration | null> {
  if (!isSecureContext || !("serviceWorker" in navigator)) return null;
  return (await navigator.serviceWorker.getRegistration(SCOPE)) ?? null;
}

export async function subscription(key: string): Promise<PushSubscription | null> {
  const found = await (await registered())?.pushManager?.getSubscription();
  return found && keyOf(found) === key ? found : null;
}

/** Whether the browser will ask the person something of its own. */
export function willAsk(): boolean {
  return trouble() === null && Notification.permission === "default";
}

/** Asks for the permission, so it is to be called by a click; `onAllowed` is called where it is there. Throws `Refused`. */
export async function subscribe(key: string, onAllowed: () => void): Promise<PushSubscription> {
  const before = trouble();
  if (before !== null) throw new Refused(before);
  const permission = await Notification.requestPermission();
  if (permission !== "granted") throw new Refused(permission === "denied" ? "blocked" : "dismissed");
  onAllowed();
  const { pushManager } = await working();
  // One for another key is of no use: a server that was set up anew has a new one.
  const old = await pushManager.getSubscription();
  if (old !== null && keyOf(old) !== key) await old.unsubscribe();
  // Where the push service is kept away, some browsers try for ever.
  const late = new Promise<never>((_, reject) => {
    setTimeout(reject, PATIENCE_MS);
  });
  try {
    const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
    return await Promise.race([pushManager.subscribe(options), late]);
  } catch {
    throw new Refused("no_service");
  }
}

/** A worker that runs; browsers subscribe no other. */
async function working(): Promise<ServiceWorkerRegistration> {
  const made = await navigator.serviceWorker.register(SCRIPT, { scope: SCOPE, updateViaCache: "none" });
  const worker = made.active ?? made.waiting ?? made.installing;
  if (worker === null || made.active !== null) return made;
  await new Promise<void>((resolve, reject) => {
    const follow = (): void => {
      if (worker.state === "activated") resolve();
      else if (worker.state === "redundant") reject(new Refused("unable"));
    };
    worker.addEventListener("statechange", follow);
    follow();
  });
  return made;
}

/** Under which id the server knows this browser; null where it does not, as far as this browser knows. */
export function keptId(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function keepId(id: string | null): void {
  try {
    if (id === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, id);
  } catch {
    // It is told when the dialog is opened next.
  }
}

function keyOf({ options }: PushSubscription): string {
  const key = options.applicationServerKey;
  if (key === null) return "";
  const text = String.fromCharCode(...new Uint8Array(key));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}
