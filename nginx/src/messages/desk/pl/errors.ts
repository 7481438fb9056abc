import type { ErrorWords } from "../types";

export default {
  network_error: "Utracono połączenie z serwerem.",
  unexpected_reply: "Coś między Tobą a serwerem odpowiada zamiast niego, na przykład strona logowania.",
  internal_error: "Coś poszło nie tak na serwerze. Spróbuj ponownie.",
  invalid_request: "Nie można zrozumieć tego żądania. Sprawdź, co wpisano.",
  invalid_path: "Tej nazwy nie można zapisać. Wybierz inną.",
  unauthorized: "To nie jest token administratora albo sesja wygasła. Zaloguj się.",
  foreign_page: "Strona spod innego adresu nie może tu niczego robić. Otwórz stronę samego serwera.",
  not_found: "Pod tym adresem nic nie ma.",
  request_not_found: "Nie ma takiego linku.",
  upload_not_found: "Tej wysyłki już nie ma.",
  no_picture: "Nie ma obrazu tego pliku. Pobierz go, aby obejrzeć.",
  selection_not_found: "Ten wybór już nie obowiązuje. Wybierz pliki jeszcze raz.",
  share_not_found: "Nie ma takiego pobrania.",
  entity_not_found: "Nie ma tu plików, w których się szuka.",
  message_not_found: "Tej wiadomości już nie ma.",
  template_not_found: "Nie ma takiego szablonu.",
  endpoint_not_found: "Nie ma takiego punktu odbioru.",
  endpoint_not_allowed: "Ten serwer nie może wysyłać pod ten adres.",
  file_not_found: "Tego pliku już nie ma.",
  item_not_found: "Ten link już o to nie prosi. Odśwież stronę.",
  party_not_found: "Nikt taki nic do tego linku nie wysłał.",
  destination_not_ready: "Ten serwer nie może jeszcze tam przekazywać plików.",
  not_installed: "Temu serwerowi brakuje tego, co jest potrzebne. Zapytaj osobę, która się nim opiekuje.",
  mail_not_ready:
    "Ten serwer nie wysyła jeszcze maili. Osoba, która się nim opiekuje, musi ustawić DROPPR_SMTP_URL i DROPPR_MAIL_FROM.",
  upload_complete: "Plik już dotarł.",
  file_changed: "Plik na serwerze nie jest już tym, który dotarł. Przenieś go lub usuń tam.",
  name_taken: "Inny plik lub folder tego linku ma tę nazwę. Wybierz inną.",
  file_in_use: "Plik jest właśnie przekazywany. Usuń go, gdy to się skończy.",
  item_not_sent: "Nic jeszcze do tego nie wysłano, więc nie ma czego przyjąć ani zwrócić.",
  request_in_use: "Ten link jest jeszcze otwarty. Najpierw go zamknij, potem usuń.",
  request_expired: "Ten link wygasł. Najpierw daj mu więcej czasu.",
  request_closed: "Ten link jest zamknięty. Najpierw otwórz go ponownie.",
  second_factor_needed:
    "To konto pyta także o drugi składnik: kod z aplikacji, kod odzyskiwania albo klucz dostępu.",
  password_log_in_off:
    "Nikt nie loguje się tu nazwą i hasłem. Wybierz inny sposób na tej stronie albo token administratora.",
  provider_away: "Usługa logowania nie odpowiada. Spróbuj za chwilę albo zaloguj się tutaj.",
  not_vouched: "Usługa nie powiedziała, kim jesteś. Zacznij od nowa.",
  not_admitted:
    "Nikt nie jest tu wpuszczany pod tym logowaniem. Zapytaj osobę, która opiekuje się tym serwerem.",
  last_way_in: "To jedyna droga do tego konta. Najpierw poproś administratora o hasło.",
  identity_not_found: "Tego logowania już nie ma.",
  wrong_code: "To nie jest aktualny kod albo był już użyty. Poczekaj na następny i spróbuj ponownie.",
  second_factor_required:
    "Ten serwer wymaga drugiego składnika. Najpierw go skonfiguruj, pod swoją nazwą u góry strony.",
  wrong_passkey:
    "Ten klucz dostępu nie został przyjęty: nie jest tu (już) znany albo minęło więcej niż pięć minut. Spróbuj ponownie albo zaloguj się inaczej.",
  passkeys_unavailable:
    "Ten serwer nie ma adresu dla kluczy dostępu: DROPPR_PUBLIC_URL musi być adresem https z nazwą. Zaloguj się inaczej.",
  passkey_not_found: "Nie ma takiego klucza dostępu; być może został już usunięty.",
  passkey_exists: "Ten klucz dostępu jest tu już znany.",
  too_many_passkeys: "Konto nie może mieć więcej kluczy dostępu. Usuń taki, którego nikt nie potrzebuje.",
  key_exists: "Klucz o tej nazwie już istnieje. Wybierz inną nazwę albo najpierw cofnij tamten.",
  too_many_keys: "Konto nie może mieć więcej kluczy. Cofnij taki, którego nikt nie potrzebuje.",
  file_too_large: "Plik jest za duży.",
  type_not_allowed: "Pliki tego rodzaju nie są tu przyjmowane.",
  too_many_attempts: "Było zbyt wiele błędnych prób.",
  rate_limited: "To zbyt wiele w krótkim czasie.",
  busy: "Serwer jest zajęty. Spróbuj za chwilę.",
  storage_full: "Na serwerze nie ma dość miejsca.",
  method_not_allowed: "Ta strona nie pasuje do serwera. Wczytaj ją ponownie.",
  request_timeout: "Dane docierały zbyt wolno. Wyślij je jeszcze raz.",
  wrong_log_in: "Żadne konto nie ma tej nazwy i tego hasła. Sprawdź jedno i drugie i spróbuj ponownie.",
  admins_only: "To mogą tylko administratorzy tego serwera. Zapytaj jednego z nich.",
  read_only:
    "Możesz oglądać ten link i pobierać jego pliki, ale niczego nie zmienisz. Zapytaj kogoś ze swojego zespołu albo administratora.",
  account_not_found: "Nie ma takiego konta.",
  session_not_found: "Nie ma takiej sesji; być może się zakończyła.",
  invitation_not_found: "To zaproszenie zostało użyte albo wygasło. Poproś o nowe.",
  key_not_found: "Nie ma takiego klucza; być może został cofnięty.",
  account_exists: "Ktoś już ma tę nazwę. Wybierz inną.",
  too_many_accounts:
    "Ten serwer nie przyjmie więcej kont ani zaproszeń. Usuń takie, którego nikt nie potrzebuje.",
  second_factor_on: "To konto ma już drugi składnik. Najpierw go wyłącz.",
  request_overdue: "Termin minął, a ten link nie przyjmuje spóźnionych plików. Najpierw daj mu więcej czasu.",
  chunk_too_large: "To więcej, niż serwer przyjmuje naraz.",
  http2_in_front:
    "Przeglądarki łączą się z tym serwerem przez HTTP/2 lub 3, gdzie wszystkie części dzielą jedno połączenie: przez HTTP/1.1 wysyłanie jest szybsze. Niech serwer pośredniczący oferuje tylko to (nginx: `listen 443 ssl` bez `http2`; Caddy: `protocols h1`).",
  unsafe_reading:
    "Teksty w plikach nie są przeszukiwane: ta maszyna nie pozwala procesowi zrzec się uprawnień przez seccomp (potrzebny jest Linux na x86-64 lub ARM64). Wyłącz wyszukiwanie w linkach albo uruchom Droppr tam, gdzie to możliwe.",
  scans_missing:
    "Skany nie są przeszukiwane: dla języków z DROPPR_SEARCH_OCR brakuje programu tesseract lub jednego z jego języków (Debian: tesseract-ocr, tesseract-ocr-…).",
  previews_missing:
    "Nie powstają obrazki odebranych plików: brakuje potrzebnego dodatku (pip install 'droppr[server,previews]'). Dodaj go albo ustaw DROPPR_PREVIEWS_MB=0.",
  ffmpeg_missing:
    "Nie powstają obrazki filmów: ffmpeg nie jest zainstalowany (Debian: apt install --no-install-recommends ffmpeg). Zainstaluj go albo ustaw DROPPR_PREVIEWS_MB=0, by nie było żadnych obrazków.",
  search_missing:
    "Są linki, których pliki mają być przeszukiwane, a nic się nie znajduje: potrzebny dodatek nie jest już zainstalowany (pip install 'droppr[server,search]'). Dodaj go albo wyłącz wyszukiwanie w linkach.",
  store_leftovers:
    "W buckecie nikt nie kończy niedokończonych wysyłek, gdy ten serwer nie może: dodaj regułę cyklu życia, która przerywa niepełne wysyłki wieloczęściowe, kilka dni później niż DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_rule_short:
    "Reguła cyklu życia bucketa kończy niedokończone wysyłki wcześniej niż ten serwer, a to, co zakończy, trzeba wysłać jeszcze raz: ustaw w niej więcej dni niż DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_deletes:
    "Reguła cyklu życia bucketa usuwa według wieku obiekty pod prefiksem z DROPPR_STORE, a więc odebrane pliki: usuń ją albo wyłącz z niej ten prefiks.",
  store_not_direct:
    "Pliki idą przez ten serwer, choć ustawiono DROPPR_STORE_PUBLIC_URL: magazyn przyjmuje inne bajty niż te, które podpisano, albo pod takim adresem nie przyjmuje żadnych. Usuń to ustawienie albo użyj magazynu, który porównuje x-amz-checksum-sha256.",
  store_clock:
    "Zegary tego komputera i magazynu różnią się o ponad minutę, a od kwadransa magazyn odrzuca wszystko: niech oba ustawia NTP.",
  store_cors:
    "Bucket nie pozwala stronom tego serwera wkładać do niego części (CORS), więc przeglądarki wysyłają wszystko przez ten serwer: brakująca reguła jest w dzienniku i pod /readyz.",
  store_public_away:
    "Magazyn nie odpowiada temu komputerowi pod DROPPR_STORE_PUBLIC_URL. Jeśli nie odpowiada też nadawcom, wysyłają wszystko przez ten serwer.",
} satisfies ErrorWords;
