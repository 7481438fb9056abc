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
} satisfies Words<"factor">;
