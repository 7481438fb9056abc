import type { Words } from "../types";

export default {
  log_in_as: "Entrar como {name}",
  log_in_with: "Entrar con {label}",
  or_here: "O aquí:",
  identities: "Inicios de sesión en otros sitios",
  identities_about: "Con ellos entra sin la contraseña de este servidor.",
  identity_proxy: "el proxy de delante",
  identity_used: "último uso {when}",
  identity_take: "Quitar",
  identity_take_item: "Quitar {name}",
  identity_taken: "{name} ya no abre esta cuenta.",
  identity_taken_from: "{name} ya no abre la cuenta {account}.",
  identity_taking: "{name} ya no abrirá la cuenta {account}, y las sesiones que empezaron así terminarán.",
  identity_proxy_taking:
    "Las sesiones que {name} empezó por el proxy terminarán. En cuanto el proxy vuelva a decir ese nombre, {name} entrará de nuevo: desactive la cuenta para impedirlo.",
  identity_proxy_taken: "Las sesiones que {name} empezó por el proxy han terminado.",
  identity_go: "Ir a {label}",
  identity_add: "Añadir {label}",
} satisfies Words<"elsewhere">;
