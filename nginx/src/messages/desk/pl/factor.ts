import type { Words } from "../types";

export default {
  factor_title: "Drugi składnik",
  factor_about:
    "Dzięki niemu logowanie pyta, oprócz hasła, o kod z aplikacji uwierzytelniającej w telefonie.",
  factor_required: "Ten serwer wymaga go od wszystkich. Skonfiguruj go, a pójdziesz dalej.",
  factor_password: "Twoje hasło",
  factor_begin: "Skonfiguruj",
  factor_scan: "Zeskanuj to aplikacją albo wpisz do niej poniższy tekst.",
  factor_qr: "Kod QR dla aplikacji uwierzytelniającej",
  factor_secret: "Tekst dla aplikacji",
  factor_code: "Kod wyświetlany przez aplikację",
  factor_confirm: "Włącz",
  factor_codes:
    "Jest włączony. Zapisz te kody odzyskiwania: każdy wpuści Cię raz, bez aplikacji. Są pokazywane tylko teraz.",
  factor_list: "Kody odzyskiwania",
  factor_copy: "Kopiuj kody",
  factor_done: "Są zapisane",
  factor_on: "Jest włączony. Pozostałe kody odzyskiwania: {left}.",
  factor_off: "Wyłącz",
  factor_off_code: "Kod z aplikacji albo kod odzyskiwania",
  factor_is_off: "Drugi składnik jest wyłączony.",
} satisfies Words<"factor">;
