// An open link: choosing files, the list, totals, and what to do when the server wants something of the person.

import type { DropprApi } from "../adapters/droppr-api";
import { sessionKey } from "../adapters/local-sessions";
import type { UploadError } from "../core/errors";
import type { LinkInfo } from "../core/wire";
import type { Clock, SessionStore, Transport } from "../ports";
import {
  type UploaderOptions,
  type UploadItem,
  UploadManager,
  type UploadTotals,
} from "../utils/upload-manager";
import { Announcer } from "./announcer";
import { Captcha } from "./captcha";
import { Chooser } from "./chooser";
import { need, oncePerFrame, setText } from "./dom";
import { countOf, formatBytes, formatDuration } from "./format";
import { Gate } from "./gate";
import { describeLimits, type Picked, sortOut } from "./limits";
import { reasonFor } from "./reasons";
import { pace, Row } from "./row";
import { Unfinished } from "./unfinished";

interface Ports {
  readonly transport: Transport;
  readonly sessions: SessionStore;
  readonly clock: Clock;
}

/** More patient than the library: a person who walked away wants the upload to survive a router's restart. */
const MAX_RETRIES = 8;
/** A proof of work needs nobody, so it is tried this often before the person is bothered. */
const MAX_CAPTCHA_TRIES = 2;

export class SendPage {
  readonly #info: LinkInfo;
  readonly #uploadUrl: string;
  readonly #ports: Ports;
  readonly #manager: UploadManager;
  readonly #gate: Gate;
  readonly #captcha: Captcha;
  readonly #unfinished: Unfinished;
  readonly #announcer = new Announcer();
  readonly #rows = new Map<number, Row>();
  readonly #changed = new Set<UploadItem>();
  readonly #chooser = new Chooser((picked, unreadable) => this.#add(picked, unreadable));
  readonly #list = need("files", HTMLElement);
  readonly #send = need("send", HTMLButtonElement);
  readonly #problem = need("problem", HTMLElement);
  readonly #finished = need("finished", HTMLElement);
  readonly #total = need("total", HTMLElement);
  readonly #totalBar = need("total-bar", HTMLProgressElement);
  readonly #totalText = need("total-text", HTMLElement);
  readonly #paint = oncePerFrame(() => this.#paintNow());
  /** Whether files go as soon as they are chosen. */
  #going: boolean;
  #captchaTries = 0;

  constructor(info: LinkInfo, uploadUrl: string, api: DropprApi, ports: Ports) {
    this.#info = info;
    this.#uploadUrl = uploadUrl;
    this.#ports = ports;
    this.#manager = new UploadManager({
      options: () => this.#options(),
      clock: ports.clock,
      smallSize: info.chunkSize,
      onChange: (item) => this.#onChange(item),
      onHeld: (error) => this.#onHeld(error),
      onTaken: () => this.#onTaken(),
    });
    this.#gate = new Gate(info, () => this.#go());
    this.#captcha = new Captcha(info);
    this.#unfinished = new Unfinished(api, ports.sessions);
    this.#going = !this.#gate.asks;
    this.#describe();
    this.#guardLeaving();
    this.#goOnWhenOnline();
    void this.#unfinished.show(uploadUrl);
    // Time left and speed change even while nothing arrives.
    setInterval(() => this.#tick(), 1_000);
  }

  #describe(): void {
    const { title, message, allowedExtensions } = this.#info;
    const heading = title || "Send files";
    document.title = `${heading} · Droppr`;
    setText(need("title", HTMLElement), heading);
    const messageBox = need("message", HTMLElement);
    setText(messageBox, message);
    messageBox.hidden = message === "";
    for (const sentence of describeLimits(this.#info, this.#ports.clock.now())) {
      const line = document.createElement("li");
      line.textContent = sentence;
      need("limits", HTMLElement).append(line);
    }
    this.#chooser.accept(allowedExtensions);
    need("link", HTMLElement).hidden = false;
  }

  #options(): UploaderOptions {
    const { senderName, senderEmail, password } = this.#gate;
    return {
      ...this.#ports,
      uploadUrl: this.#uploadUrl,
      chunkSize: this.#info.chunkSize,
      maxRetries: MAX_RETRIES,
      headers: { "X-Request-Password": password },
      openingHeaders: (signal) => this.#captcha.headers(signal),
      senderName,
      senderEmail,
    };
  }

  #add(picked: readonly Picked[], unreadable: readonly string[]): void {
    const totals = this.#manager.totals();
    const taken = { files: totals.files - totals.failed, bytes: totals.size };
    const { accepted, refused } = sortOut(picked, this.#info, taken);
    const unread = unreadable.map((path) => ({ path, reason: "The browser could not read it." }));
    this.#chooser.complain([...refused, ...unread]);
    if (accepted.length === 0) return;
    if (!this.#going) this.#manager.hold();
    for (const each of accepted) this.#addOne(each);
    need("sending", HTMLElement).hidden = false;
    this.#showSend();
    if (this.#going) this.#announcer.started(accepted.length);
  }

  #addOne({ file, path }: Picked): void {
    const { name, size } = file;
    this.#unfinished.settle(sessionKey({ name, size, link: this.#uploadUrl, path }));
    const item = this.#manager.add(file, path);
    const row = new Row(item, {
      cancel: (which) => this.#takeOut(which),
      retry: (which) => this.#manager.retry(which),
    });
    this.#rows.set(item.id, row);
    this.#list.append(row.element);
    this.#onChange(item);
  }

  /** A file that could not be sent leaves the list; one that is cancelled stays, to be sent after all. */
  #takeOut(item: UploadItem): void {
    const row = item.state === "failed" ? this.#rows.get(item.id) : undefined;
    void this.#manager.cancel(item);
    if (row === undefined) return;
    this.#rows.delete(item.id);
    row.remove();
    need("sending", HTMLElement).hidden = this.#rows.size === 0;
    need("choose", HTMLElement).focus();
  }

  /** The person said send: everything asked for is filled in, the browser has checked it. */
  #go(): void {
    this.#captchaTries = 0;
    this.#problem.hidden = true;
    this.#going = true;
    this.#showSend();
    if (this.#manager.busy) this.#announcer.started(this.#manager.totals().files);
    this.#manager.release();
  }

  #stop(): void {
    this.#going = false;
    this.#showSend();
  }

  #showSend(): void {
    const waiting = this.#manager.items.filter(({ state }) => state === "waiting");
    const bytes = waiting.reduce((sum, { file }) => sum + file.size, 0);
    this.#send.hidden = this.#going;
    setText(this.#send, `Send ${countOf(waiting.length, "file")} (${formatBytes(bytes)})`);
    this.#send.disabled = waiting.length === 0;
  }

  #onHeld(error: UploadError): void {
    if (error.code === "captcha_required" && this.#captchaTries < MAX_CAPTCHA_TRIES) {
      this.#captchaTries += 1;
      this.#captcha.demand(error);
      this.#manager.release();
      return;
    }
    this.#stop();
    const words = `${error.message}${this.#wordsForWait(error)}`;
    if (error.code.startsWith("password_")) this.#gate.askPassword(words);
    else this.#showProblem(words);
    this.#announcer.say(words);
  }

  /** Says when it goes on. A limit on uploads passes by itself: nobody needs to sit and wait for it. */
  #wordsForWait({ code, retryAfter }: UploadError): string {
    if (retryAfter === null) return "";
    const wait = formatDuration(retryAfter);
    if (code !== "rate_limited") return ` You can try again in ${wait}.`;
    setTimeout(() => this.#go(), retryAfter * 1_000);
    return ` This page goes on by itself in ${wait}.`;
  }

  #showProblem(words: string): void {
    setText(this.#problem, words);
    this.#problem.hidden = false;
  }

  #onChange(item: UploadItem): void {
    this.#changed.add(item);
    this.#paint();
    if (item.state === "failed")
      this.#announcer.say(`${item.path} could not be sent. ${reasonFor(item.error)}`);
    if (item.state === "done" && !this.#manager.busy)
      this.#announcer.say(this.#endWords(this.#manager.totals()));
  }

  #onTaken(): void {
    this.#captchaTries = 0;
    this.#captcha.relax();
  }

  #endWords({ done, failed }: UploadTotals): string {
    const failures = failed === 0 ? "" : ` ${countOf(failed, "file")} could not be sent.`;
    return `${countOf(done, "file has", "files have")} arrived.${failures}`;
  }

  #tick(): void {
    for (const item of this.#manager.items) if (item.state === "sending") this.#changed.add(item);
    if (this.#changed.size > 0) this.#paint();
  }

  #paintNow(): void {
    for (const item of this.#changed) this.#rows.get(item.id)?.paint(item, this.#manager.statsOf(item));
    this.#changed.clear();
    this.#paintTotals();
    if (!this.#going) this.#showSend();
  }

  #paintTotals(): void {
    const totals = this.#manager.totals();
    const { files, done, failed, loaded, size } = totals;
    this.#totalBar.value = size === 0 ? Number(files > 0 && done === files) : loaded / size;
    const trouble = failed === 0 ? [] : [`${failed} not sent`];
    const words = [`${done} of ${countOf(files, "file")} arrived`, ...trouble];
    const underway = this.#going && this.#manager.busy;
    if (underway) words.push(`${formatBytes(loaded)} of ${formatBytes(size)}`, ...pace(totals));
    setText(this.#totalText, words.join(" · "));
    this.#totalBar.hidden = !this.#manager.busy;
    this.#finished.hidden = done === 0 || done < files;
    this.#total.hidden = files === 0 || !this.#finished.hidden;
    setText(this.#finished, `${this.#endWords(totals)} You may close this page, or send more.`);
    if (underway) this.#announcer.progress(totals);
  }

  #guardLeaving(): void {
    addEventListener("beforeunload", (event) => {
      if (this.#manager.busy && this.#going) event.preventDefault();
    });
  }

  #goOnWhenOnline(): void {
    addEventListener("online", () => {
      const lost = this.#manager.items.filter(({ error }) => error?.code === "network_error");
      for (const item of lost) this.#manager.retry(item);
    });
  }
}
