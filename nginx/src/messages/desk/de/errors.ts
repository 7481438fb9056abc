import type { ErrorWords } from "../types";

export default {
  network_error: "Die Verbindung zum Server ist unterbrochen.",
  unexpected_reply: "Etwas zwischen Ihnen und dem Server antwortet an seiner Stelle, etwa eine Anmeldeseite.",
  internal_error: "Auf dem Server ist etwas schiefgegangen. Versuchen Sie es noch einmal.",
  invalid_request: "Die Anfrage ist nicht verständlich. Prüfen Sie, was Sie eingegeben haben.",
  invalid_path: "Dieser Name kann nicht gespeichert werden. Wählen Sie einen anderen.",
  unauthorized: "Das ist nicht der Admin-Token, oder Sie sind nicht mehr angemeldet. Melden Sie sich an.",
  foreign_page:
    "Eine Seite unter einer anderen Adresse darf hier nichts tun. Öffnen Sie die Seite des Servers selbst.",
  not_found: "Unter dieser Adresse gibt es nichts.",
  request_not_found: "Diesen Link gibt es nicht.",
  upload_not_found: "Diese Übertragung gibt es nicht mehr.",
  no_picture: "Von dieser Datei gibt es kein Bild. Laden Sie sie herunter, um sie anzusehen.",
  selection_not_found: "Diese Auswahl gilt nicht mehr. Wählen Sie die Dateien noch einmal aus.",
  share_not_found: "Diesen Download gibt es nicht.",
  entity_not_found: "Davon gibt es keine Dateien, die durchsucht werden.",
  message_not_found: "Diese Nachricht gibt es nicht mehr.",
  template_not_found: "Diese Vorlage gibt es nicht.",
  endpoint_not_found: "Diesen Endpunkt gibt es nicht.",
  endpoint_not_allowed: "An diese Adresse darf der Server nichts senden.",
  file_not_found: "Diese Datei gibt es nicht mehr.",
  item_not_found: "Darum bittet dieser Link nicht mehr. Laden Sie die Seite neu.",
  party_not_found: "Niemand dieses Namens hat etwas an diesen Link gesendet.",
  destination_not_ready: "Dorthin kann dieser Server noch nichts weitergeben.",
  not_installed: "Dem Server fehlt, was dafür nötig ist. Fragen Sie, wer ihn betreut.",
  mail_not_ready:
    "Dieser Server sendet noch keine Mails. Wer ihn betreut, muss DROPPR_SMTP_URL und DROPPR_MAIL_FROM setzen.",
  upload_complete: "Die Datei ist schon angekommen.",
  file_changed:
    "Die Datei auf dem Server ist nicht mehr die, die ankam. Verschieben oder löschen Sie sie dort.",
  name_taken:
    "Eine andere Datei oder ein Ordner dieses Links heißt schon so. Wählen Sie einen anderen Namen.",
  file_in_use: "Die Datei wird gerade weitergegeben. Löschen Sie sie, wenn das fertig ist.",
  item_not_sent: "Dafür wurde noch nichts gesendet, also gibt es nichts anzunehmen oder zurückzugeben.",
  request_in_use: "Dieser Link ist noch offen. Schließen Sie ihn zuerst, dann löschen Sie ihn.",
  request_expired: "Dieser Link ist abgelaufen. Geben Sie ihm erst mehr Zeit.",
  request_closed: "Dieser Link ist geschlossen. Öffnen Sie ihn erst wieder.",
  password_log_in_off:
    "Mit Namen und Passwort meldet sich hier niemand an. Nehmen Sie den anderen Weg auf dieser Seite oder den Admin-Token.",
  provider_away:
    "Wo Sie sich anmelden wollen, antwortet gerade niemand. Versuchen Sie es nach einer Weile noch einmal, oder melden Sie sich hier an.",
  not_vouched: "Wer Sie sind, wurde dort nicht gesagt. Beginnen Sie neu.",
  not_admitted:
    "Unter dieser Anmeldung wird hier niemand eingelassen. Fragen Sie, wer diesen Server betreut.",
  last_way_in:
    "Das ist der einzige Weg in dieses Konto. Lassen Sie sich erst von einem Admin ein Passwort geben.",
  identity_not_found: "Diese Anmeldung gibt es nicht mehr.",
  second_factor_needed:
    "Dieses Konto fragt auch nach einem zweiten Faktor: einem Code der App, einem Wiederherstellungscode oder dem Passkey.",
  wrong_code:
    "Das ist nicht der Code von jetzt, oder er wurde schon benutzt. Warten Sie auf den nächsten und versuchen Sie es noch einmal.",
  second_factor_required:
    "Dieser Server verlangt einen zweiten Faktor. Richten Sie zuerst einen ein, unter Ihrem Namen oben auf der Seite.",
  wrong_passkey:
    "Dieser Passkey wurde nicht angenommen: Er ist hier nicht (mehr) bekannt, oder es vergingen mehr als fünf Minuten. Versuchen Sie es noch einmal, oder melden Sie sich anders an.",
  passkeys_unavailable:
    "Dieser Server hat keine Adresse, zu der Passkeys gehören könnten: DROPPR_PUBLIC_URL muss eine https-Adresse mit einem Namen sein. Melden Sie sich anders an.",
  passkey_not_found: "Diesen Passkey gibt es nicht; er wurde vielleicht schon entfernt.",
  passkey_exists: "Dieser Passkey ist hier schon bekannt.",
  too_many_passkeys: "Mehr Passkeys kann ein Konto nicht haben. Entfernen Sie einen, den niemand braucht.",
  key_exists:
    "Es gibt schon einen Schlüssel dieses Namens. Wählen Sie einen anderen Namen, oder nehmen Sie jenen zuerst zurück.",
  too_many_keys: "Ein Konto kann nicht mehr Schlüssel haben. Nehmen Sie einen zurück, den niemand braucht.",
  file_too_large: "Die Datei ist zu groß.",
  type_not_allowed: "Dateien dieser Art werden hier nicht angenommen.",
  too_many_attempts: "Das waren zu viele falsche Eingaben.",
  rate_limited: "Das war zu viel in kurzer Zeit.",
  busy: "Der Server ist gerade beschäftigt. Versuchen Sie es gleich noch einmal.",
  storage_full: "Auf dem Server ist nicht genug Platz.",
  method_not_allowed: "Diese Seite passt nicht zum Server. Laden Sie sie neu.",
  request_timeout: "Es kam zu langsam an. Senden Sie es noch einmal.",
  wrong_log_in:
    "Kein Konto hat diesen Namen und dieses Passwort. Prüfen Sie beides und versuchen Sie es noch einmal.",
  admins_only: "Das dürfen nur Admins dieses Servers. Fragen Sie jemanden von ihnen.",
  read_only:
    "Sie dürfen diesen Link ansehen und seine Dateien holen, aber nichts ändern. Fragen Sie jemanden aus Ihrem Team oder einen Admin.",
  account_not_found: "Dieses Konto gibt es nicht.",
  session_not_found: "Diese Sitzung gibt es nicht; vielleicht ist sie beendet.",
  invitation_not_found: "Diese Einladung wurde benutzt oder gilt nicht mehr. Bitten Sie um eine neue.",
  key_not_found: "Diesen Schlüssel gibt es nicht; vielleicht wurde er zurückgenommen.",
  account_exists: "Diesen Namen hat schon jemand. Wählen Sie einen anderen.",
  too_many_accounts:
    "Mehr Konten oder Einladungen nimmt dieser Server nicht. Entfernen Sie eines, das niemand braucht.",
  second_factor_on: "Dieses Konto hat schon einen zweiten Faktor. Schalten Sie ihn zuerst aus.",
  request_overdue:
    "Die Dateien waren fällig, und dieser Link nimmt keine späten. Geben Sie ihm erst mehr Zeit.",
  chunk_too_large: "Das ist mehr, als der Server auf einmal annimmt.",
  http2_in_front:
    "Browser erreichen diesen Server über HTTP/2 oder 3, wo sich alle Teile eine Verbindung teilen: Über HTTP/1.1 geht das Senden schneller. Lassen Sie den Proxy davor nur das anbieten (nginx: `listen 443 ssl` ohne `http2`; Caddy: `protocols h1`).",
  unsafe_reading:
    "Texte in Dateien werden nicht durchsucht: Dieser Rechner lässt einen Prozess seine Rechte nicht durch seccomp abgeben (nötig ist Linux auf x86-64 oder ARM64). Schalten Sie die Suche bei Links aus, oder betreiben Sie Droppr dort, wo es geht.",
  scans_missing:
    "Scans werden nicht durchsucht: Für die Sprachen in DROPPR_SEARCH_OCR fehlt tesseract oder eine seiner Sprachen (Debian: tesseract-ocr, tesseract-ocr-…).",
  previews_missing:
    "Von empfangenen Dateien gibt es keine Bilder: Es fehlt die Erweiterung dafür (pip install 'droppr[server,previews]'). Ergänzen Sie sie, oder setzen Sie DROPPR_PREVIEWS_MB=0.",
  ffmpeg_missing:
    "Von Filmen gibt es keine Bilder: ffmpeg ist nicht installiert (Debian: apt install --no-install-recommends ffmpeg). Installieren Sie es, oder setzen Sie DROPPR_PREVIEWS_MB=0, dann gibt es gar keine Bilder.",
  search_missing:
    "Links lassen ihre Dateien durchsuchen, und nichts wird gefunden: Die Erweiterung dafür ist nicht mehr installiert (pip install 'droppr[server,search]'). Ergänzen Sie sie, oder schalten Sie die Suche bei Links aus.",
  store_leftovers:
    "Unfertige Uploads, die dieser Server nicht mehr beenden kann, beendet im Bucket niemand: Geben Sie ihm eine Lifecycle-Regel, die unvollständige Multipart-Uploads abbricht, einige Tage später als DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_rule_short:
    "Eine Lifecycle-Regel des Buckets beendet unfertige Uploads früher als dieser Server, und was sie beendet, muss noch einmal gesendet werden: Geben Sie ihr mehr Tage als DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_deletes:
    "Eine Lifecycle-Regel des Buckets löscht Objekte unter dem Präfix von DROPPR_STORE nach ihrem Alter, also empfangene Dateien: Entfernen Sie sie, oder nehmen Sie das Präfix davon aus.",
  store_not_direct:
    "Dateien gehen durch diesen Server, obwohl DROPPR_STORE_PUBLIC_URL gesetzt ist: Der Speicher nimmt andere Bytes an als die, für die unterschrieben wurde, oder unter einer solchen Adresse gar keine. Lassen Sie die Einstellung weg, oder nehmen Sie einen Speicher, der x-amz-checksum-sha256 vergleicht.",
  store_clock:
    "Die Uhren dieses Rechners und des Speichers gehen um mehr als eine Minute auseinander, und ab einer Viertelstunde lehnt der Speicher alles ab: Lassen Sie beide durch NTP stellen.",
  store_cors:
    "Der Bucket lässt Seiten dieses Servers keine Teile hineinlegen (CORS), daher senden Browser alles über diesen Server: Die Regel, die fehlt, steht im Log und unter /readyz.",
  store_public_away:
    "Der Speicher antwortet diesem Rechner unter DROPPR_STORE_PUBLIC_URL nicht. Antwortet er auch Absendern nicht, senden sie alles über diesen Server.",
} satisfies ErrorWords;
