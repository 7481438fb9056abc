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
  passkeys: "Clés d’accès",
  passkeys_about:
    "Avec une clé d’accès, vous vous connectez par le doigt, le visage ou un code PIN, sans nom ni mot de passe. Le mot de passe seul n’ouvre alors plus votre compte : ajoutez-en deux, ou configurez une application ci-dessus.",
  passkeys_nowhere: "On ne peut pas en ajouter ici.",
  passkeys_not_here:
    "Ce navigateur n’a pas de clés d’accès à cette adresse. Ouvrez la page à son adresse https avec un nom.",
  passkey_add: "Ajouter une clé d’accès",
  passkey_name: "Nom de la clé d’accès",
  passkey_name_hint: "Là où elle se trouve, par exemple : téléphone, ordinateur, trousseau.",
  passkey_added: "La clé d’accès {name} est ajoutée.",
  passkey_made: "créée le {date}",
  passkey_used: "utilisée {when}",
  passkey_unused: "pas encore utilisée",
  passkey_remove: "Retirer {name}",
  passkey_removing:
    "Personne ne pourra plus se connecter avec elle. Si c’était le seul second facteur, le mot de passe seul suffira de nouveau. Vos autres sessions prennent fin : ce navigateur reste connecté.",
  passkey_remove_yes: "Retirer",
  passkey_removed: "La clé d’accès {name} est retirée.",
} satisfies Words<"factor">;
