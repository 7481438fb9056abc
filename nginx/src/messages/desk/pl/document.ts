import type { Words } from "../types";

export default {
  window_document: "Tekst pliku",
  back_to_links: "Wróć do linków",
  back_to_found: "Wróć do wyników",
  no_text: "Nie ma tekstu do pokazania",
  pages: "Strony",
  a_part: "Część tekstu",
  text_logged_out: "Nie jesteś zalogowany. Zaloguj się, a ten tekst otworzy się znowu.",
  text_waiting: "Tekst nie jest jeszcze odczytany. Zajrzyj za chwilę.",
  text_missing: "Plik został na serwerze przeniesiony, zmieniony lub usunięty, więc nie ma już tekstu.",
  no_place: "W tym miejscu pliku nie ma tekstu.",
  like_this: "Pliki podobne do tego",
  find_like: "Znajdź podobne pliki",
  none_like: "Żaden inny plik nie jest podobny.",
  alike: {
    one: "{count} plik",
    few: "{count} pliki, najbardziej podobny pierwszy",
    many: "{count} plików, najbardziej podobny pierwszy",
    other: "{count} pliku, najbardziej podobny pierwszy",
  },
} satisfies Words<"document">;
