"""Due dates: how a link stands to its own, and when people are reminded."""

from __future__ import annotations

import pytest

from app.core.due import DAY_SECONDS, Due, due_of, last_reminder, next_reminder
from app.core.terms import Terms
from app.web.wire.json_body import parse
from app.web.wire.request_bodies import LinkTerms

DUE = 100 * DAY_SECONDS + 3600.0
TERMS = Terms(due_at=DUE, reminders=(7, 1, -1))


@pytest.mark.parametrize(
    ("terms", "finished", "days", "found"),
    [
        (Terms(), 0, 0, Due.NONE),
        (TERMS, False, 7.001, Due.LATER),
        (TERMS, False, 7, Due.SOON),
        (TERMS, False, 1, Due.SOON),
        (TERMS, False, 0, Due.LATE),
        (Terms(due_at=DUE, recipient_name="Anna"), False, 1, Due.SOON),
        (Terms(due_at=DUE, recipient_name="Anna"), True, 1, Due.DONE),
        (Terms(due_at=DUE, recipient_email="a@b.example"), True, -9, Due.DONE),
        (Terms(due_at=DUE, active=False), False, -1, Due.NONE),
        (Terms(due_at=DUE, expires_at=DUE), False, -1, Due.NONE),
    ],
)
def test_a_link_stands_to_its_date_as_people_would_say(terms: Terms, finished: bool, days: float, found: Due) -> None:
    assert due_of(terms, finished, DUE - days * DAY_SECONDS) is found


def test_people_are_reminded_at_the_hour_at_which_files_are_due() -> None:
    times, now = [], 0.0
    while (at := next_reminder(TERMS, now)) is not None:
        times.append(at)
        now = at
    assert times == [DUE - 7 * DAY_SECONDS, DUE - DAY_SECONDS, DUE + DAY_SECONDS]
    assert next_reminder(Terms(reminders=(1,)), 0.0) is None


def test_who_was_away_makes_up_for_the_newest_alone() -> None:
    assert last_reminder(TERMS, DUE - 7 * DAY_SECONDS - 1) is None
    assert last_reminder(TERMS, DUE - 7 * DAY_SECONDS) == 7
    assert last_reminder(TERMS, DUE) == 1
    assert last_reminder(TERMS, DUE + 30 * DAY_SECONDS) == -1


def test_late_files_are_refused_only_where_that_was_said() -> None:
    assert not TERMS.is_overdue(DUE + 1)
    strict = Terms(due_at=DUE, allow_late=False)
    assert [strict.is_overdue(DUE - 1), strict.is_overdue(DUE)] == [False, True]
    assert not Terms(allow_late=False).is_overdue(DUE)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (1_783_094_400, 1_783_094_400.0),
        ("1783094400", 1_783_094_400.0),
        ("2026-07-03T18:00:00+02:00", 1_783_094_400.0),
        ("2026-07-03T16:00Z", 1_783_094_400.0),
        (None, None),
        ("", None),
    ],
)
def test_a_time_is_read_in_either_way(given: object, kept: float | None) -> None:
    assert parse(LinkTerms, {"due_at": given}).terms() == {"due_at": kept}


@pytest.mark.parametrize(
    "given",
    [True, -1, 0, 1e18, float("nan"), float("inf"), "soon", "2026-07-03T18:00", "2026-13-01T00:00Z", [1], {}],
)
def test_what_is_no_time_is_refused_in_a_sentence(given: object) -> None:
    with pytest.raises(Exception, match="a time with its zone") as refused:
        parse(LinkTerms, {"due_at": given})
    assert refused.value.code == "invalid_request"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([1, -1, 7, 7], (7, 1, -1)),
        ("7, 1;-1", (7, 1, -1)),
        ("", ()),
        (None, ()),
        ([], ()),
        ([0], (0,)),
        ([90, -90], (90, -90)),
    ],
)
def test_days_are_read_as_a_list_or_a_text(given: object, kept: tuple[int, ...]) -> None:
    assert parse(LinkTerms, {"reminders": given}).terms() == {"reminders": kept}


@pytest.mark.parametrize("given", [[91], [-91], "a", [1.5], [True], {"a": 1}, list(range(11)), 7, "9" * 5000])
def test_what_are_no_days_are_refused(given: object) -> None:
    with pytest.raises(Exception, match="reminders"):
        parse(LinkTerms, {"reminders": given})


@pytest.mark.parametrize(
    ("given", "kept"), [(" Anna@Example.ORG ", "Anna@example.org"), ("", ""), ("  ", ""), (None, "")]
)
def test_an_address_is_kept_as_mail_is_sent_to_it(given: object, kept: str) -> None:
    assert parse(LinkTerms, {"recipient_email": given}).terms() == {"recipient_email": kept}


@pytest.mark.parametrize("given", ["anna", "a@b, c@d.example", "a@b.example\nBcc: x@y.example", 5])
def test_what_is_no_address_is_refused(given: object) -> None:
    with pytest.raises(Exception, match="recipient_email"):
        parse(LinkTerms, {"recipient_email": given})
