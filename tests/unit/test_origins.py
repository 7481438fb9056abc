"""Origins as owners write them, and as browsers do."""

from __future__ import annotations

import pytest

from app.core.errors import InvalidRequest
from app.core.origins import admits, names, origin_list
from app.settings import InvalidSettings, load_settings
from app.web.wire.json_body import parse
from app.web.wire.request_bodies import LinkTerms

WWW = "https://www.example.org"


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["*"], ("*",)),
        ([WWW, " * "], ("*",)),
        (["none"], ()),
        ([""], ()),
        ([], ()),
        ([f"{WWW}/"], (WWW,)),
        (["HTTPS://WWW.Example.org:443"], (WWW,)),
        (["http://nas.local:80, http://nas.local:8080"], ("http://nas.local", "http://nas.local:8080")),
        (
            ["https://[::1]:8443;https://xn--a.example https://xn--a.example"],
            ("https://[::1]:8443", "https://xn--a.example"),
        ),
    ],
)
def test_origins_are_kept_as_browsers_write_them(texts: list[str], kept: tuple[str, ...]) -> None:
    assert origin_list(texts) == kept


@pytest.mark.parametrize(
    "text",
    [
        "www.example.org",
        "https://",
        f"{WWW}/page",
        f"{WWW}?a",
        f"{WWW}:99999",
        "https://user@www.example.org",
        "https://*.example.org",
        "https://bücher.example",
        "null",
        "file://",
        f"{WWW}' 'unsafe",
    ],
)
def test_what_is_no_origin_is_refused_with_how_to_write_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"https://www\.example\.org"):
        origin_list([text])
    with pytest.raises(InvalidRequest) as refused:
        parse(LinkTerms, {"allowed_origins": text})
    assert "allowed_origins" in str(refused.value.details["fields"])
    for name in ("DROPPR_ALLOWED_ORIGINS", "DROPPR_FRAME_ANCESTORS"):
        monkeypatch.setenv(name, text)
        with pytest.raises(InvalidSettings, match=rf"^{name}: .*https://www\.example\.org"):
            load_settings()
        monkeypatch.delenv(name)


def test_all_are_admitted_by_a_star_and_only_names_name() -> None:
    assert admits(("*",), "null")
    assert admits((WWW,), WWW.upper())
    assert not names(("*",), WWW)
    assert names((WWW,), WWW)
    for other in ("null", "", f"{WWW}:8443", f"{WWW}.evil.example", "http://www.example.org"):
        assert not admits((WWW,), other)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), ("", None), ("none", ()), ([], ()), ("*", ("*",)), ([WWW, f"{WWW}:443"], (WWW,)), (WWW, (WWW,))],
)
def test_a_link_has_origins_of_its_own_or_the_servers(given: object, kept: tuple[str, ...] | None) -> None:
    assert parse(LinkTerms, {"allowed_origins": given}).terms() == {"allowed_origins": kept}


@pytest.mark.parametrize("given", [7, [7], {"a": 1}, [f"https://{number}.example" for number in range(101)]])
def test_what_is_no_list_of_origins_is_refused(given: object) -> None:
    with pytest.raises(InvalidRequest):
        parse(LinkTerms, {"allowed_origins": given})
