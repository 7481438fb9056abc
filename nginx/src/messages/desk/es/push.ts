import type { Words } from "../types";

export default {
  push_about:
    "Este navegador muestra una notificación cuando alguien le ha enviado archivos, también con esta página cerrada.",
  push_here: "Avisarme aquí",
  push_on: "A este navegador se le avisa de lo que llega.",
  push_asking:
    "Su navegador pregunta si esta página puede mostrar notificaciones: permítalo ahí. Si no ve ninguna pregunta, haga clic en el icono junto a la dirección.",
  push_waiting: "El navegador está pidiendo una dirección a su servicio de notificaciones…",
  push_stop: "No avisarme más aquí",
  push_test: "Mostrar una prueba",
  push_tested: "Una prueba está en camino.",
  push_others: "Sus otros navegadores",
  push_since: "desde el {day}",
  push_failing: "No se puede alcanzar por el momento",
  push_off: "Desactivado, porque nada le llegó en cinco días",
  push_insecure:
    "Los navegadores solo muestran notificaciones de páginas con https:// (o en la propia máquina). Abra esta página por su dirección https.",
  push_home_screen:
    "En un iPhone o iPad, ponga antes esta página en la pantalla de inicio: Compartir, y luego «Añadir a pantalla de inicio». Ábrala desde allí y pulse aquí otra vez.",
  push_unable: "Este navegador no tiene notificaciones por Web Push.",
  push_blocked:
    "Las notificaciones de esta página están bloqueadas en este navegador. Permítalas en sus ajustes para este sitio e inténtelo de nuevo.",
  push_dismissed:
    "El navegador no recibió permiso para mostrar notificaciones. Pulse otra vez y permítalo cuando pregunte.",
  push_no_service:
    "El servicio de notificaciones del navegador no dio ninguna dirección. Algunos navegadores no tienen, o hay que activarlo en sus ajustes; también puede impedirlo una red.",
} satisfies Words<"push">;
