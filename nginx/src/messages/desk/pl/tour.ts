import type { Words } from "../types";

export default {
  no_mail: "Poczta nie jest skonfigurowana: nikt nie dowiaduje się, co przychodzi.",
  no_address: "Ten serwer nie zna własnego adresu: maile i przypomnienia nie mogą go podać.",
  set_up: "Skonfiguruj",
  not_now: "Nie teraz",
  new_here: "Pierwszy raz tutaj? Pięć krótkich kroków pokazuje, co gdzie jest.",
  tour_step: "Krok {at} z {steps}",
  tour_next: "Dalej",
  tour_back: "Wstecz",
  tour_leave: "Zakończ",
  tour_done: "Gotowe",
  tour_make: "Utwórz link",
  tour_make_text:
    "„Nowy link” go tworzy. Napisz, o co prosisz i do którego folderu to trafia; wszystko inne może zostać tak, jak jest.",
  tour_send: "Wyślij go",
  tour_send_text:
    "Link ma adres. Skopiuj go, wyślij stąd mailem lub pokaż jego kod QR. Kto go ma, może wysyłać pliki i nie potrzebuje konta.",
  tour_see: "Zobacz, kto wysłał",
  tour_see_text:
    "Link, w którym jest coś nowego, jest tu oznaczony, z ostatnim nadawcą i czasem. Nowe pliki są u góry, dopóki ich nie obejrzysz.",
  tour_take: "Odbierz pliki",
  tour_take_text:
    "Na stronie linku są jego pliki: obejrzyj je, pobierz jeden albo wszystkie w jednym archiwum. Na serwerze leżą w folderze linku.",
  tour_set_up: "Skonfiguruj",
  tour_set_up_text:
    "Poczta, Twoja nazwa i logo oraz czas przechowywania są w ustawieniach. „Dziennik” obok mówi, kto co zrobił.",
} satisfies Words<"tour">;
