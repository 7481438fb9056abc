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
  passkeys: "Klucze dostępu",
  passkeys_about:
    "Kluczem dostępu logujesz się palcem, twarzą lub kodem PIN, bez nazwy i hasła. Samo hasło nie otwiera już wtedy konta: dodaj dwa klucze albo skonfiguruj powyżej aplikację.",
  passkeys_nowhere: "Tutaj nie można dodać żadnego.",
  passkeys_not_here:
    "Ta przeglądarka nie ma kluczy dostępu pod tym adresem. Otwórz stronę pod jej adresem https z nazwą.",
  passkey_add: "Dodaj klucz dostępu",
  passkey_name: "Nazwa klucza dostępu",
  passkey_name_hint: "Gdzie jest, na przykład: telefon, laptop, breloczek.",
  passkey_added: "Klucz dostępu {name} jest dodany.",
  passkey_made: "utworzony {date}",
  passkey_used: "użyty {when}",
  passkey_unused: "jeszcze nieużyty",
  passkey_remove: "Usuń {name}",
  passkey_removing:
    "Nikt już się nim nie zaloguje. Jeśli był jedynym drugim składnikiem, znów wystarczy samo hasło. Twoje inne sesje się kończą: ta przeglądarka pozostaje zalogowana.",
  passkey_remove_yes: "Usuń",
  passkey_removed: "Klucz dostępu {name} jest usunięty.",
} satisfies Words<"factor">;
