import type { Words } from "../types";

export default {
  window_document: "Texto de un archivo",
  back_to_links: "Volver a sus enlaces",
  back_to_found: "Volver a lo encontrado",
  no_text: "No hay texto que mostrar",
  pages: "Páginas",
  a_part: "Una parte del texto",
  text_logged_out: "No ha entrado. Entre, y este texto se abrirá de nuevo.",
  text_waiting: "Su texto aún no se ha leído. Vuelva a mirar dentro de un rato.",
  text_missing: "El archivo se movió, cambió o eliminó en el servidor, así que ya no tiene texto.",
  no_place: "No hay texto en este lugar del archivo.",
  like_this: "Archivos parecidos a este",
  find_like: "Buscar archivos parecidos",
  none_like: "Ningún otro archivo se le parece.",
  alike: { one: "{count} archivo", other: "{count} archivos, el más parecido primero" },
} satisfies Words<"document">;
