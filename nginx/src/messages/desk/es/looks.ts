import type { Words } from "../types";

export default {
  the_file: "El archivo",
  full_size: "Tamaño completo",
  picture_damaged: "Esta imagen está dañada.",
  page_problem: "Página {page}: {error}",
  no_video: "Su navegador no puede reproducir este vídeo. Descárguelo para verlo.",
  no_audio: "Su navegador no puede reproducir este sonido. Descárguelo para oírlo.",
  picture_of: "Una imagen de {name}",
  text_begins: "Estos son los primeros {size}. Descárguelo para seguir leyendo.",
} satisfies Words<"looks">;
