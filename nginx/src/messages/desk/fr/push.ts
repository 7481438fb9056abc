import type { Words } from "../types";

export default {
  push_about:
    "Ce navigateur affiche une notification quand quelqu’un vous a envoyé des fichiers, même quand cette page est fermée.",
  push_here: "Me prévenir ici",
  push_on: "Ce navigateur est prévenu de ce qui arrive.",
  push_asking:
    "Votre navigateur demande si cette page peut afficher des notifications : autorisez-le là. Si vous ne voyez pas de question, cliquez sur le signe à côté de l’adresse.",
  push_waiting: "Le navigateur demande une adresse à son service de notifications…",
  push_stop: "Ne plus me prévenir ici",
  push_test: "Afficher un essai",
  push_tested: "Un essai est en route.",
  push_others: "Vos autres navigateurs",
  push_since: "depuis le {day}",
  push_failing: "Ne peut être joint en ce moment",
  push_off: "Désactivé, car rien ne l’a atteint pendant cinq jours",
  push_insecure:
    "Les navigateurs n’affichent des notifications que pour les pages en https:// (ou sur la machine même). Ouvrez cette page par son adresse https.",
  push_home_screen:
    "Sur un iPhone ou iPad, mettez d’abord cette page sur l’écran d’accueil : Partager, puis « Sur l’écran d’accueil ». Ouvrez-la de là, et cliquez ici de nouveau.",
  push_unable: "Ce navigateur n’a pas de notifications par Web Push.",
  push_blocked:
    "Les notifications de cette page sont bloquées dans ce navigateur. Autorisez-les dans ses réglages pour ce site, puis réessayez.",
  push_dismissed:
    "Le navigateur n’a pas eu le droit d’afficher des notifications. Cliquez de nouveau, et autorisez-les quand il le demande.",
  push_no_service:
    "Le service de notifications du navigateur n’a donné aucune adresse. Certains navigateurs n’en ont pas, ou il faut l’activer dans leurs réglages ; un réseau peut aussi le bloquer.",
} satisfies Words<"push">;
