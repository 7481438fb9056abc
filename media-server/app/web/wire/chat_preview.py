"""What chats read of a page: the Open Graph's properties, in the language of the server, as whoever asks for a chat says none."""

from __future__ import annotations

from html import escape

from app.core.chat_previews import Preview

PRODUCT = "Droppr"
_ASKED = {
    "ar": ("يطلب منك {name} ملفات.", "أرسل الملفات هنا."),
    "de": ("{name} bittet Sie um Dateien.", "Senden Sie hier Dateien."),
    "en": ("{name} asks you for files.", "Send files here."),
    "es": ("{name} le pide archivos.", "Envíe archivos aquí."),
    "fr": ("{name} vous demande des fichiers.", "Envoyez des fichiers ici."),
    "ja": ("{name} がファイルを求めています。", "ここからファイルを送れます。"),
    "pl": ("{name} prosi o pliki.", "Wyślij tutaj pliki."),
}
"""Where it is known who asks, and where not."""


def link_tags(preview: Preview, language: str) -> str:
    """For the head of a sender's page."""
    named, unnamed = _ASKED[language]
    told = named.replace("{name}", preview.name) if preview.name else unnamed
    return _tags(preview.title or told, preview.name, told)


def share_tags(preview: Preview, title: str, sentence: str) -> str:
    """For the head of a receivers' page: ``title`` is what stands above files that have none, ``sentence`` who shares them."""
    told = sentence.replace("{name}", preview.name) if preview.name else title
    return _tags(preview.title or title, preview.name, told)


def _tags(title: str, site: str, description: str) -> str:
    told = {"og:type": "website", "og:title": title, "og:site_name": site or PRODUCT, "og:description": description}
    tags = (f'<meta property="{name}" content="{escape(_line(value))}">' for name, value in told.items())
    return "".join(tags) + '<meta name="twitter:card" content="summary">'


def _line(text: str) -> str:
    """Without what has no place in a line: chats show what they are given."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
