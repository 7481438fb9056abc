"""Colours of those who ask: what can be read is taken, and made into the ones that the page needs."""

from __future__ import annotations

import random

import pytest

from app.core.colours import DARK, ENOUGH, LIGHT, accent_colour, contrast, dark_accents, light_accents, mixed


def test_contrast_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)
    assert contrast("#0b6f66", "#0b6f66") == 1


@pytest.mark.parametrize(("written", "kept"), [("", ""), (" #0B6F66 ", "#0b6f66"), ("#000000", "#000000")])
def test_colours_are_kept_in_one_spelling(written, kept):
    assert accent_colour(written) == kept


@pytest.mark.parametrize("written", ["red", "#fff", "0b6f66", "#0b6f6", "#0b6f66;", "#0b6f66ff", "#gggggg"])
def test_what_is_no_colour_is_refused(written):
    with pytest.raises(ValueError, match="#0b6f66"):
        accent_colour(written)


def test_a_colour_that_cannot_be_read_is_refused_with_its_contrast_where_that_is_least():
    with pytest.raises(ValueError, match=r"#ff8800 reaches 2\.1 : 1 on the page's paper, and texts need 4\.5 : 1"):
        accent_colour("#FF8800")
    with pytest.raises(ValueError, match=r"reaches 4\.\d : 1 on the page's paper"):
        accent_colour("#767676")  # Enough on white, and not on paper.


def test_all_that_is_made_of_a_colour_can_be_read():
    chance = random.Random(5)
    taken = ["#000000", "#0000ff", "#0b6f66", "#7a1f5c"]
    while len(taken) < 300:
        colour = f"#{chance.randrange(2**24):06x}"
        if min(contrast(colour, each) for each in LIGHT.values()) >= ENOUGH:
            taken.append(colour)
    for colour in taken:
        for made, ground, quiet in ((light_accents(colour), LIGHT, "#55625f"), (dark_accents(colour), DARK, "#a3b0ac")):
            readable = [(made.accent, each) for each in (*ground.values(), made.accent_soft, made.on_accent)]
            readable += [(quiet, made.accent_soft), (made.on_accent, made.accent_strong)]
            assert min(contrast(*pair) for pair in readable) >= ENOUGH, (colour, made)
        assert light_accents(colour).accent == colour


def test_mixing_goes_from_one_to_the_other():
    assert [mixed("#000000", "#ffffff", share) for share in (0, 0.5, 1)] == ["#000000", "#808080", "#ffffff"]
