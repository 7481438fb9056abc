import type { Words } from "../types";

export default {
  the_file: "Plik",
  full_size: "Pełny rozmiar",
  picture_damaged: "Ten obraz jest uszkodzony.",
  page_problem: "Strona {page}: {error}",
  no_video: "Przeglądarka nie odtworzy tego filmu. Pobierz go, aby obejrzeć.",
  no_audio: "Przeglądarka nie odtworzy tego dźwięku. Pobierz go, aby posłuchać.",
  picture_of: "Obraz z {name}",
  text_begins: "To pierwsze {size}. Pobierz plik, aby czytać dalej.",
} satisfies Words<"looks">;
