import { make, makeButton, setText } from "./dom";
import { t } from "./i18n";
import "./dialog.css";

/** A dialog over the page: it takes the focus, Escape closes it, and the focus goes back to where it was. */
export function openDialog(className: string, title: string, ...content: Node[]): HTMLDialogElement {
  const heading = make("h2", { text: title });
  heading.id = "dialog-title";
  const close = makeButton("", "slim", () => dialog.close());
  setText(close, t("close"));
  const head = make("div", { className: "dialog-head" }, heading, close);
  const dialog = make("dialog", { className: `dialog ${className}` }, head, ...content);
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
