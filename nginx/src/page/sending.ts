// When files go: the person has said so, the server lets them, and it is this tab's turn.

import type { UploadError } from "../core/errors";
import type { UploadManager } from "../utils/upload-manager";
import type { Announcer } from "./announcer";
import type { Captcha } from "./captcha";
import { need, setHidden } from "./dom";
import type { EmptyFolders } from "./empty-folders";
import { OneTab } from "./one-tab";
import type { Problem } from "./problem";
import { reasonWithWait } from "./reasons";
import type { SenderForm } from "./sender-form";

interface Needs {
  readonly manager: UploadManager;
  readonly senderForm: SenderForm;
  readonly captcha: Captcha;
  readonly folders: EmptyFolders;
  readonly problem: Problem;
  readonly announcer: Announcer;
  readonly paint: () => void;
}

export class Sending {
  readonly #needs: Needs;
  readonly #tab: OneTab;
  /** Whether files go as soon as they are chosen. */
  #going: boolean;
  /** Whether this tab is the one that sends. */
  #turn = false;

  constructor(link: string, needs: Needs) {
    this.#needs = needs;
    this.#going = !needs.senderForm.asks;
    this.#tab = new OneTab(link, (mine) => this.#onTurn(mine));
  }

  /** Nothing more is asked of the person. */
  get going(): boolean {
    return this.#going;
  }

  /** The same, and no other tab is sending. */
  get may(): boolean {
    return this.#going && this.#turn;
  }

  /** Does what starts files, in this tab's turn. */
  start(act: () => void): void {
    const { may } = this;
    if (!may) this.#needs.manager.hold();
    act();
    if (this.#going && !may) this.#tab.take();
    this.#needs.paint();
  }

  /** The person said send: everything asked for is filled in, the browser has checked it. */
  go(): void {
    const { captcha, problem, manager, announcer, folders, paint } = this.#needs;
    captcha.allowTries();
    problem.show(() => "");
    this.#going = true;
    if (manager.busy) announcer.started(manager.totals().files);
    else void folders.make();
    if (this.#turn) manager.release();
    else if (manager.busy) this.#tab.take();
    paint();
  }

  /** The server wants something of the person first. */
  held(error: UploadError): void {
    const { captcha, problem, manager, announcer, folders, senderForm, paint } = this.#needs;
    if (captcha.demand(error)) {
      manager.release();
      if (!manager.busy) void folders.make();
      return;
    }
    this.#going = false;
    this.give();
    const { code, retryAfter } = error;
    // A limit on uploads passes by itself: nobody needs to sit and wait for it.
    if (code === "rate_limited" && retryAfter !== null) setTimeout(() => this.go(), retryAfter * 1_000);
    const words = (): string => reasonWithWait(error);
    if (code.startsWith("password_")) senderForm.askPassword(words);
    else problem.show(words);
    announcer.say(words());
    paint();
  }

  /** Nothing is left to send: another tab may. */
  give(): void {
    this.#turn = false;
    this.#tab.give();
    setHidden(need("other-tab"), true);
  }

  #onTurn(mine: boolean): void {
    this.#turn = mine;
    setHidden(need("other-tab"), mine);
    if (mine && this.#going) this.#needs.manager.release();
    this.#needs.paint();
  }
}
