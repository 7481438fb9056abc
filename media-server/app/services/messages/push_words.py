"""What browsers are told, in the languages of the pages. A language has the forms for numbers that it needs, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _one_or_other(count: int) -> str:
    return "one" if count == 1 else "other"


def _french(count: int) -> str:
    return "one" if count < 2 else "other"


def _polish(count: int) -> str:
    if count == 1:
        return "one"
    return "few" if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else "many"


def _arabic(count: int) -> str:
    if count < 3:
        return ("zero", "one", "two")[count]
    rest = count % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


def _japanese(_: int) -> str:
    return "other"


@dataclass(frozen=True, slots=True)
class PushWords:
    """Texts of one language. Braces are filled in."""

    files: Mapping[str, str]
    """How many files, by the form for the number."""
    sent: str
    several: str
    """By several senders, of whom one is named."""
    unknown: str
    """By nobody who has said who they are."""
    test: str
    form: Callable[[int], str] = _one_or_other
    direction: str = "ltr"


_WORDS = {
    "en": PushWords(
        {"one": "1 file", "other": "{n} files"},
        "{who} sent {files}",
        "{who} and others sent {files}",
        "New: {files}",
        "This browser is told what arrives.",
    ),
    "de": PushWords(
        {"one": "1 Datei", "other": "{n} Dateien"},
        "{who} hat {files} geschickt",
        "{files} von {who} und anderen",
        "Neu: {files}",
        "Dieser Browser erfährt, was ankommt.",
    ),
    "es": PushWords(
        {"one": "1 archivo", "other": "{n} archivos"},
        "{who} ha enviado {files}",
        "{files} de {who} y otras personas",
        "Nuevo: {files}",
        "Este navegador recibe los avisos de lo que llega.",
    ),
    "fr": PushWords(
        {"one": "{n} fichier", "other": "{n} fichiers"},
        "{who} a envoyé {files}",
        "{who} et d’autres ont envoyé {files}",
        "Nouveau\u00a0: {files}",
        "Ce navigateur est averti de ce qui arrive.",
        _french,
    ),
    "pl": PushWords(
        {"one": "1 plik", "few": "{n} pliki", "many": "{n} plików"},
        "{files} od: {who}",
        "{files} od: {who} i innych",
        "Nowe: {files}",
        "Ta przeglądarka dostaje wiadomość o tym, co przychodzi.",
        _polish,
    ),
    "ja": PushWords(
        {"other": "{n}件のファイル"},
        "{who}さんから{files}が届きました",
        "{who}さんほかから{files}が届きました",
        "新着：{files}",
        "届いたものはこのブラウザーに通知されます。",
        _japanese,
    ),
    "ar": PushWords(
        {
            "zero": "{n} ملف",
            "one": "ملف واحد",
            "two": "ملفان",
            "few": "{n} ملفات",
            "many": "{n} ملفًا",
            "other": "{n} ملف",
        },
        "{files} من {who}",
        "{files} من {who} وآخرين",
        "جديد: {files}",
        "يُبلَّغ هذا المتصفح بما يصل.",
        _arabic,
        "rtl",
    ),
}
PUSH_LANGUAGES = tuple(_WORDS)


def push_language(asked: str) -> str:
    """The language of ours that a browser means, by its own name for it, such as ``de-AT``; English where there is none."""
    short = asked.partition("-")[0].lower()
    return short if short in _WORDS else "en"


def push_words(language: str) -> PushWords:
    return _WORDS[push_language(language)]
