import type { Words } from "../types";

export default {
  window_document: "Text einer Datei",
  back_to_links: "Zurück zu Ihren Links",
  back_to_found: "Zurück zu den Funden",
  no_text: "Es gibt keinen Text zu zeigen",
  pages: "Seiten",
  a_part: "Ein Teil des Textes",
  text_logged_out: "Sie sind nicht angemeldet. Melden Sie sich an, dann wird dieser Text wieder geöffnet.",
  text_waiting: "Ihr Text ist noch nicht gelesen. Sehen Sie in einer Weile wieder nach.",
  text_missing: "Die Datei wurde auf dem Server verschoben, geändert oder gelöscht und hat keinen Text mehr.",
  no_place: "An dieser Stelle der Datei gibt es keinen Text.",
  like_this: "Ähnliche Dateien wie diese",
  find_like: "Ähnliche Dateien suchen",
  none_like: "Keine andere Datei ist ähnlich.",
  alike: { one: "{count} Datei", other: "{count} Dateien, die ähnlichste zuerst" },
} satisfies Words<"document">;
