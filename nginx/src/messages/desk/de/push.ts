import type { Words } from "../types";

export default {
  push_about:
    "Dieser Browser zeigt eine Benachrichtigung, wenn Ihnen jemand Dateien gesendet hat, auch wenn diese Seite geschlossen ist.",
  push_here: "Hier melden",
  push_on: "Diesem Browser wird gemeldet, was ankommt.",
  push_asking:
    "Ihr Browser fragt, ob diese Seite Mitteilungen zeigen darf: Erlauben Sie es dort. Wenn Sie keine Frage sehen, klicken Sie auf das Zeichen neben der Adresse.",
  push_waiting: "Der Browser holt sich eine Adresse bei seinem Push-Dienst …",
  push_stop: "Hier nicht mehr melden",
  push_test: "Eine Probe zeigen",
  push_tested: "Eine Probe ist unterwegs.",
  push_others: "Ihre anderen Browser",
  push_since: "seit {day}",
  push_failing: "Gerade nicht zu erreichen",
  push_off: "Abgeschaltet, weil ihn fünf Tage lang nichts erreicht hat",
  push_insecure:
    "Browser zeigen Benachrichtigungen nur für Seiten mit https:// (oder auf dem Rechner selbst). Öffnen Sie diese Seite über ihre https-Adresse.",
  push_home_screen:
    "Legen Sie diese Seite auf einem iPhone oder iPad zuerst auf den Home-Bildschirm: Teilen, dann „Zum Home-Bildschirm“. Öffnen Sie sie von dort und klicken Sie noch einmal hier.",
  push_unable: "Dieser Browser kennt keine Benachrichtigungen über Web Push.",
  push_blocked:
    "Benachrichtigungen dieser Seite sind in diesem Browser gesperrt. Erlauben Sie sie in seinen Einstellungen für diese Website und versuchen Sie es noch einmal.",
  push_dismissed:
    "Der Browser durfte keine Benachrichtigungen zeigen. Klicken Sie noch einmal und erlauben Sie es, wenn er fragt.",
  push_no_service:
    "Der Push-Dienst des Browsers hat keine Adresse gegeben. Manche Browser haben keinen, oder er muss in den Einstellungen eingeschaltet werden; auch ein Netz kann ihn fernhalten.",
} satisfies Words<"push">;
