// The bell in the page's head: opens what is about being told in the browser, and follows a click on what was shown there.

import { makeIconButton, need, setLabel } from "../../page/dom";
import type { OwnerApi } from "../api";
import { loadWords, t } from "../i18n";
import { show } from "../parts";
import { keepId, keptId, registered } from "./here";
import type { PushPanel } from "./panel";

export class Bell {
  readonly #api: Pick<OwnerApi, "ask" | "tell">;
  readonly #button = makeIconButton("bell", () => void this.#open());
  #panel: Promise<PushPanel> | null = null;

  /** `go` is called with the address of a link's page that the owner wants to see. */
  constructor(api: Pick<OwnerApi, "ask" | "tell">, go: (address: string) => void) {
    this.#api = api;
    this.#button.id = "bell";
    this.#button.hidden = true;
    this.#button.setAttribute("aria-haspopup", "dialog");
    setLabel(this.#button, t("push_title"));
    need("menu").before(this.#button);
    if (!("serviceWorker" in navigator)) return;
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      if (
        typeof data?.go === "string" &&
        URL.canParse(data.go) &&
        new URL(data.go).origin === location.origin
      )
        go(data.go);
    });
    navigator.serviceWorker.startMessages();
  }

  show(loggedIn: boolean): void {
    this.#button.hidden = !loggedIn;
  }

  /** How many files are new: on the app's icon, where there is one. Where none are, nothing need be told any more. */
  count(files: number): void {
    void navigator.setAppBadge?.(files).catch(() => undefined);
    if (files === 0) void clear();
  }

  /** Whoever logs out here is not told here any more. Fails never. */
  async leave(): Promise<void> {
    const id = keptId();
    if (id === null) return;
    keepId(null);
    try {
      await this.#api.tell("DELETE", `/push/${encodeURIComponent(id)}`);
      await (await registered())?.unregister();
      await navigator.clearAppBadge?.();
    } catch {
      // The server finds out by itself when the browser takes nothing more.
    }
  }

  async #open(): Promise<void> {
    show(need("trouble"), "");
    try {
      this.#panel ??= Promise.all([import("./panel"), loadWords("push")]).then(
        ([{ PushPanel }]) => new PushPanel(this.#api),
      );
      (await this.#panel).open();
    } catch {
      // Offline perhaps: the next click asks again.
      this.#panel = null;
      show(need("trouble"), t("push_failed"));
    }
  }
}

async function clear(): Promise<void> {
  for (const each of (await (await registered())?.getNotifications()) ?? []) each.close();
}
