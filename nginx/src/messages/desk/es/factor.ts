import type { Words } from "../types";

export default {
  factor_title: "Segundo factor",
  factor_about:
    "Con él, al entrar se pide, además de la contraseña, un código de una aplicación de autenticación de su teléfono.",
  factor_required: "Este servidor se lo pide a todos. Configúrelo y continúe.",
  factor_password: "Su contraseña",
  factor_begin: "Configurar",
  factor_scan: "Escanee esto con la aplicación, o escriba en ella el texto de abajo.",
  factor_qr: "Código QR para la aplicación de autenticación",
  factor_secret: "Texto para la aplicación",
  factor_code: "Código que muestra la aplicación",
  factor_confirm: "Activar",
  factor_codes:
    "Está activado. Anote estos códigos de recuperación: cada uno le permite entrar una vez, sin la aplicación. Solo se muestran ahora.",
  factor_list: "Códigos de recuperación",
  factor_copy: "Copiar los códigos",
  factor_done: "Los he anotado",
  factor_on: "Está activado. Códigos de recuperación restantes: {left}.",
  factor_off: "Desactivar",
  factor_off_code: "Código de la aplicación, o uno de recuperación",
  factor_is_off: "El segundo factor está desactivado.",
  passkeys: "Llaves de acceso",
  passkeys_about:
    "Con una llave de acceso entra con el dedo, la cara o un PIN, sin nombre ni contraseña. La contraseña sola ya no abre entonces su cuenta: añada dos, o configure arriba una aplicación.",
  passkeys_nowhere: "Aquí no se puede añadir ninguna.",
  passkeys_not_here:
    "Este navegador no tiene llaves de acceso en esta dirección. Abra la página en su dirección https con un nombre.",
  passkey_add: "Añadir una llave de acceso",
  passkey_name: "Nombre de la llave de acceso",
  passkey_name_hint: "Dónde está, por ejemplo: teléfono, portátil, llavero.",
  passkey_added: "La llave de acceso {name} está añadida.",
  passkey_made: "creada el {date}",
  passkey_used: "usada {when}",
  passkey_unused: "aún sin usar",
  passkey_remove: "Quitar {name}",
  passkey_removing:
    "Nadie podrá entrar más con ella. Si era el único segundo factor, vuelve a bastar la contraseña. Sus demás sesiones terminan: este navegador sigue dentro.",
  passkey_remove_yes: "Quitar",
  passkey_removed: "La llave de acceso {name} está quitada.",
} satisfies Words<"factor">;
