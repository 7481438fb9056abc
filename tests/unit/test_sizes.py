"""Sizes and numbers as people read them: as the pages write them, which leave it to the browser."""

from __future__ import annotations

import json
import subprocess

import pytest

from app.core.sizes import count_text, size_text
from app.services.messages.languages import LANGUAGES as WORDS

LANGUAGES = ("ar", "de", "en", "es", "fr", "ja", "pl")
SIZES = (
    0,
    1,
    2,
    5,
    12,
    22,
    100,
    1000,
    1023,
    1024,
    1536,
    37_581,
    100 * 1024,
    1024**2,
    5 * 1024**3 + 2**29,
    5 * 1024**4,
    1023 * 1024**4,
)
COUNTS = (1, 999, 1000, 9999, 10_000, 1_234_567)
# What nginx/src/page/format.ts does.
SCRIPT = """
const [languages, sizes, counts] = JSON.parse(process.argv[1]);
const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const size = (language, bytes) => {
  const power = Math.floor(Math.log2(Math.max(1, bytes)) / 10);
  const value = bytes / 1024 ** power;
  const style = { style: "unit", unit: units[power], unitDisplay: power ? "short" : "long", maximumFractionDigits: value >= 100 ? 0 : 1 };
  return new Intl.NumberFormat(language, style).format(value);
};
const found = {};
for (const language of languages)
  found[language] = [
    sizes.map((each) => size(language, each)),
    counts.map((each) => new Intl.NumberFormat(language).format(each)),
  ];
console.log(JSON.stringify(found));
"""


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1000, "1,000 bytes"),
        (1024, "1 kB"),
        (1536, "1.5 kB"),
        (5 * 1024**4, "5 TB"),
        (1024**6, "1,024 PB"),
    ],
)
def test_sizes_in_english(size: int, text: str) -> None:
    assert size_text(size, "en") == text


def test_a_language_writes_them_as_its_pages_do() -> None:
    told = json.dumps([LANGUAGES, SIZES, COUNTS])
    said = subprocess.run(["node", "-e", SCRIPT, told], capture_output=True, text=True, check=True)
    for language, (sizes, counts) in json.loads(said.stdout).items():
        # Which kind of space stands before a unit is the browser's affair.
        assert [" ".join(size_text(each, language).split()) for each in SIZES] == [
            " ".join(each.split()) for each in sizes
        ], language
        assert [count_text(each, language) for each in COUNTS] == counts, language


def test_no_language_of_mails_is_left_out() -> None:
    assert set(WORDS) == set(LANGUAGES)
