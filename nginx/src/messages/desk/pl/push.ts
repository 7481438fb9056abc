import type { Words } from "../types";

export default {
  push_about:
    "Ta przeglądarka pokazuje powiadomienie, gdy ktoś przyśle pliki, także wtedy, gdy ta strona jest zamknięta.",
  push_close: "Zamknij",
  push_here: "Powiadamiaj mnie tutaj",
  push_on: "Ta przeglądarka dostaje powiadomienia.",
  push_waiting: "Przeglądarka pobiera adres od swojej usługi push …",
  push_stop: "Nie powiadamiaj mnie tutaj",
  push_test: "Pokaż test",
  push_tested: "Test jest w drodze.",
  push_others: "Twoje inne przeglądarki",
  push_remove: "Usuń",
  push_remove_named: "Usuń: {name}",
  push_since: "od {date}",
  push_failing: "W tej chwili nieosiągalna",
  push_off: "Wyłączona, bo przez pięć dni nic do niej nie dotarło",
  push_insecure:
    "Przeglądarki pokazują powiadomienia tylko dla stron z https:// (albo na samym komputerze). Otwórz tę stronę pod jej adresem https.",
  push_home:
    "Na iPhonie lub iPadzie dodaj najpierw tę stronę do ekranu początkowego: Udostępnij, potem Do ekranu początkowego. Otwórz ją stamtąd i kliknij tu ponownie.",
  push_unable: "Ta przeglądarka nie ma powiadomień Web Push.",
  push_blocked:
    "Powiadomienia tej strony są w tej przeglądarce zablokowane. Zezwól na nie w jej ustawieniach dla tej witryny i spróbuj ponownie.",
  push_dismissed: "Przeglądarka nie dostała zgody na powiadomienia. Kliknij ponownie i zezwól, gdy zapyta.",
  push_no_service:
    "Usługa push przeglądarki nie podała adresu. Niektóre przeglądarki jej nie mają albo trzeba ją włączyć w ustawieniach; może ją też blokować sieć.",
} satisfies Words<"push">;
