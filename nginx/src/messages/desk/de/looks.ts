import type { Words } from "../types";

export default {
  the_file: "Die Datei",
  full_size: "Originalgröße",
  picture_damaged: "Dieses Bild ist beschädigt.",
  page_problem: "Seite {page}: {error}",
  no_video: "Ihr Browser kann diesen Film nicht abspielen. Laden Sie ihn dafür herunter.",
  no_audio: "Ihr Browser kann diesen Ton nicht abspielen. Laden Sie ihn dafür herunter.",
  picture_of: "Ein Bild von {name}",
  text_begins: "Das sind die ersten {size}. Laden Sie die Datei herunter, um weiterzulesen.",
} satisfies Words<"looks">;
