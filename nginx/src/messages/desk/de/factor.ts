import type { Words } from "../types";

export default {
  factor_title: "Zweiter Faktor",
  factor_about:
    "Damit fragt die Anmeldung neben dem Passwort nach einem Code einer Authenticator-App auf Ihrem Telefon.",
  factor_required: "Dieser Server verlangt von allen einen. Richten Sie ihn ein, dann geht es weiter.",
  factor_password: "Ihr Passwort",
  factor_begin: "Einrichten",
  factor_scan: "Scannen Sie das mit der App, oder tippen Sie den Text darunter ein.",
  factor_qr: "QR-Code für die Authenticator-App",
  factor_secret: "Text für die App",
  factor_code: "Code, den die App zeigt",
  factor_confirm: "Einschalten",
  factor_codes:
    "Er ist an. Schreiben Sie diese Wiederherstellungscodes auf: Jeder lässt Sie einmal ohne die App hinein. Sie werden nur jetzt gezeigt.",
  factor_list: "Wiederherstellungscodes",
  factor_copy: "Codes kopieren",
  factor_done: "Ich habe sie aufgeschrieben",
  factor_on: "Er ist an. Übrige Wiederherstellungscodes: {left}.",
  factor_off: "Ausschalten",
  factor_off_code: "Code der App oder ein Wiederherstellungscode",
  factor_is_off: "Der zweite Faktor ist aus.",
  passkeys: "Ihre Passkeys",
  passkeys_about:
    "Mit einem Passkey melden Sie sich per Finger, Gesicht oder PIN an, ohne Namen und Passwort. Das Passwort allein öffnet Ihr Konto dann nicht mehr: Fügen Sie also zwei hinzu, oder richten Sie oben eine App ein.",
  passkeys_nowhere: "Hier kann keiner hinzugefügt werden.",
  passkeys_not_here:
    "Dieser Browser hat unter dieser Adresse keine Passkeys. Öffnen Sie die Seite unter ihrer https-Adresse mit einem Namen.",
  passkey_add: "Passkey hinzufügen",
  passkey_name: "Name des Passkeys",
  passkey_name_hint: "Wo er liegt, etwa: Telefon, Laptop, Schlüsselbund.",
  passkey_added: "Der Passkey {name} ist hinzugefügt.",
  passkey_made: "vom {date}",
  passkey_used: "benutzt {when}",
  passkey_unused: "noch nicht benutzt",
  passkey_remove: "{name} entfernen",
  passkey_removing:
    "Dann kann sich niemand mehr damit anmelden. War er der einzige zweite Faktor, genügt wieder das Passwort. Ihre anderen Sitzungen enden: Dieser Browser bleibt angemeldet.",
  passkey_remove_yes: "Entfernen",
  passkey_removed: "Der Passkey {name} ist entfernt.",
} satisfies Words<"factor">;
