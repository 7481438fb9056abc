// Shows what the server tells the owner's browser, also when no page is open (Web Push). It keeps nothing, answers for no page, and
// stands for the owner's pages alone. Whatever it says comes from the server, in the language that was asked for there.
//
// It is one file without imports, as browsers load it as a script.

interface Told {
  readonly title: string;
  readonly body?: string;
  /** What of the same tag is shown already is replaced. */
  readonly tag?: string;
  readonly lang?: string;
  readonly dir?: NotificationDirection;
  /** The hash of the link that it is about. */
  readonly link?: string;
  readonly files?: number;
  /** Milliseconds since 1970. */
  readonly at?: number;
}

/** What is kept with a notification that is shown. */
interface Kept {
  readonly link: string | null;
  readonly files: number;
  readonly lines: readonly string[];
}

interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface WindowClient {
  readonly url: string;
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
}

interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: "window"; includeUncontrolled: true }): Promise<readonly WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
  };
  readonly navigator: { setAppBadge?(count: number): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: string, act: (event: never) => void): void;
}

const LINES = 3;
const worker = self as unknown as Worker;
let last: Promise<unknown> = Promise.resolve();

worker.addEventListener("install", (event: Extendable) => event.waitUntil(worker.skipWaiting()));

worker.addEventListener("push", (event: Extendable & { readonly data: { json(): unknown } | null }) =>
  event.waitUntil(inTurn(() => show(event.data))),
);

worker.addEventListener("notificationclick", (event: Extendable & { readonly notification: Notification }) =>
  event.waitUntil(open(event.notification)),
);

worker.addEventListener("notificationclose", (event: Extendable) => event.waitUntil(inTurn(count)));

worker.addEventListener(
  "pushsubscriptionchange",
  (event: Extendable & { readonly oldSubscription?: PushSubscription; newSubscription?: PushSubscription }) =>
    event.waitUntil(renew(event.oldSubscription, event.newSubscription)),
);

/** Acts when what came before is done. Of two messages of one tag that come at once each would else begin with what was before both;
 * and Chromium drops what it is just about to show where it is asked for what it shows. A click waits for nothing: browsers soon forget
 * that there was one. */
function inTurn(act: () => Promise<unknown>): Promise<unknown> {
  const next = last.then(act);
  last = next.catch(() => undefined);
  return next;
}

async function show(data: { json(): unknown } | null): Promise<void> {
  const { title, body = "", tag = "", lang = "", dir = "auto", link, files = 0, at } = toldBy(data);
  const before = tag === "" ? [] : await worker.registration.getNotifications({ tag });
  const earlier = before.flatMap(({ data }) => (data as Kept).lines);
  const lines = [body, ...earlier].slice(0, LINES);
  const all = before.reduce((sum, { data }) => sum + (data as Kept).files, files);
  const kept: Kept = { link: link ?? null, files: all, lines };
  const options = {
    body: lines.join("\n"),
    tag,
    renotify: tag !== "",
    lang,
    dir,
    data: kept,
    icon: address("../icon-192.png"),
    badge: address("../icon-badge.png"),
    ...(at === undefined ? {} : { timestamp: at }),
  };
  await worker.registration.showNotification(title, options);
  await count();
}

/** Browsers want something to be shown whatever came. */
function toldBy(data: { json(): unknown } | null): Told {
  try {
    const told = data?.json() as Told | null | undefined;
    return typeof told?.title === "string" ? told : { title: "Droppr" };
  } catch {
    return { title: "Droppr" };
  }
}

/** Goes to the window that shows the link; else to one of the owner's that can; else to a new one. */
async function open(notification: Notification): Promise<void> {
  notification.close();
  const { link } = notification.data as Kept;
  const wanted = address(link === null ? "../admin" : `links/${encodeURIComponent(link)}`);
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find(({ url }) => bare(url) === wanted);
  if (there !== undefined) await there.focus();
  else {
    const [desk] = windows.filter(({ url }) => isDesk(url)).sort(visibleFirst);
    if (desk === undefined) await worker.clients.openWindow(wanted);
    else {
      desk.postMessage({ go: wanted });
      await desk.focus();
    }
  }
  await inTurn(count);
}

function visibleFirst(one: WindowClient, other: WindowClient): number {
  return Number(other.visibilityState === "visible") - Number(one.visibilityState === "visible");
}

/** How many new files the notifications that are shown tell of stands on the app's icon, where there is one. */
async function count(): Promise<void> {
  const shown = await worker.registration.getNotifications();
  const files = shown.reduce((sum, { data }) => sum + (data as Kept).files, 0);
  await worker.navigator.setAppBadge?.(files);
}

/** The browser has a new address. Where its owner is not logged in any more, they have to ask anew. */
async function renew(old?: PushSubscription, found?: PushSubscription): Promise<void> {
  const key = old?.options.applicationServerKey;
  if (found === undefined && (key === undefined || key === null)) return;
  const options = { userVisibleOnly: true, applicationServerKey: key ?? null };
  const subscription = found ?? (await worker.registration.pushManager.subscribe(options));
  await fetch(address("../api/droppr/push"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...subscription.toJSON(), language: navigator.language }),
  });
}

function address(path: string): string {
  return new URL(path, worker.registration.scope).href;
}

function bare(url: string): string {
  return url.replace(/[?#].*$/, "");
}

function isDesk(url: string): boolean {
  return bare(url) === address("../admin") || bare(url).startsWith(address("links/"));
}
