"""What the receivers' page says, and any address that cannot be shown, in each language that the sender's page speaks."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.core.sizes import size_text


class Words(NamedTuple):
    """``{name}`` and ``{time}`` stand for what is filled in."""

    language: str
    files: str
    """What stands above files that have no title."""
    sharer: str
    until: str
    download: str
    all: str
    more: str
    none: str
    locked: str
    password: str
    hint: str
    enter: str
    wrong: str
    too_many: str
    busy: str
    no_share: str
    expired: str
    used_up: str
    no_file: str
    not_now: str
    """Stands above what any address says that cannot be shown."""
    too_often: str
    broken: str

    @property
    def direction(self) -> str:
        return "rtl" if self.language == "ar" else "ltr"

    def size(self, bytes: int) -> str:
        return size_text(bytes, self.language).replace(" ", "\N{NO-BREAK SPACE}")


EN = Words(
    "en",
    files="Files for you",
    sharer="{name} shares these files with you.",
    until="You can download them until {time}.",
    download="Download",
    all="Download all (ZIP)",
    more="There are more files than are listed here. “Download all” has all of them.",
    none="None of these files is here any more.",
    locked="These files have a password",
    password="Password",
    hint="The person who sent you the link has it.",
    enter="Show the files",
    wrong="That is not the password. Check it and try again.",
    too_many="Too many wrong passwords. Wait a while, then try again.",
    busy="The server is busy. Try again in a moment.",
    no_share="There is no such download. Check the address for missing characters, or ask whoever sent it for a new one.",
    expired="This download has expired. Ask whoever sent you the link for a new one.",
    used_up="These files were downloaded as often as they may be. Ask whoever sent you the link for a new one.",
    no_file="Nothing to download here",
    not_now="This cannot be shown now",
    too_often="Too much was asked for from your network. Wait a few minutes, then load this page again.",
    broken="Something went wrong in the server. Try again in a moment; if it stays so, tell whoever sent you the address.",
)
DE = Words(
    "de",
    files="Dateien für Sie",
    sharer="{name} teilt diese Dateien mit Ihnen.",
    until="Sie können sie bis {time} herunterladen.",
    download="Herunterladen",
    all="Alle herunterladen (ZIP)",
    more="Es gibt mehr Dateien, als hier stehen. „Alle herunterladen“ enthält sie alle.",
    none="Keine dieser Dateien ist noch hier.",
    locked="Diese Dateien haben ein Passwort",
    password="Passwort",
    hint="Sie bekommen es von der Person, die Ihnen den Link geschickt hat.",
    enter="Dateien zeigen",
    wrong="Das ist nicht das Passwort. Prüfen Sie es und versuchen Sie es noch einmal.",
    too_many="Zu viele falsche Passwörter. Warten Sie eine Weile und versuchen Sie es dann noch einmal.",
    busy="Der Server ist beschäftigt. Versuchen Sie es gleich noch einmal.",
    no_share="Diesen Download gibt es nicht. Prüfen Sie, ob in der Adresse Zeichen fehlen, oder bitten Sie um eine neue.",
    expired="Dieser Download ist abgelaufen. Bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen.",
    used_up="Diese Dateien wurden so oft heruntergeladen, wie es erlaubt ist. Bitten Sie um einen neuen Link.",
    no_file="Hier gibt es nichts herunterzuladen",
    not_now="Das geht gerade nicht",
    too_often="Aus Ihrem Netz wurde zu oft gefragt. Warten Sie ein paar Minuten und laden Sie diese Seite dann neu.",
    broken="Auf dem Server ist etwas schiefgegangen. Versuchen Sie es gleich noch einmal; bleibt es so, sagen Sie es der Person, von der Sie die Adresse haben.",
)
FR = Words(
    "fr",
    files="Des fichiers pour vous",
    sharer="{name} partage ces fichiers avec vous.",
    until="Vous pouvez les télécharger jusqu’au {time}.",
    download="Télécharger",
    all="Tout télécharger (ZIP)",
    more="Il y a plus de fichiers que dans cette liste. « Tout télécharger » les contient tous.",
    none="Aucun de ces fichiers n’est plus ici.",
    locked="Ces fichiers ont un mot de passe",
    password="Mot de passe",
    hint="La personne qui vous a envoyé le lien le connaît.",
    enter="Afficher les fichiers",
    wrong="Ce n’est pas le mot de passe. Vérifiez-le et réessayez.",
    too_many="Trop de mots de passe erronés. Attendez un peu, puis réessayez.",
    busy="Le serveur est occupé. Réessayez dans un instant.",
    no_share="Ce téléchargement n’existe pas. Vérifiez qu’il ne manque rien à l’adresse, ou demandez-en une nouvelle.",
    expired="Ce téléchargement a expiré. Demandez un nouveau lien à la personne qui vous l’a envoyé.",
    used_up="Ces fichiers ont été téléchargés autant de fois que permis. Demandez un nouveau lien.",
    no_file="Rien à télécharger ici",
    not_now="Impossible d’afficher ceci pour l’instant",
    too_often="Trop de demandes sont venues de votre réseau. Attendez quelques minutes, puis rechargez cette page.",
    broken="Une erreur s’est produite sur le serveur. Réessayez dans un instant ; si cela persiste, prévenez la personne qui vous a envoyé l’adresse.",
)
ES = Words(
    "es",
    files="Archivos para usted",
    sharer="{name} comparte estos archivos con usted.",
    until="Puede descargarlos hasta el {time}.",
    download="Descargar",
    all="Descargar todo (ZIP)",
    more="Hay más archivos de los que se muestran aquí. «Descargar todo» los contiene todos.",
    none="Ninguno de estos archivos está ya aquí.",
    locked="Estos archivos tienen contraseña",
    password="Contraseña",
    hint="La tiene la persona que le envió el enlace.",
    enter="Mostrar los archivos",
    wrong="Esa no es la contraseña. Compruébela e inténtelo de nuevo.",
    too_many="Demasiadas contraseñas incorrectas. Espere un poco e inténtelo de nuevo.",
    busy="El servidor está ocupado. Inténtelo de nuevo en un momento.",
    no_share="Esta descarga no existe. Compruebe que a la dirección no le falte nada, o pida una nueva.",
    expired="Esta descarga ha caducado. Pida un enlace nuevo a la persona que se lo envió.",
    used_up="Estos archivos se descargaron tantas veces como está permitido. Pida un enlace nuevo.",
    no_file="No hay nada que descargar",
    not_now="Ahora no se puede mostrar",
    too_often="Ha habido demasiadas peticiones desde su red. Espere unos minutos y vuelva a cargar esta página.",
    broken="Algo ha fallado en el servidor. Inténtelo de nuevo en un momento; si sigue igual, avise a quien le envió la dirección.",
)
PL = Words(
    "pl",
    files="Pliki dla Ciebie",
    sharer="{name} udostępnia Ci te pliki.",
    until="Można je pobrać do {time}.",
    download="Pobierz",
    all="Pobierz wszystko (ZIP)",
    more="Plików jest więcej, niż tu widać. „Pobierz wszystko” zawiera je wszystkie.",
    none="Żadnego z tych plików już tu nie ma.",
    locked="Te pliki są chronione hasłem",
    password="Hasło",
    hint="Zna je osoba, która przysłała link.",
    enter="Pokaż pliki",
    wrong="To nie jest to hasło. Sprawdź je i spróbuj ponownie.",
    too_many="Zbyt wiele błędnych haseł. Odczekaj chwilę i spróbuj ponownie.",
    busy="Serwer jest zajęty. Spróbuj ponownie za chwilę.",
    no_share="Nie ma takich plików do pobrania. Sprawdź, czy w adresie niczego nie brakuje, albo poproś o nowy.",
    expired="Pobieranie wygasło. Poproś o nowy link osobę, która go przysłała.",
    used_up="Te pliki pobrano już tyle razy, ile było można. Poproś o nowy link.",
    no_file="Nie ma tu nic do pobrania",
    not_now="Teraz nie można tego pokazać",
    too_often="Z Twojej sieci przyszło zbyt wiele zapytań. Odczekaj kilka minut i wczytaj tę stronę ponownie.",
    broken="Na serwerze coś poszło nie tak. Spróbuj ponownie za chwilę; jeśli to nie pomoże, powiedz o tym osobie, która przysłała adres.",
)
JA = Words(
    "ja",
    files="あなた宛てのファイル",
    sharer="{name} さんがこれらのファイルを共有しています。",
    until="{time} までダウンロードできます。",
    download="ダウンロード",
    all="すべてダウンロード (ZIP)",
    more="ここに表示されていないファイルもあります。「すべてダウンロード」にはすべて含まれます。",
    none="これらのファイルはもうありません。",
    locked="これらのファイルにはパスワードが必要です",
    password="パスワード",
    hint="リンクを送ってくれた方が知っています。",
    enter="ファイルを表示",
    wrong="パスワードが違います。確認してもう一度入力してください。",
    too_many="パスワードの誤りが多すぎます。しばらく待ってからもう一度お試しください。",
    busy="サーバーが混み合っています。少し待ってからもう一度お試しください。",
    no_share="このダウンロードはありません。アドレスに抜けがないか確認するか、送ってくれた方に新しいものを頼んでください。",
    expired="このダウンロードの期限は切れています。リンクを送ってくれた方に新しいものを頼んでください。",
    used_up="これらのファイルはダウンロードできる回数に達しました。新しいリンクを頼んでください。",
    no_file="ダウンロードできるものはありません",
    not_now="今は表示できません",
    too_often="お使いのネットワークからの要求が多すぎます。数分待ってから、このページを読み込み直してください。",
    broken="サーバーで問題が起きました。少し待ってからもう一度お試しください。続く場合は、アドレスを送ってくれた方にお知らせください。",
)
AR = Words(
    "ar",
    files="ملفات لك",
    sharer="يشارك {name} هذه الملفات معك.",
    until="يمكنك تنزيلها حتى {time}.",
    download="تنزيل",
    all="تنزيل الكل (ZIP)",
    more="توجد ملفات أكثر مما يظهر هنا. «تنزيل الكل» يشملها جميعًا.",
    none="لم يعد أي من هذه الملفات هنا.",
    locked="هذه الملفات محمية بكلمة مرور",
    password="كلمة المرور",
    hint="تجدها عند من أرسل إليك الرابط.",
    enter="عرض الملفات",
    wrong="ليست هذه كلمة المرور. تحقق منها وحاول مرة أخرى.",
    too_many="كلمات مرور خاطئة كثيرة. انتظر قليلًا ثم حاول مرة أخرى.",
    busy="الخادم مشغول. حاول مرة أخرى بعد قليل.",
    no_share="لا يوجد تنزيل كهذا. تحقق من أن العنوان كامل، أو اطلب عنوانًا جديدًا ممن أرسله.",
    expired="انتهت صلاحية هذا التنزيل. اطلب رابطًا جديدًا ممن أرسله إليك.",
    used_up="نُزّلت هذه الملفات العدد المسموح به من المرات. اطلب رابطًا جديدًا ممن أرسله إليك.",
    no_file="لا شيء للتنزيل هنا",
    not_now="لا يمكن عرض هذا الآن",
    too_often="وردت طلبات كثيرة جدًا من شبكتك. انتظر بضع دقائق ثم حمّل هذه الصفحة من جديد.",
    broken="حدث خطأ في الخادم. حاول مرة أخرى بعد قليل؛ وإن استمر ذلك فأخبر من أرسل إليك العنوان.",
)
LANGUAGES = {each.language: each for each in (EN, DE, FR, ES, PL, JA, AR)}


def words_for(chosen: str, accepted: str) -> Words:
    """In the language that was chosen on the sender's page, else in the first of the browser's that there is, else in English."""
    wanted = (re.split("[-;]", each.strip().lower(), maxsplit=1)[0] for each in [chosen, *accepted.split(",")])
    return next((LANGUAGES[each] for each in wanted if each in LANGUAGES), EN)
