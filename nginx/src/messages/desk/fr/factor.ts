import type { Words } from "../types";

export default {
  factor_title: "Second facteur",
  factor_about:
    "Avec lui, la connexion demande, en plus du mot de passe, un code d’une application d’authentification sur votre téléphone.",
  factor_required: "Ce serveur en demande un à tout le monde. Configurez-le, puis continuez.",
  factor_password: "Votre mot de passe",
  factor_begin: "Configurer",
  factor_scan: "Scannez ceci avec l’application, ou saisissez-y le texte ci-dessous.",
  factor_qr: "Code QR pour l’application d’authentification",
  factor_secret: "Texte pour l’application",
  factor_code: "Code affiché par l’application",
  factor_confirm: "Activer",
  factor_codes:
    "Il est activé. Notez ces codes de récupération : chacun vous laisse entrer une fois, sans l’application. Ils ne sont affichés que maintenant.",
  factor_list: "Codes de récupération",
  factor_copy: "Copier les codes",
  factor_done: "Je les ai notés",
  factor_on: "Il est activé. Codes de récupération restants : {left}.",
  factor_off: "Désactiver",
  factor_off_code: "Code de l’application, ou un code de récupération",
  factor_is_off: "Le second facteur est désactivé.",
} satisfies Words<"factor">;
