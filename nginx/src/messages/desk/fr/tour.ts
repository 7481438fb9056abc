import type { Words } from "../types";

export default {
  no_mail: "L’e-mail n’est pas configuré : personne n’est prévenu de ce qui arrive.",
  no_address:
    "Ce serveur ne connaît pas sa propre adresse : les e-mails et les rappels ne peuvent pas la donner.",
  set_up: "Le configurer",
  not_now: "Pas maintenant",
  new_here: "Nouveau ici ? Cinq courtes étapes montrent où tout se trouve.",
  tour_step: "Étape {at} sur {steps}",
  tour_next: "Suivant",
  tour_back: "Retour",
  tour_leave: "Quitter",
  tour_done: "Terminé",
  tour_make: "Créer un lien",
  tour_make_text:
    "« Nouveau lien » en crée un. Dites ce que vous demandez et dans quel dossier cela arrive ; tout le reste peut rester tel quel.",
  tour_send: "L’envoyer",
  tour_send_text:
    "Le lien a une adresse. Copiez-la, envoyez-la d’ici par e-mail ou montrez son code QR. Qui l’a peut envoyer des fichiers, sans compte.",
  tour_see: "Voir qui a envoyé",
  tour_see_text:
    "Un lien qui a du nouveau est signalé ici, avec le dernier expéditeur et l’heure. Les nouveaux fichiers sont en haut, jusqu’à ce que vous les ayez regardés.",
  tour_take: "Prendre les fichiers",
  tour_take_text:
    "La page d’un lien contient ses fichiers : regardez-les, téléchargez-en un, ou tous dans une archive. Sur le serveur, ils sont dans le dossier du lien.",
  tour_set_up: "Le configurer",
  tour_set_up_text:
    "L’e-mail, votre nom et logo, et les durées de conservation sont dans les réglages. « Journal », à côté, dit qui a fait quoi.",
} satisfies Words<"tour">;
