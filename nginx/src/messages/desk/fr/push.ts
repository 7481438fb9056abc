import type { Words } from "../types";

export default {
  push_about:
    "Ce navigateur affiche une notification quand quelqu’un vous a envoyé des fichiers, même si cette page est fermée.",
  push_close: "Fermer",
  push_here: "M’avertir ici",
  push_on: "Ce navigateur est averti de ce qui arrive.",
  push_waiting: "Le navigateur demande une adresse à son service push …",
  push_stop: "Ne plus m’avertir ici",
  push_test: "Afficher un test",
  push_tested: "Un test est en route.",
  push_others: "Vos autres navigateurs",
  push_remove: "Retirer",
  push_remove_named: "Retirer {name}",
  push_since: "depuis le {date}",
  push_failing: "Injoignable pour le moment",
  push_off: "Désactivé, car rien ne l’a atteint pendant cinq jours",
  push_insecure:
    "Les navigateurs n’affichent de notifications que pour les pages en https:// (ou sur la machine même). Ouvrez cette page par son adresse https.",
  push_home:
    "Sur un iPhone ou un iPad, ajoutez d’abord cette page à l’écran d’accueil : Partager, puis Sur l’écran d’accueil. Ouvrez-la de là et cliquez à nouveau ici.",
  push_unable: "Ce navigateur n’a pas de notifications Web Push.",
  push_blocked:
    "Les notifications de cette page sont bloquées dans ce navigateur. Autorisez-les dans ses réglages pour ce site, puis réessayez.",
  push_dismissed:
    "Le navigateur n’a pas pu afficher de notifications. Cliquez à nouveau et autorisez-le quand il le demande.",
  push_no_service:
    "Le service push du navigateur n’a pas donné d’adresse. Certains navigateurs n’en ont pas, ou il faut l’activer dans leurs réglages ; un réseau peut aussi l’empêcher.",
} satisfies Words<"push">;
