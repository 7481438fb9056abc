// Moving uploads to another device: a QR code for its camera, a short code for its keyboard.

import { drawQr } from "../admin/qr";
import { addressOf } from "./address";
import { handOff } from "./begun";
import { openDialog } from "./dialog";
import { make } from "./dom";
import { formatDate } from "./format";
import { t } from "./i18n";
import type { LinkApi } from "./link-api";

/** Hands uploads over and shows how another device takes them. */
export async function moveToDevice(api: LinkApi, uploads: readonly string[]): Promise<void> {
  const { code, url, expiresAt } = await handOff(api, uploads);
  const address = addressOf(url);
  const shown = make("p", { className: "code" }, make("span", { className: "quiet small", text: t("code") }));
  shown.append(make("strong", { className: "mono", text: code }));
  openDialog(
    "device",
    t("move_device"),
    make("p", { text: t("move_device_text") }),
    drawQr(address, t("move_device_qr")),
    shown,
    make("p", { className: "quiet small", text: t("code_until", { date: formatDate(expiresAt) }) }),
  );
}
