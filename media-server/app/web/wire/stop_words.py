"""What the page says by which people end reminders, in each language that mails are written in."""

from __future__ import annotations

from typing import NamedTuple


class StopWords(NamedTuple):
    title: str
    about: str
    stays: str
    """What it does not end."""
    stop: str
    done: str
    done_about: str


STOP_WORDS = {
    "en": StopWords(
        title="Stop reminders?",
        about="This server reminds you by mail of files that somebody has asked you for.",
        stays="Links that were sent to you stay as they are.",
        stop="Send me no more reminders",
        done="You get no more reminders",
        done_about="This server reminds your address of no files any more.",
    ),
    "de": StopWords(
        title="Keine Erinnerungen mehr?",
        about="Dieser Server erinnert Sie per Mail an Dateien, um die jemand Sie gebeten hat.",
        stays="Links, die Sie bekommen haben, bleiben, wie sie sind.",
        stop="Keine Erinnerungen mehr senden",
        done="Sie bekommen keine Erinnerungen mehr",
        done_about="Dieser Server erinnert Ihre Adresse an keine Dateien mehr.",
    ),
    "fr": StopWords(
        title="Arrêter les rappels\u00a0?",
        about="Ce serveur vous rappelle par e-mail les fichiers que quelqu’un vous a demandés.",
        stays="Les liens que vous avez reçus restent tels quels.",
        stop="Ne plus m’envoyer de rappels",
        done="Vous ne recevrez plus de rappels",
        done_about="Ce serveur ne rappelle plus aucun fichier à votre adresse.",
    ),
    "es": StopWords(
        title="¿Dejar de recibir recordatorios?",
        about="Este servidor le recuerda por correo los archivos que alguien le ha pedido.",
        stays="Los enlaces que ha recibido quedan como están.",
        stop="No enviarme más recordatorios",
        done="Ya no recibirá más recordatorios",
        done_about="Este servidor ya no recuerda ningún archivo a su dirección.",
    ),
    "pl": StopWords(
        title="Zakończyć przypomnienia?",
        about="Ten serwer przypomina Ci pocztą o plikach, o które ktoś Cię poprosił.",
        stays="Otrzymane linki pozostają bez zmian.",
        stop="Nie wysyłaj mi więcej przypomnień",
        done="Nie będzie więcej przypomnień",
        done_about="Ten serwer nie przypomina już o żadnych plikach na Twój adres.",
    ),
    "ar": StopWords(
        title="هل تريد إيقاف التذكيرات؟",
        about="يذكّرك هذا الخادم بالبريد بملفات طلبها منك شخص ما.",
        stays="تبقى الروابط التي أُرسلت إليك كما هي.",
        stop="لا ترسل إليّ تذكيرات أخرى",
        done="لن تصلك تذكيرات بعد الآن",
        done_about="لن يذكّر هذا الخادم عنوانك بأي ملفات بعد الآن.",
    ),
    "ja": StopWords(
        title="リマインダーを停止しますか？",
        about="このサーバーは、送付を依頼されたファイルについてメールでお知らせしています。",
        stays="届いたリンクはそのまま使えます。",
        stop="今後リマインダーを受け取らない",
        done="リマインダーは今後届きません",
        done_about="このサーバーからこのアドレスへファイルのリマインダーが送られることはありません。",
    ),
}
