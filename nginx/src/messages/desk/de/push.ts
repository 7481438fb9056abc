import type { Words } from "../types";

export default {
  push_about:
    "Dieser Browser zeigt eine Mitteilung, wenn Ihnen jemand Dateien geschickt hat, auch wenn diese Seite geschlossen ist.",
  push_close: "Schließen",
  push_here: "Hier mitteilen",
  push_on: "Dieser Browser erfährt, was ankommt.",
  push_waiting: "Der Browser holt eine Adresse von seinem Push-Dienst …",
  push_stop: "Hier nicht mehr mitteilen",
  push_test: "Test zeigen",
  push_tested: "Ein Test ist unterwegs.",
  push_others: "Ihre anderen Browser",
  push_remove: "Entfernen",
  push_remove_named: "{name} entfernen",
  push_since: "seit {date}",
  push_failing: "Zurzeit nicht erreichbar",
  push_off: "Abgeschaltet, weil ihn fünf Tage nichts erreicht hat",
  push_insecure:
    "Browser zeigen Mitteilungen nur für Seiten mit https:// (oder auf dem Rechner selbst). Öffnen Sie diese Seite über ihre https-Adresse.",
  push_home:
    "Legen Sie diese Seite auf iPhone oder iPad zuerst auf den Home-Bildschirm: Teilen, dann Zum Home-Bildschirm. Öffnen Sie sie von dort und klicken Sie hier noch einmal.",
  push_unable: "Dieser Browser kennt keine Mitteilungen per Web Push.",
  push_blocked:
    "Mitteilungen dieser Seite sind in diesem Browser blockiert. Erlauben Sie sie in seinen Einstellungen für diese Website und versuchen Sie es noch einmal.",
  push_dismissed:
    "Der Browser durfte keine Mitteilungen zeigen. Klicken Sie noch einmal und erlauben Sie es, wenn er fragt.",
  push_no_service:
    "Der Push-Dienst des Browsers gab keine Adresse. Manche Browser haben keinen, oder er muss in ihren Einstellungen eingeschaltet werden; auch ein Netz kann ihn fernhalten.",
} satisfies Words<"push">;
