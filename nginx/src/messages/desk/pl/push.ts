import type { Words } from "../types";

export default {
  push_about:
    "Ta przeglądarka pokazuje powiadomienie, gdy ktoś przyśle Ci pliki, także gdy ta strona jest zamknięta.",
  push_here: "Powiadamiaj mnie tutaj",
  push_on: "Ta przeglądarka jest powiadamiana o tym, co przychodzi.",
  push_asking:
    "Przeglądarka pyta, czy ta strona może pokazywać powiadomienia: zezwól tam na to. Jeśli nie widzisz pytania, kliknij znak obok adresu.",
  push_waiting: "Przeglądarka pobiera adres od swojej usługi powiadomień…",
  push_stop: "Nie powiadamiaj mnie tutaj",
  push_test: "Pokaż próbne",
  push_tested: "Próbne powiadomienie jest w drodze.",
  push_others: "Twoje inne przeglądarki",
  push_since: "od {day}",
  push_failing: "Chwilowo nieosiągalna",
  push_off: "Wyłączona, bo przez pięć dni nic do niej nie dotarło",
  push_insecure:
    "Przeglądarki pokazują powiadomienia tylko dla stron z https:// (lub na tym samym komputerze). Otwórz tę stronę przez jej adres https.",
  push_home_screen:
    "Na iPhonie lub iPadzie umieść najpierw tę stronę na ekranie początkowym: Udostępnij, potem „Do ekranu początkowego”. Otwórz ją stamtąd i kliknij tu ponownie.",
  push_unable: "Ta przeglądarka nie ma powiadomień Web Push.",
  push_blocked:
    "Powiadomienia tej strony są w tej przeglądarce zablokowane. Zezwól na nie w jej ustawieniach dla tej witryny i spróbuj ponownie.",
  push_dismissed:
    "Przeglądarka nie dostała zgody na pokazywanie powiadomień. Kliknij ponownie i zezwól, gdy zapyta.",
  push_no_service:
    "Usługa powiadomień przeglądarki nie podała adresu. Niektóre przeglądarki jej nie mają albo trzeba ją włączyć w ustawieniach; może ją też blokować sieć.",
} satisfies Words<"push">;
