// Captchas of third parties. Their scripts are loaded only where the site's owner chose one of them.

import { abortedError, UploadError } from "../core/errors";

interface Widget {
  render(box: HTMLElement, options: Readonly<Record<string, unknown>>): unknown;
}

export type HostedProvider = "turnstile" | "hcaptcha";

const SCRIPTS: Readonly<Record<HostedProvider, string>> = {
  turnstile: "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit",
  hcaptcha: "https://js.hcaptcha.com/1/api.js?render=explicit",
};

/** Shows the provider's widget inside `box` and resolves with its token. */
export async function hostedToken(
  provider: HostedProvider,
  siteKey: string,
  box: HTMLElement,
  signal: AbortSignal,
): Promise<string> {
  const widget = await loadWidget(provider);
  // A token counts once and a widget gives one token: each time gets a fresh place.
  const place = document.createElement("div");
  box.replaceChildren(place);
  const token = new Promise<string>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(abortedError()));
    widget.render(place, {
      sitekey: siteKey,
      callback: resolve,
      "error-callback": (code: unknown) => reject(unavailable(code)),
    });
  });
  return token.finally(() => box.replaceChildren());
}

async function loadWidget(provider: HostedProvider): Promise<Widget> {
  const known = widgetOf(provider);
  if (known !== undefined) return known;
  await loadScript(SCRIPTS[provider]);
  const widget = widgetOf(provider);
  if (widget === undefined) throw unavailable(provider);
  return widget;
}

function widgetOf(provider: HostedProvider): Widget | undefined {
  return (globalThis as Partial<Record<HostedProvider, Widget>>)[provider];
}

function loadScript(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve();
    script.onerror = () => reject(unavailable(address));
    document.head.append(script);
  });
}

function unavailable(cause: unknown): UploadError {
  const sentence = "The check that you are not a robot could not be loaded. Please try again.";
  return new UploadError(sentence, { code: "captcha_unavailable", cause });
}
