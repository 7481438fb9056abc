// The server's receipt, to read, to keep as a file and to print.

import { openDialog } from "./dialog";
import { make, makeButton, setText } from "./dom";
import { formatBytes, formatDate } from "./format";
import { joined, t } from "./i18n";
import { reasonFor } from "./reasons";

type Fields = Readonly<Record<string, unknown>>;

const NAME = "receipt.json";

/** Opens the receipt that `load` brings; says so when the server needs a moment, or cannot give one. */
export async function showReceipt(
  load: (signal: AbortSignal, onWait: () => void) => Promise<Fields>,
): Promise<void> {
  const state = make("p", { className: "quiet" });
  state.setAttribute("role", "status");
  const dialog = openDialog("receipt", t("receipt"), make("p", { text: t("receipt_text") }), state);
  const stop = new AbortController();
  dialog.addEventListener("close", () => stop.abort());
  try {
    const receipt = await load(stop.signal, () => setText(state, t("receipt_wait")));
    state.remove();
    dialog.append(...content(receipt));
  } catch (error) {
    if (!stop.signal.aborted) setText(state, reasonFor(error));
  }
}

function content(receipt: Fields): HTMLElement[] {
  const save = makeButton(t("receipt_save"), "primary", () => download(receipt));
  const print = makeButton(t("receipt_print"), "", () => window.print());
  const issued = make("p", { text: t("receipt_issued", { date: formatDate(seconds(receipt.issued_at)) }) });
  const server = make("p", { className: "quiet small", text: String(receipt.server ?? "") });
  const title = make("p", { text: String(receipt.title ?? "") });
  const files = Array.isArray(receipt.files) ? receipt.files.map((file: Fields) => row(file)) : [];
  const rows = make(
    "div",
    { className: "receipt-rows" },
    make("table", {}, head(), make("tbody", {}, ...files)),
  );
  // It scrolls, and who has no mouse scrolls it with the keyboard.
  rows.tabIndex = 0;
  const key = make("p", {
    className: "quiet small",
    text: t("receipt_key", { key: String(receipt.key ?? "") }),
  });
  const check = make("p", { className: "quiet small", text: t("receipt_check") });
  return [
    title,
    ...askerOf(receipt),
    ...sendersOf(receipt),
    issued,
    server,
    rows,
    key,
    check,
    make("div", { className: "row" }, save, print),
  ];
}

/** Who asked for the files, where the link or the server says so. */
function askerOf({ asker }: Fields): HTMLElement[] {
  return typeof asker === "string" && asker !== "" ? [make("p", { text: t("receipt_for", { asker }) })] : [];
}

/** Who sent the files, as they named themselves. */
function sendersOf({ files }: Fields): HTMLElement[] {
  const all = (Array.isArray(files) ? files : []).map(({ sender_name: name, sender_email: email }: Fields) =>
    joined([name, email].flatMap((each) => (typeof each === "string" && each !== "" ? [each] : []))),
  );
  return [...new Set(all)].filter((each) => each !== "").map((text) => make("p", { text }));
}

function head(): HTMLElement {
  const names = [t("receipt_file"), t("receipt_size"), t("receipt_time"), "SHA-256"];
  const cells = names.map((text) => {
    const cell = make("th", { text });
    cell.scope = "col";
    return cell;
  });
  return make("thead", {}, make("tr", {}, ...cells));
}

function row({ path, size, received_at: received, sha256 }: Fields): HTMLElement {
  return make(
    "tr",
    {},
    make("td", { text: String(path) }),
    make("td", { className: "nowrap", text: formatBytes(Number(size)) }),
    make("td", { text: formatDate(seconds(received)) }),
    make("td", {}, make("span", { className: "mono", text: String(sha256) })),
  );
}

/** Milliseconds of what is seconds on the wire. */
function seconds(value: unknown): number {
  return Number(value) * 1_000;
}

function download(receipt: Fields): void {
  const url = URL.createObjectURL(
    new Blob([`${JSON.stringify(receipt, null, 2)}\n`], { type: "application/json" }),
  );
  const link = make("a");
  link.href = url;
  link.download = NAME;
  link.click();
  URL.revokeObjectURL(url);
}
