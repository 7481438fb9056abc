import type { Words } from "../types";

export default {
  the_file: "Le fichier",
  full_size: "Taille réelle",
  picture_damaged: "Cette image est abîmée.",
  page_problem: "Page {page} : {error}",
  no_video: "Votre navigateur ne peut pas lire ce film. Téléchargez-le pour le voir.",
  no_audio: "Votre navigateur ne peut pas lire ce son. Téléchargez-le pour l’entendre.",
  picture_of: "Une image de {name}",
  text_begins: "Ce sont les premiers {size}. Téléchargez-le pour lire la suite.",
} satisfies Words<"looks">;
