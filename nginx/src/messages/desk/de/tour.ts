import type { Words } from "../types";

export default {
  no_mail: "Mail ist nicht eingerichtet: Niemandem wird gemeldet, was ankommt.",
  no_address:
    "Dieser Server kennt seine eigene Adresse nicht: In Mails und Erinnerungen kann er sie nicht nennen.",
  set_up: "Einrichten",
  not_now: "Nicht jetzt",
  new_here: "Neu hier? Fünf kurze Schritte zeigen, was wo ist.",
  tour_step: "Schritt {at} von {steps}",
  tour_next: "Weiter",
  tour_back: "Zurück",
  tour_leave: "Verlassen",
  tour_done: "Fertig",
  tour_make: "Einen Link erstellen",
  tour_make_text:
    "„Neuer Link“ erstellt einen. Sagen Sie, worum Sie bitten und in welchem Ordner es landet; alles andere kann bleiben, wie es ist.",
  tour_send: "Ihn verschicken",
  tour_send_text:
    "Der Link hat eine Adresse. Kopieren Sie sie, mailen Sie sie von hier aus oder zeigen Sie ihren QR-Code. Wer sie hat, kann Dateien senden und braucht kein Konto.",
  tour_see: "Sehen, wer gesendet hat",
  tour_see_text:
    "Ein Link, bei dem es etwas Neues gibt, ist hier gekennzeichnet, mit dem letzten Absender und der Zeit. Neue Dateien stehen oben, bis Sie sie angesehen haben.",
  tour_take: "Die Dateien abholen",
  tour_take_text:
    "Auf der Seite eines Links stehen seine Dateien: Sehen Sie sie an, laden Sie eine herunter oder alle als ein Archiv. Auf dem Server liegen sie im Ordner des Links.",
  tour_set_up: "Einrichten",
  tour_set_up_text:
    "Mail, Ihr Name und Logo, und wie lange etwas bleibt, stehen in den Einstellungen. „Protokoll“ daneben sagt, wer was getan hat.",
} satisfies Words<"tour">;
