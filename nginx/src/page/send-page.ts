// An open link: what is chosen goes to the manager, and what the manager says is shown.

import { DropprApi, fetchLinkInfo } from "../adapters/droppr-api";
import type { UploadError } from "../core/errors";
import type { LinkInfo } from "../core/wire";
import type { Clock, Connectivity, SessionStore, Transport } from "../ports";
import {
  type UploaderOptions,
  type UploadItem,
  UploadManager,
  type UploadTotals,
} from "../utils/upload-manager";
import { Announcer } from "./announcer";
import type { Asked } from "./asked/asked";
import { BASE, linkUrl } from "./base";
import { Captcha } from "./captcha";
import { Chooser } from "./chooser";
import { Continuing } from "./continuing";
import { need, oncePerFrame, setHidden } from "./dom";
import type { Collected } from "./drop";
import { EmptyFolders } from "./empty-folders";
import type { FileList } from "./file-list";
import { onLanguage, t } from "./i18n";
import { type LateApi, lateApi } from "./late-api";
import { LateLook } from "./late-look";
import { LateOptions } from "./late-options";
import { LateVisit } from "./late-visit";
import { identity, meant, type Picked, sortOut, takenBy } from "./limits";
import { headingOf, paintHead, paintLimits } from "./link-head";
import { Problem } from "./problem";
import { reasonFor } from "./reasons";
import { SendBar } from "./send-bar";
import { SenderForm } from "./sender-form";
import { Sending } from "./sending";
import { TabIndicators } from "./tab-indicators";
import { TotalPanel } from "./total-panel";
import { Undoing } from "./undoing";
import { WakeLock } from "./wake-lock";

export interface Ports {
  readonly transport: Transport;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
}

/** More patient than the library: a person who walked away wants the upload to survive a router's restart. */
const MAX_RETRIES = 8;
const MOVING_MS = 100;

export class SendPage {
  #info: LinkInfo;
  readonly #hash: string;
  readonly #ports: Ports;
  readonly #opened: number;
  readonly #manager: UploadManager;
  readonly #senderForm: SenderForm;
  readonly #captcha: Captcha;
  readonly #continuing: Continuing;
  readonly #visit: LateVisit;
  readonly #folders: EmptyFolders;
  readonly #api: LateApi;
  readonly #panel: TotalPanel;
  readonly #moreOptions: LateOptions;
  readonly #wakeLock: WakeLock;
  readonly #sending: Sending;
  readonly #announcer = new Announcer();
  readonly #indicators = new TabIndicators(this.#announcer, (title, words) =>
    this.#moreOptions.notify(title, words),
  );
  readonly #chooser = new Chooser((collected) => void this.#take(collected));
  readonly #problem = new Problem();
  readonly #paint = oncePerFrame(() => this.#paintNow());
  readonly #bar = new SendBar(this.#paint);
  readonly #look = new LateLook((made) => this.#makeList(made), this.#paint);
  readonly #undoing: Undoing;
  readonly #asked: Asked | null;
  #wasBusy = false;
  #asksLeft = false;

  constructor(info: LinkInfo, hash: string, ports: Ports, asked: Asked | null) {
    this.#info = info;
    this.#asked = asked;
    this.#hash = hash;
    this.#ports = ports;
    this.#opened = ports.clock.now();
    this.#api = lateApi(hash, ports.clock);
    this.#manager = new UploadManager({
      options: () => this.#options(),
      clock: ports.clock,
      connectivity: ports.connectivity,
      pack: info.pack,
      wholeFileBytes: info.wholeFileBytes,
      smallSize: info.chunkSize,
      onChange: (item) => this.#onChange(item),
      onHeld: (error) => this.#sending.held(error),
      onTaken: () => this.#onTaken(),
    });
    this.#senderForm = new SenderForm(info, () => {
      this.#visit.keepSender();
      this.#sending.go();
    });
    this.#captcha = new Captcha(info);
    this.#folders = this.#makeFolders();
    this.#sending = new Sending(hash, {
      manager: this.#manager,
      senderForm: this.#senderForm,
      captcha: this.#captcha,
      folders: this.#folders,
      problem: this.#problem,
      announcer: this.#announcer,
      paint: this.#paint,
    });
    this.#continuing = this.#makeContinuing();
    const [say, onProblem] = [this.#announcer.say, this.#problem.show];
    const tell = { clock: ports.clock, api: this.#api, say, onProblem };
    this.#undoing = new Undoing({ ...tell, manager: this.#manager, paint: this.#paint });
    this.#visit = new LateVisit({ ...tell, hash, senderForm: this.#senderForm, paint: this.#paint });
    this.#panel = this.#makePanel();
    this.#moreOptions = this.#makeMoreOptions();
    this.#wakeLock = new WakeLock({
      busy: () => this.#manager.busy && this.#sending.may,
      onReturn: () => this.#goOn(),
    });
    asked?.begin(this.#manager, this.#api, this.#senderForm, (found, item) => this.#take(found, item));
    this.#describe();
    onLanguage(() => this.#describe());
    addEventListener("offline", () => {
      if (this.#manager.busy) this.#announcer.say(t("said_offline"));
      this.#paint();
    });
    need("receipt-show").addEventListener("click", () => void this.#showReceipt());
    void this.#continue();
    // Time left and speed change even while nothing arrives.
    setInterval(() => this.#paint(), 1_000);
  }

  // What the page is made of

  #makeFolders(): EmptyFolders {
    return new EmptyFolders({
      api: this.#api,
      headers: async () => ({
        "X-Request-Password": encodeURIComponent(this.#senderForm.password),
        ...(await this.#captcha.headers(new AbortController().signal)),
      }),
      sender: () => ({
        sender_name: this.#senderForm.senderName,
        sender_email: this.#senderForm.senderEmail,
      }),
      onRefused: (refused) => this.#chooser.complainAlso(refused),
      // Where files go along, they bring the question up, and the folders follow the first that is taken.
      onHeld: (error) => {
        if (!this.#manager.busy) this.#sending.held(error);
      },
      onMade: (words) => {
        this.#captcha.relax();
        if (this.#manager.items.length === 0) this.#announcer.say(words);
        this.#paint();
      },
    });
  }

  #makeContinuing(): Continuing {
    const { transport, clock, sessions } = this.#ports;
    const uploads = new DropprApi({ transport, clock, chunkUrl: this.#uploadUrl, headers: {} });
    return new Continuing({
      hash: this.#hash,
      link: this.#uploadUrl,
      api: this.#api,
      sessions,
      discard: (uploadId) => uploads.cancel(uploadId),
      onOpened: (picked) => void this.#add([picked], []),
    });
  }

  #makeList(made: typeof FileList): FileList {
    const manager = this.#manager;
    return new made(
      {
        cancel: (item) => void this.#takeOut(item),
        retry: (item) => {
          this.#undoing.startOver(item);
          manager.retry(item);
        },
        pause: (item) => manager.pause(item),
        resume: (item) => manager.resume(item),
        cancelOnly: (item) => void manager.cancel(item),
        undo: this.#undoing.toggle,
        isLeaving: this.#undoing.isLeaving,
        files: () => manager.items,
        start: (act) => this.#sending.start(act),
        moveBefore: (item, other) => manager.move(item, other),
        mayUndo: this.#undoing.may,
        wasTakenBack: this.#undoing.wasTakenBack,
        wasSentBefore: this.#visit.wasSentBefore,
        statsOf: (item) => manager.statsOf(item),
        isOffline: () => !this.#ports.connectivity.online,
        isGoing: () => this.#sending.may,
        details: (item, box) => void this.#drawMap(item, box),
      },
      this.#announcer.say,
      this.#paint,
    );
  }

  #makePanel(): TotalPanel {
    const manager = this.#manager;
    return new TotalPanel({
      pauseAll: () => {
        manager.pauseAll();
        this.#announcer.say(t("said_paused"));
      },
      resumeAll: () => {
        this.#sending.start(() => manager.resumeAll());
        this.#announcer.say(t("said_resumed"));
      },
      retryAll: () => this.#sending.start(() => manager.retryAll()),
      cancelAll: () => void manager.cancelAll(),
    });
  }

  async #drawMap(item: UploadItem, box: HTMLElement): Promise<void> {
    // What did not load, offline perhaps, is asked for again with the next change.
    const loaded = await import("./chunk-map").catch(() => null);
    const map = this.#manager.chunkMapOf(item);
    loaded?.paintMap(box, map && { ...map, moving: map.inFlight });
  }

  #makeMoreOptions(): LateOptions {
    return new LateOptions({
      api: this.#api,
      manager: this.#manager,
      onHandedOver: (uploads) => this.#continuing.addFromElsewhere(uploads),
      onProblem: this.#problem.show,
      paint: this.#paint,
    });
  }

  #describe(): void {
    this.#indicators.title = `${headingOf(this.#info)} · Droppr`;
    paintHead(this.#info);
    this.#chooser.accept(this.#info.allowedExtensions);
    this.#paint();
  }

  get #uploadUrl(): string {
    return `${linkUrl(this.#hash)}/upload-chunk`;
  }

  #options(): UploaderOptions {
    const { senderName, senderEmail, password } = this.#senderForm;
    return {
      ...this.#ports,
      uploadUrl: this.#uploadUrl,
      maxRetries: MAX_RETRIES,
      headers: { "X-Request-Password": password },
      ahead: this.#info.requiresPassword || this.#captcha.wanted ? null : this.#info,
      openingHeaders: async (signal) => ({
        ...this.#asked?.headers,
        ...(await this.#captcha.headers(signal)),
      }),
      onDifferentFile: ({ path = "" }) => this.#tellDifferent(path),
      onShouldRetry: (error) => this.#mayRetry(error),
      senderName,
      senderEmail,
    };
  }

  // Files come in

  async #take({ picked, unreadable, emptyFolders, handles }: Collected, item = ""): Promise<void> {
    this.#look.load();
    this.#folders.add(emptyFolders);
    await this.#add(meant(picked), unreadable, item);
    if (this.#sending.going) void this.#folders.make();
    this.#paint();
    // Where it cannot be kept, the person chooses the files again.
    await this.#continuing.keep(await handles).catch(() => undefined);
  }

  async #add(picked: readonly Picked[], unreadable: readonly string[], item = ""): Promise<void> {
    const listed = this.#manager.items.filter((each) => each.state !== "cancelled" && each.item === item);
    const known = new Set(listed.map(identity));
    const twins = new Set(picked.filter((each) => known.has(identity(each))));
    if (twins.size > 0) {
      // Offline, where this does not load, what looks the same is taken for the same.
      const loaded = await import("./twins").catch(() => null);
      for (const each of (await loaded?.withOtherBytes([...twins], listed)) ?? []) twins.delete(each);
    }
    const taken = { ...takenBy(this.#manager.totals()), has: (each: Picked) => twins.has(each) };
    const { accepted, refused } = sortOut(picked, this.#info, taken);
    const unread = unreadable.map((path) => ({ path, reason: t("refused_unreadable") }));
    this.#chooser.complain([...refused, ...unread]);
    if (accepted.length === 0) return;
    this.#sending.start(() => {
      for (const each of accepted) {
        const { path, previous, item: meantFor } = this.#continuing.take(each, item);
        this.#manager.add(each.file, path, previous, meantFor);
      }
    });
    if (!this.#sending.going) this.#moreOptions.load();
    this.#chooser.stepBack();
    this.#look.list?.reorder();
    if (this.#sending.going) this.#announcer.started(accepted.length);
  }

  async #continue(): Promise<void> {
    const code = /^#resume=(.+)$/.exec(location.hash)?.[1];
    // Where the list cannot be loaded, choosing the same files goes on with them all the same.
    await this.#continuing.show().catch(() => undefined);
    if (code === undefined) return;
    // The code is a capability: it need not stay in the address for others to see.
    history.replaceState(null, "", location.pathname);
    await this.#moreOptions.open(decodeURIComponent(code));
  }

  // What the server says of the sender

  #onTaken(): void {
    this.#captcha.relax();
    void this.#folders.make();
  }

  /** The line is back, or the phone woke up: what the silence broke is tried again. */
  #goOn(): void {
    const failed = (wanted: string): UploadItem[] =>
      this.#manager.items.filter(({ error, state }) => state === "failed" && error?.code === wanted);
    for (const item of failed("not_cancelled")) void this.#manager.cancel(item);
    const lost = failed("network_error");
    if (lost.length > 0) {
      this.#sending.start(() => {
        for (const item of lost) this.#manager.retry(item);
      });
    }
    this.#paint();
  }

  // What happens to files

  #onChange(item: UploadItem): void {
    // Files that move ask all the time: to paint every frame takes as much of a processor as to send them.
    this.#paint(this.#manager.busy ? MOVING_MS : 0);
    // Not before: a browser has few connections, and they are for the file's first bytes.
    if (item.safe > 0) this.#moreOptions.load();
    this.#look.list?.changed();
    this.#visit.follow(item);
    if (item.state !== "failed") return;
    if (item.error?.code === "different_file") {
      this.#tellDifferent(item.path);
      queueMicrotask(() => this.#manager.sendAnew(item));
    } else {
      this.#announcer.say(t("said_failed", { path: item.path, reason: reasonFor(item.error) }));
      if (item.error?.code === "request_full") void this.#askLeft();
    }
  }

  /** Others have sent meanwhile: there is left what the server says now, beside what this visit takes of it. */
  async #askLeft(): Promise<void> {
    if (this.#asksLeft) return;
    this.#asksLeft = true;
    try {
      const { filesLeft, bytesLeft } = await fetchLinkInfo(
        this.#ports,
        this.#hash,
        new AbortController().signal,
        BASE,
      );
      const { files, bytes } = takenBy(this.#manager.totals());
      this.#info = {
        ...this.#info,
        filesLeft: filesLeft === null ? null : filesLeft + files,
        bytesLeft: bytesLeft === null ? null : bytesLeft + bytes,
      };
      this.#paint();
    } catch {
      // What it said before stands there; the next refusal asks again.
    }
    this.#asksLeft = false;
  }

  /** It goes on by itself when the server answers again; where one has to log in first, only the person can. */
  #mayRetry(error: UploadError): boolean {
    if (error.code === "unexpected_reply") {
      this.#problem.show(() => reasonFor(error), this.#manager.totals().safe);
    }
    return true;
  }

  #tellDifferent(path: string): void {
    const words = (): string => t("another_file", { path });
    this.#problem.show(words);
    this.#announcer.say(words());
  }

  /** A file that could not be sent leaves the list; one that is cancelled stays, to be sent after all. */
  async #takeOut(item: UploadItem): Promise<void> {
    const { state, error } = item;
    // Of one that could not be cancelled, all has been said.
    if (error?.code !== "not_cancelled") {
      await this.#manager.cancel(item);
      if (state !== "failed" || item.state !== "cancelled") return;
    }
    this.#manager.remove(item);
    this.#look.list?.reorder();
    need("choose").focus();
  }

  async #showReceipt(): Promise<void> {
    const done = this.#manager.items.filter(
      (item) => item.state === "done" && !this.#undoing.isLeaving(item),
    );
    const ids = done.flatMap(({ uploadId }) => (uploadId === null ? [] : [uploadId]));
    const { showReceipt } = await import("./receipt");
    await showReceipt(async (signal, onWait) => (await this.#api()).receipt(ids, signal, onWait));
  }

  // What is seen

  #paintNow(): void {
    const [totals, { may }] = [this.#manager.totals(), this.#sending];
    const any = this.#manager.items.length > 0 || this.#folders.any;
    setHidden(need("sending"), !any || !this.#look.ready);
    this.#look.list?.paint(this.#manager.items, totals);
    this.#panel.paint(totals, may);
    this.#problem.moved(totals.safe);
    this.#undoing.paint(this.#manager.items);
    paintLimits(this.#info, this.#opened, takenBy(totals));
    this.#moreOptions.paint();
    this.#asked?.paint();
    const ready = { items: this.#manager.items, folders: this.#folders.waiting };
    this.#bar.paint(totals, this.#sending.going ? null : ready);
    this.#paintSigns(totals, may && this.#manager.busy);
  }

  #paintSigns(totals: UploadTotals, busy: boolean): void {
    this.#indicators.paint(totals, busy);
    if (this.#wasBusy && !this.#manager.busy) this.#ended(totals);
    this.#wasBusy = this.#manager.busy;
    void this.#wakeLock.keep();
  }

  #ended(totals: UploadTotals): void {
    this.#sending.give();
    if (totals.done + totals.failed === 0 || totals.paused > 0) return;
    this.#indicators.ended(totals);
    if (totals.failed > 0) return;
    this.#senderForm.settle();
    this.#continuing.forget().catch(() => undefined);
  }
}
