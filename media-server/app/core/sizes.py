"""Sizes and numbers for people, in 1024s and as the pages write them in their language."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB", "PB")
_OTHER_UNITS = {
    "ar": ("كيلوبايت", "م.ب", "غ.ب", "تيرابايت", "بيتابايت"),
    "fr": ("ko", "Mo", "Go", "To", "Po"),
    "ja": ("KB", "MB", "GB", "TB", "PB"),
}
_ONE, _FEW, _MANY = range(3)
_BYTES = {
    "ar": ("بايت", "بايت", "بايت"),
    "de": ("Byte", "Byte", "Byte"),
    "fr": ("octet", "octets", "octets"),
    "ja": ("バイト", "バイト", "バイト"),
    "pl": ("bajt", "bajty", "bajtów"),
}
_OTHER_BYTES = ("byte", "bytes", "bytes")
_DECIMAL = {"de": ",", "es": ",", "fr": ",", "pl": ","}
_THOUSANDS = {"de": ".", "es": ".", "fr": "\N{NARROW NO-BREAK SPACE}", "pl": "\N{NO-BREAK SPACE}"}
# Where four digits stand together.
_LONGER = {"es", "pl"}


def size_text(size: int, language: str) -> str:
    shown, power = float(size), 0
    while shown >= 1024 and power < len(_UNITS):
        shown, power = shown / 1024, power + 1
    if power == 0:
        return f"{count_text(size, language)} {_BYTES.get(language, _OTHER_BYTES)[_form(size, language)]}"
    unit = _OTHER_UNITS.get(language, _UNITS)[power - 1]
    if shown >= 100:
        return f"{count_text(round(shown), language)} {unit}"
    text = f"{shown:.1f}".removesuffix(".0").replace(".", _DECIMAL.get(language, "."))
    return f"{text} {unit}"


def _form(count: int, language: str) -> int:
    """Which of a word's forms goes with a number; a few are told apart from many where a language does so."""
    if count == 1 or (count == 0 and language == "fr"):
        return _ONE
    return _FEW if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else _MANY


def count_text(count: int, language: str) -> str:
    if count < 10_000 and language in _LONGER:
        return str(count)
    return f"{count:,}".replace(",", _THOUSANDS.get(language, ","))
