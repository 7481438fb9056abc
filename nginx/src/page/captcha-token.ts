// Which solver makes a captcha's token.

import { UploadError } from "../core/errors";

/** A token of `provider`, whose widget stands in `box` where a person is needed. */
export async function captchaToken(
  provider: string,
  siteKey: string,
  box: HTMLElement,
  signal: AbortSignal,
): Promise<string> {
  if (provider === "altcha") {
    const { altchaToken } = await import("../captcha/altcha");
    return altchaToken(signal);
  }
  if (provider === "turnstile" || provider === "hcaptcha") {
    const { hostedToken } = await import("../captcha/hosted");
    return hostedToken(provider, siteKey, box, signal);
  }
  throw new UploadError("This page does not know the captcha in use.", { code: "captcha_unavailable" });
}
