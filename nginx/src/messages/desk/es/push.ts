import type { Words } from "../types";

export default {
  push_about:
    "Este navegador muestra un aviso cuando alguien le ha enviado archivos, también con esta página cerrada.",
  push_close: "Cerrar",
  push_here: "Avisarme aquí",
  push_on: "Este navegador recibe los avisos de lo que llega.",
  push_waiting: "El navegador pide una dirección a su servicio push …",
  push_stop: "No avisarme más aquí",
  push_test: "Mostrar una prueba",
  push_tested: "La prueba está en camino.",
  push_others: "Sus otros navegadores",
  push_remove: "Quitar",
  push_remove_named: "Quitar {name}",
  push_since: "desde el {date}",
  push_failing: "No se le puede alcanzar en este momento",
  push_off: "Desactivado, porque nada le llegó en cinco días",
  push_insecure:
    "Los navegadores solo muestran avisos de páginas con https:// (o en el propio equipo). Abra esta página por su dirección https.",
  push_home:
    "En un iPhone o iPad, añada primero esta página a la pantalla de inicio: Compartir y después Añadir a pantalla de inicio. Ábrala desde allí y pulse aquí de nuevo.",
  push_unable: "Este navegador no tiene avisos por Web Push.",
  push_blocked:
    "Los avisos de esta página están bloqueados en este navegador. Permítalos en sus ajustes para este sitio e inténtelo de nuevo.",
  push_dismissed: "No se permitió al navegador mostrar avisos. Pulse de nuevo y permítalo cuando pregunte.",
  push_no_service:
    "El servicio push del navegador no dio ninguna dirección. Algunos navegadores no tienen, o hay que activarlo en sus ajustes; también una red puede impedirlo.",
} satisfies Words<"push">;
