import type { Words } from "../types";

export default {
  log_in_as: "Se connecter en tant que {name}",
  log_in_with: "Se connecter avec {label}",
  or_here: "Ou ici :",
  identities: "Connexions ailleurs",
  identities_about: "Elles vous ouvrent ce compte sans le mot de passe de ce serveur.",
  identity_proxy: "le proxy en amont",
  identity_used: "dernière utilisation {when}",
  identity_take: "Retirer",
  identity_take_item: "Retirer {name}",
  identity_taken: "{name} n’ouvre plus ce compte.",
  identity_taken_from: "{name} n’ouvre plus le compte {account}.",
  identity_taking:
    "{name} n’ouvrira plus le compte {account}, et les sessions commencées ainsi prendront fin.",
  identity_proxy_taking:
    "Les sessions que {name} a commencées par le proxy prendront fin. Dès que le proxy redira ce nom, {name} entrera de nouveau : désactivez le compte pour l’empêcher.",
  identity_proxy_taken: "Les sessions que {name} a commencées par le proxy ont pris fin.",
  identity_go: "Aller à {label}",
  identity_add: "Ajouter {label}",
} satisfies Words<"elsewhere">;
