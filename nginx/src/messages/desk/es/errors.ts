import type { ErrorWords } from "../types";

export default {
  network_error: "Se ha perdido la conexión con el servidor.",
  unexpected_reply: "Algo entre usted y el servidor responde en su lugar, como una página de acceso.",
  internal_error: "Algo ha fallado en el servidor. Inténtelo de nuevo.",
  invalid_request: "No se entiende la petición. Compruebe lo que ha escrito.",
  invalid_path: "Este nombre no se puede guardar. Elija otro.",
  unauthorized: "Ese no es el token de administración, o su sesión ha terminado. Entre de nuevo.",
  foreign_page: "Una página de otra dirección no puede actuar aquí. Abra la página del propio servidor.",
  not_found: "No hay nada en esta dirección.",
  request_not_found: "Este enlace no existe.",
  upload_not_found: "Este envío ya no existe.",
  no_picture: "No hay imagen de este archivo. Descárguelo para verlo.",
  selection_not_found: "Esa selección ya no vale. Elija los archivos otra vez.",
  share_not_found: "Esa descarga no existe.",
  entity_not_found: "No tiene archivos en los que se busque.",
  message_not_found: "Ese mensaje ya no existe.",
  template_not_found: "Esa plantilla no existe.",
  endpoint_not_found: "Ese punto de aviso no existe.",
  endpoint_not_allowed: "Este servidor no puede enviar nada a esa dirección.",
  file_not_found: "Ese archivo ya no existe.",
  item_not_found: "Este enlace ya no pide eso. Recargue la página.",
  party_not_found: "Nadie con ese nombre ha enviado nada a este enlace.",
  destination_not_ready: "Este servidor aún no puede reenviar archivos allí.",
  not_installed: "A este servidor le falta lo que esto necesita. Pregunte a quien lo cuida.",
  mail_not_ready:
    "Este servidor aún no envía correo. Quien lo cuida debe definir DROPPR_SMTP_URL y DROPPR_MAIL_FROM.",
  upload_complete: "El archivo ya ha llegado.",
  file_changed: "El archivo del servidor ya no es el que llegó. Muévalo o elimínelo allí.",
  name_taken: "Otro archivo o carpeta de este enlace se llama así. Elija otro nombre.",
  file_in_use: "El archivo se está reenviando. Elimínelo cuando termine.",
  item_not_sent: "Aún no se ha enviado nada para esto, así que no hay nada que aceptar ni devolver.",
  request_in_use: "Este enlace sigue abierto. Ciérrelo primero y elimínelo después.",
  request_expired: "Este enlace ha caducado. Dele antes más tiempo.",
  request_closed: "Este enlace está cerrado. Ábralo antes.",
  password_log_in_off:
    "Aquí nadie entra con nombre y contraseña. Use la otra vía de esta página o el token de administración.",
  provider_away: "El servicio de inicio de sesión no responde. Inténtelo dentro de un rato, o entre aquí.",
  not_vouched: "El servicio no dijo quién es usted. Empiece de nuevo.",
  not_admitted: "Nadie se admite aquí con ese inicio de sesión. Pregunte a quien se ocupa de este servidor.",
  last_way_in: "Es la única vía de entrada a esta cuenta. Pida primero una contraseña a un administrador.",
  identity_not_found: "Ese inicio de sesión ya no existe.",
  second_factor_needed:
    "Esta cuenta pide también un segundo factor: un código de la aplicación, uno de recuperación o la llave de acceso.",
  wrong_code: "Ese no es el código de ahora, o ya se usó. Espere al siguiente y vuelva a intentarlo.",
  second_factor_required:
    "Este servidor pide un segundo factor. Configure primero uno, bajo su nombre en la parte superior de la página.",
  wrong_passkey:
    "Esa llave de acceso no fue aceptada: aquí no se conoce (ya), o pasaron más de cinco minutos. Vuelva a intentarlo, o entre de otra forma.",
  passkeys_unavailable:
    "Este servidor no tiene una dirección para llaves de acceso: DROPPR_PUBLIC_URL tiene que ser una dirección https con un nombre. Entre de otra forma.",
  passkey_not_found: "Esa llave de acceso no existe; quizá se quitó ya.",
  passkey_exists: "Esta llave de acceso ya se conoce aquí.",
  too_many_passkeys: "Una cuenta no puede tener más llaves de acceso. Quite una que nadie necesite.",
  key_exists: "Ya hay una clave con este nombre. Elija otro, o retire aquella primero.",
  too_many_keys: "Una cuenta no puede tener más claves. Retire una que nadie necesite.",
  file_too_large: "El archivo es demasiado grande.",
  type_not_allowed: "Aquí no se aceptan archivos de este tipo.",
  too_many_attempts: "Ha habido demasiados intentos fallidos.",
  rate_limited: "Ha sido demasiado en poco tiempo.",
  busy: "El servidor está ocupado. Inténtelo de nuevo en un momento.",
  storage_full: "No hay espacio suficiente en el servidor.",
  method_not_allowed: "Esta página no concuerda con el servidor. Vuelva a cargarla.",
  request_timeout: "Llegó demasiado despacio. Envíelo de nuevo.",
  wrong_log_in: "Ninguna cuenta tiene este nombre y esta contraseña. Revise ambos e inténtelo de nuevo.",
  admins_only: "Esto es solo para los administradores de este servidor. Pregunte a uno de ellos.",
  read_only:
    "Puede ver este enlace y llevarse sus archivos, pero no cambiar nada. Pregunte a alguien de su equipo o a un administrador.",
  account_not_found: "No existe esta cuenta.",
  session_not_found: "No existe esta sesión; quizá ya terminó.",
  invitation_not_found: "Esta invitación ya se usó o ha caducado. Pida otra.",
  key_not_found: "No existe esta clave; quizá se retiró.",
  account_exists: "Alguien ya tiene este nombre. Elija otro.",
  too_many_accounts: "Este servidor no admite más cuentas ni invitaciones. Elimine una que nadie necesite.",
  second_factor_on: "Esta cuenta ya tiene un segundo factor. Desactívelo primero.",
  request_overdue: "El plazo ya pasó y este enlace no admite archivos tardíos. Dele más tiempo primero.",
  chunk_too_large: "Es más de lo que el servidor acepta de una vez.",
  http2_in_front:
    "Los navegadores llegan a este servidor por HTTP/2 o 3, donde todas las partes comparten una conexión: por HTTP/1.1 se envía más deprisa. Haga que el proxy de delante ofrezca solo eso (nginx: `listen 443 ssl` sin `http2`; Caddy: `protocols h1`).",
  unsafe_reading:
    "Los textos de los archivos no se buscan: esta máquina no deja que un proceso renuncie a sus permisos con seccomp (hace falta Linux en x86-64 o ARM64). Desactive la búsqueda en los enlaces o ejecute Droppr donde se pueda.",
  scans_missing:
    "Los escaneos no se buscan: para los idiomas de DROPPR_SEARCH_OCR falta tesseract o uno de sus idiomas (Debian: tesseract-ocr, tesseract-ocr-…).",
  previews_missing:
    "No se hacen imágenes de los archivos recibidos: falta la extensión para ello (pip install 'droppr[server,previews]'). Añádala o ponga DROPPR_PREVIEWS_MB=0.",
  ffmpeg_missing:
    "No se hacen imágenes de los vídeos: ffmpeg no está instalado (Debian: apt install --no-install-recommends ffmpeg). Instálelo o ponga DROPPR_PREVIEWS_MB=0 para no tener ninguna imagen.",
  search_missing:
    "Hay enlaces cuyos archivos se buscan, y no se encuentra nada: la extensión para ello ya no está instalada (pip install 'droppr[server,search]'). Añádala o desactive la búsqueda en los enlaces.",
  store_leftovers:
    "En el bucket nadie termina los envíos sin acabar cuando este servidor no puede: dele una regla de ciclo de vida que anule las subidas multiparte incompletas, unos días después de DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_rule_short:
    "Una regla de ciclo de vida del bucket termina los envíos sin acabar antes que este servidor, y lo que termina hay que enviarlo otra vez: dele más días que DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_deletes:
    "Una regla de ciclo de vida del bucket borra por su antigüedad objetos bajo el prefijo de DROPPR_STORE, es decir, archivos recibidos: quítela, o haga que respete ese prefijo.",
  store_not_direct:
    "Los archivos pasan por este servidor aunque DROPPR_STORE_PUBLIC_URL está puesto: el almacén acepta otros bytes que los firmados, o ninguno en una dirección así. Quite ese ajuste, o use un almacén que compare x-amz-checksum-sha256.",
  store_clock:
    "Los relojes de esta máquina y del almacén difieren en más de un minuto, y a partir de un cuarto de hora el almacén lo rechaza todo: haga que NTP ajuste ambos.",
  store_cors:
    "El bucket no deja que las páginas de este servidor pongan partes en él (CORS), y los navegadores lo envían todo por este servidor: la regla que falta está en el registro y en /readyz.",
  store_public_away:
    "El almacén no responde a esta máquina en DROPPR_STORE_PUBLIC_URL. Si tampoco responde a los remitentes, lo envían todo por este servidor.",
} satisfies ErrorWords;
