import type { Words } from "../types";

export default {
  window_document: "Texte d’un fichier",
  back_to_links: "Retour à vos liens",
  back_to_found: "Retour aux résultats",
  no_text: "Il n’y a pas de texte à montrer",
  pages: "Pages du fichier",
  a_part: "Une partie du texte",
  text_logged_out: "Vous n’êtes pas connecté. Connectez-vous, et ce texte sera rouvert.",
  text_waiting: "Son texte n’est pas encore lu. Revenez dans un moment.",
  text_missing: "Le fichier a été déplacé, modifié ou supprimé sur le serveur ; il n’a donc plus de texte.",
  no_place: "Il n’y a pas de texte à cet endroit du fichier.",
  like_this: "Fichiers semblables à celui-ci",
  find_like: "Trouver des fichiers semblables",
  none_like: "Aucun autre fichier ne lui ressemble.",
  alike: { one: "{count} fichier", other: "{count} fichiers, le plus semblable d’abord" },
} satisfies Words<"document">;
