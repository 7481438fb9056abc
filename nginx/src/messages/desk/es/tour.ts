import type { Words } from "../types";

export default {
  no_mail: "El correo no está configurado: no se avisa a nadie de lo que llega.",
  no_address: "Este servidor no conoce su propia dirección: los correos y recordatorios no pueden nombrarla.",
  set_up: "Configurarlo",
  not_now: "Ahora no",
  new_here: "¿Es nuevo aquí? Cinco pasos breves muestran dónde está todo.",
  tour_step: "Paso {at} de {steps}",
  tour_next: "Siguiente",
  tour_back: "Atrás",
  tour_leave: "Dejarlo",
  tour_done: "Listo",
  tour_make: "Crear un enlace",
  tour_make_text:
    "«Nuevo enlace» crea uno. Diga qué pide y en qué carpeta queda; todo lo demás puede seguir como está.",
  tour_send: "Enviarlo",
  tour_send_text:
    "El enlace tiene una dirección. Cópiela, envíela por correo desde aquí o muestre su código QR. Quien la tenga puede enviar archivos, y no necesita ninguna cuenta.",
  tour_see: "Ver quién ha enviado",
  tour_see_text:
    "Un enlace con algo nuevo está señalado aquí, con quién envió lo último y cuándo. Los archivos nuevos están arriba, hasta que los haya mirado.",
  tour_take: "Recoger los archivos",
  tour_take_text:
    "En la página de un enlace están sus archivos: mírelos, descargue uno, o todos en un archivo comprimido. En el servidor están en la carpeta del enlace.",
  tour_set_up: "Configurarlo",
  tour_set_up_text:
    "El correo, su nombre y logotipo, y cuánto se conserva cada cosa están en los ajustes. «Registro», al lado, dice quién hizo qué.",
} satisfies Words<"tour">;
