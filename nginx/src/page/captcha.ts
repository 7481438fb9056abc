// When a token is needed, and from whom. The solvers themselves are loaded only then.

import { abortedError, type UploadError } from "../core/errors";
import type { LinkInfo } from "../core/wire";
import { need } from "./dom";
import { t } from "./i18n";

/** A proof of work needs nobody, so it is tried this often before the person is bothered. */
const MAX_TRIES = 2;

export class Captcha {
  readonly #box = need("captcha");
  #wanted: boolean;
  #tries = 0;
  /** Two files may open at once, but there is one place for a widget and one person to look at it. */
  #turn: Promise<unknown> = Promise.resolve();
  #provider: string;
  #siteKey: string;

  constructor({ captchaRequired, captchaProvider, captchaSiteKey }: LinkInfo) {
    this.#wanted = captchaRequired;
    this.#provider = captchaProvider || "altcha";
    this.#siteKey = captchaSiteKey;
  }

  /** Whether openings bring a token. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /**
   * From now on each opening brings a token, if that is what the server refused with. False when it is not, or when that was
   * tried often enough for the person to be bothered.
   */
  demand({ code, details }: UploadError): boolean {
    if (code !== "captcha_required" || this.#tries >= MAX_TRIES) return false;
    this.#tries += 1;
    this.#wanted = true;
    if (typeof details.captcha_provider === "string") this.#provider = details.captcha_provider;
    if (typeof details.captcha_site_key === "string") this.#siteKey = details.captcha_site_key;
    return true;
  }

  /** The person said send: it may be tried as often as at first. */
  allowTries(): void {
    this.#tries = 0;
  }

  /** A file was taken: the server lets the next ones in without a token, or says so when it wants one again. */
  relax(): void {
    this.#wanted = false;
    this.#tries = 0;
  }

  /** The header for one opening; a token counts once, so each opening gets its own. */
  async headers(signal: AbortSignal): Promise<Record<string, string>> {
    if (!this.#wanted) return {};
    const token = this.#turn.then(() => this.#token(signal));
    this.#turn = token.catch(() => undefined);
    return { "X-Captcha-Token": await token };
  }

  async #token(signal: AbortSignal): Promise<string> {
    if (signal.aborted) throw abortedError();
    this.#box.hidden = false;
    if (this.#provider === "altcha") this.#box.textContent = t("checking");
    try {
      const { captchaToken } = await import("./captcha-token");
      return await captchaToken(this.#provider, this.#siteKey, this.#box, signal);
    } finally {
      this.#box.hidden = true;
    }
  }
}
