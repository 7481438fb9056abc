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
} satisfies Words<"factor">;
