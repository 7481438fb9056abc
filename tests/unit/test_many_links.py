"""A link for each row of a table."""

from __future__ import annotations

from io import BytesIO

import click
import pytest

from droppr_client.many_links import bodies, filled, read_table

CLIENTS = "name,folder\nAnna Berg,berg\nTom / Sons,tom\n"


def table(text: str | bytes):
    return read_table(BytesIO(text if isinstance(text, bytes) else text.encode()))


def test_each_row_says_what_stands_in_braces() -> None:
    made = bodies(table(CLIENTS), "clients/{name}", {"title": "Papers of {name}", "max_files": 5})
    assert made == [
        {"folder": "clients/Anna Berg", "recipient_name": "Anna Berg", "title": "Papers of Anna Berg", "max_files": 5},
        {
            "folder": "clients/Tom - Sons",
            "recipient_name": "Tom / Sons",
            "title": "Papers of Tom / Sons",
            "max_files": 5,
        },
    ]


@pytest.mark.parametrize(
    "text",
    [
        CLIENTS,
        CLIENTS.replace(",", ";"),
        CLIENTS.replace(",", "\t"),
        CLIENTS.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + CLIENTS.encode(),
        CLIENTS + "\n,\n",
        'name,folder\n"Anna\nBerg",berg\nTom / Sons,tom',
    ],
)
def test_tables_are_read_as_spreadsheets_write_them(text: str | bytes) -> None:
    read = table(text)
    assert [(row["name"], row["folder"]) for row in read.rows] == [("Anna Berg", "berg"), ("Tom / Sons", "tom")]


def test_what_was_printed_is_read_again_and_only_what_is_missing_made() -> None:
    for text in ('name,who\na,"x, y"\nb,\n', 'name;who\na;"x; y"\nb;\n', "name\twho\na\tx\nb\t\n"):
        read = table(text)
        made: list[object] = []

        def make(body: dict[str, object], made: list[object] = made) -> str:
            if len(made) == 1:
                raise KeyboardInterrupt
            made.append(body["folder"])
            return f"https://x/request/{len(made)}"

        rows = filled(read, bodies(read, "in/{name}", {}), make)
        printed = [read.line(), read.line(next(rows))]
        with pytest.raises(KeyboardInterrupt):
            next(rows)
        again = table("\n".join(printed) + "\n" + "\n".join(text.splitlines()[2:]).replace("\t", ",") + "\n")
        assert again.rows[0]["link"] == "https://x/request/1"
        assert [body and body["folder"] for body in bodies(again, "in/{name}", {})] == [None, "in/b"]
        assert again.line(again.rows[0]) == printed[1]


@pytest.mark.parametrize(
    ("text", "folder", "said"),
    [
        (b"\xff\xfe", "x", "UTF-8"),
        ("", "x", "no rows"),
        ("name\n", "x", "no rows"),
        ("a,a\n1,2", "x", "Two columns"),
        ("a,\n1,2", "x", "no name"),
        ("a\n1,2", "x", "Row 2"),
        ('a\n"1', "x", "cannot be read"),
        ("name\n" + "a\n" * 10_001, "x", "10,000"),
        (CLIENTS, "clients/{nom}", "no column 'nom'"),
        (CLIENTS, "clients/{name.__class__}", "no column"),
        ("name,b\n,1", "clients/{name}", "Row 2 says nothing"),
        ("name,b\nx,1\nx,2", "clients/{name}", "share the folder"),
    ],
)
def test_what_cannot_be_is_said_before_a_link_is_made(text: str | bytes, folder: str, said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        bodies(table(text), folder, {})


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("Name,E-Mail\nAnna,anna@Example.org\n", {"recipient_name": "Anna", "recipient_email": "anna@example.org"}),
        ("who,mail\nAnna,anna@example.org\n", {"recipient_email": "anna@example.org"}),
        ("name,address\nAnna,anna@example.org\n", {"recipient_name": "Anna", "recipient_email": "anna@example.org"}),
        ("name,address\nAnna,1 Main Street\n", {"recipient_name": "Anna"}),
        ("name,email\n,\nx,y@example.org\n", {"recipient_name": "x", "recipient_email": "y@example.org"}),
        ("folder\na\n", {}),
        ("name,Language\nAnna,FR\n", {"recipient_name": "Anna", "recipient_language": "fr"}),
        ("name,language\nAnna,\n", {"recipient_name": "Anna"}),
    ],
)
def test_columns_say_for_whom_a_link_is(text: str, whom: dict[str, str]) -> None:
    (made,) = bodies(table(text), "in", {})
    assert made == {"folder": "in", **whom}


def test_what_an_option_says_counts_before_a_column() -> None:
    (made,) = bodies(table("name,boss\nAnna,Ben\n"), "in", {"recipient_name": "{boss}"})
    assert made is not None
    assert made["recipient_name"] == "Ben"


def test_a_wrong_address_stops_everything_before_the_first_link() -> None:
    with pytest.raises(click.UsageError, match="Row 3: 'b@' is no e-mail address"):
        bodies(table("email\na@example.org\nb@\n"), "in", {})


def test_so_does_a_language_that_there_is_not() -> None:
    with pytest.raises(click.UsageError, match="Row 3: write the language as one of auto, ar, de"):
        bodies(table("name,language\nAnna,de\nBen,Klingon\n"), "in", {})
