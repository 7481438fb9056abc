"""What chats may show of an address: nothing, unless its owner says so, and never where something has to be typed first."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from app.core.brand import Brand
from app.core.chat_previews import Preview, preview_of_link, preview_of_share
from app.core.shares import Share
from app.core.terms import CaptchaMode, ChatPreview, Terms
from app.message_settings import MessageSettings
from app.web.wire.chat_preview import link_tags, share_tags

NOW = 1000.0
BRAND = Brand("Kanzlei Roth")
SHOWN = Terms(title="Tax 2026", chat_preview=ChatPreview.YES)
SHARE = Share("s", "l", NOW, "owner", title="Drafts", sharer="Ann")


@pytest.mark.parametrize(
    ("terms", "by_server", "told"),
    [
        (SHOWN, False, Preview("Tax 2026", "Kanzlei Roth")),
        (replace(SHOWN, asker="Anna"), False, Preview("Tax 2026", "Anna")),
        (replace(SHOWN, title=""), False, Preview("", "Kanzlei Roth")),
        (replace(SHOWN, chat_preview=ChatPreview.SERVER), True, Preview("Tax 2026", "Kanzlei Roth")),
        (replace(SHOWN, chat_preview=ChatPreview.SERVER), False, None),
        (replace(SHOWN, chat_preview=ChatPreview.NO), True, None),
        (replace(SHOWN, password_hash="x"), True, None),
        (replace(SHOWN, captcha=CaptchaMode.ALWAYS), True, None),
        (replace(SHOWN, active=False), True, None),
        (replace(SHOWN, expires_at=NOW), True, None),
        (replace(SHOWN, expires_at=NOW + 1), True, Preview("Tax 2026", "Kanzlei Roth")),
    ],
)
def test_what_is_told_of_a_link(terms: Terms, by_server: bool, told: Preview | None) -> None:
    assert preview_of_link(terms, BRAND, by_server, NOW) == told


def test_a_link_with_neither_title_nor_name_has_nothing_to_show() -> None:
    assert preview_of_link(replace(SHOWN, title=""), Brand(), True, NOW) is None
    assert Terms().chat_preview is ChatPreview.SERVER


def test_shared_files_follow_their_link() -> None:
    assert preview_of_share(SHARE, SHOWN, False) == Preview("Drafts", "Ann")
    assert preview_of_share(SHARE, Terms(), True) == Preview("Drafts", "Ann")
    assert preview_of_share(SHARE, Terms(), False) is None
    assert preview_of_share(SHARE, replace(SHOWN, chat_preview=ChatPreview.NO), True) is None
    assert preview_of_share(replace(SHARE, password_hash="x"), SHOWN, True) is None
    assert preview_of_share(replace(SHARE, title="", sharer=""), SHOWN, True) is None


class Tags(HTMLParser):
    """What a chat reads of a head, and whether anything else is in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.others: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name = said.get("property") or said.get("name")
        if tag == "meta" and name and {*said} <= {"property", "name", "content"}:
            self.found[name] = said["content"] or ""
        else:
            self.others.append(tag)


@pytest.mark.parametrize(
    "hostile", ['"><script>alert(1)</script>', "' onload='x", "&quot;><b>", "a\u202eb\0c\nd", "{name}"]
)
def test_texts_of_owners_stay_texts(hostile: str) -> None:
    for tags in (
        link_tags(Preview(hostile, hostile), "en"),
        share_tags(Preview(hostile, hostile), "Files", "{name} shares these files with you."),
    ):
        read = Tags(tags)
        assert read.others == []
        shown = " ".join("".join(each if each.isprintable() else " " for each in hostile).split())
        assert read.found["og:title"] == read.found["og:site_name"] == shown
        assert shown in read.found["og:description"]
        assert "\n" not in tags


def test_every_language_of_a_server_has_its_sentences() -> None:
    languages = MessageSettings.model_fields["language"].annotation.__args__  # type: ignore[union-attr]
    told = {language: Tags(link_tags(Preview("", "Ann"), language)).found["og:title"] for language in languages}
    assert len({*told.values()}) == len(languages)
    assert all("Ann" in each for each in told.values())
    assert told["de"] == "Ann bittet Sie um Dateien."
    unnamed = Tags(link_tags(Preview("Tax", ""), "en")).found
    assert (unnamed["og:site_name"], unnamed["og:description"]) == ("Droppr", "Send files here.")
    assert unnamed["twitter:card"] == "summary"
