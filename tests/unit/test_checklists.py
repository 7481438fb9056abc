"""What follows from items, questions and what was sent: rules alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.core.checklists import (
    RECIPIENT,
    ItemRecord,
    ItemState,
    Party,
    PartyState,
    Verdict,
    answered,
    check_answered,
    check_item,
    is_finished,
    narrowed,
    note_for_sender,
    party_of,
    party_state,
    state_of,
    unanswered,
)
from app.core.errors import AnswersRequired, InvalidRequest, ItemNotFound
from app.core.items import Item, Question, QuestionKind
from app.core.links import RequestLink, link_document, link_of
from app.core.paths import RelPath
from app.core.terms import Terms

KEY = "k" * 22
TAX = Item("tax00000", "Tax return", count=2)
PASS = Item("pass0000", "Passport", extensions=("jpg",))
MORE = Item("more0000", "More", required=False)
WHO = Question("who00000", "Whose?", required=True)
KIND = Question("kind0000", "Which?", QuestionKind.CHOICE, choices=("red", "blue"))
DAY = Question("day00000", "When?", QuestionKind.DATE)
YES = Question("yes00000", "Agreed?", QuestionKind.AGREE, required=True)


def link(hash: str = "h" * 32, **terms) -> RequestLink:
    return RequestLink(hash, RelPath.parse("in"), 1.0, Terms(**terms))


def sent(files: int, verdict: Verdict | None = None, note: str = "") -> ItemRecord:
    return ItemRecord(files, 0, verdict, note, 5.0)


def test_a_party_is_a_key_on_one_link_and_tells_nothing_of_it():
    here = party_of(link(), KEY)
    assert here == party_of(link(items=(TAX,)), KEY)
    assert here != party_of(link("g" * 32), KEY)
    assert here != party_of(link(), "l" * 22)
    assert re.fullmatch(r"[0-9a-f]{16}", str(here))
    assert party_of(link(), None) is None


@pytest.mark.parametrize("terms", [{"recipient_name": "Ann"}, {"recipient_email": "ann@example.org"}])
def test_whoever_opens_a_personal_link_is_the_same_party(terms):
    assert {party_of(link(**terms), key) for key in (KEY, None, "l" * 22)} == {RECIPIENT}


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (sent(0), ItemState.NEEDED),
        (sent(1), ItemState.NEEDED),
        (sent(2), ItemState.SENT),
        (sent(2, Verdict.RETURNED, "no"), ItemState.RETURNED),
        (sent(1, Verdict.ACCEPTED), ItemState.ACCEPTED),
    ],
)
def test_an_item_is_sent_when_enough_of_it_is_there_unless_the_owner_says_more(record, state):
    assert state_of(TAX, record) is state


def test_what_the_owner_said_is_shown_until_something_was_sent_after_it():
    assert note_for_sender(ItemState.RETURNED, sent(2, Verdict.RETURNED, "no")) == "no"
    assert note_for_sender(ItemState.SENT, sent(3, None, "no")) == ""
    # One of two that are wanted again.
    assert note_for_sender(ItemState.NEEDED, sent(1, None, "no")) == "no"


def test_finished_is_who_has_sent_and_said_all_that_is_required():
    terms = Terms(items=(TAX, PASS, MORE), questions=(WHO, DAY))
    party = Party("p", items={TAX.id: sent(2), PASS.id: sent(1, Verdict.ACCEPTED)}, files=3)
    assert party_state(terms, party) is PartyState.BEGUN
    done = Party("p", items=party.items, files=3, answers={WHO.id: "Ann"})
    assert party_state(terms, done) is PartyState.FINISHED
    returned = Party("p", items={**party.items, TAX.id: sent(2, Verdict.RETURNED)}, files=3, answers=done.answers)
    assert party_state(terms, returned) is PartyState.BEGUN
    assert party_state(terms, Party("p")) is PartyState.NOT_BEGUN
    assert party_state(terms, Party("p", answers={WHO.id: "Ann"})) is PartyState.BEGUN


@pytest.mark.parametrize("terms", [Terms(), Terms(items=(MORE,), questions=(DAY,))])
def test_where_nothing_is_required_whoever_has_sent_something_is_finished(terms):
    assert not is_finished(terms, Party("p"))
    assert is_finished(terms, Party("p", files=1))


def test_an_items_types_stand_in_place_of_the_links():
    made = link(items=(TAX, PASS), allowed_extensions=("pdf",))
    assert narrowed(made, PASS.id).terms.allowed_extensions == ("jpg",)
    assert all(narrowed(made, each) is made for each in (TAX.id, None, "gone0000"))
    check_item(made.terms, None)
    with pytest.raises(ItemNotFound):
        check_item(made.terms, "gone0000")


def test_answers_are_added_changed_and_taken_back():
    asked = (WHO, KIND, DAY, YES)
    first = answered(asked, {}, {WHO.id: "Ann", YES.id: True, KIND.id: "red"})
    assert first == {WHO.id: "Ann", YES.id: True, KIND.id: "red"}
    assert answered(asked, first, {DAY.id: "2024-02-29", KIND.id: None}) == {
        WHO.id: "Ann",
        YES.id: True,
        DAY.id: "2024-02-29",
    }
    # What is asked no longer goes with the next answer.
    assert answered((WHO,), first, {WHO.id: "Bob"}) == {WHO.id: "Bob"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({WHO.id: ""}, WHO.id),
        ({YES.id: False}, YES.id),
        ({YES.id: "yes"}, YES.id),
        ({KIND.id: "green"}, KIND.id),
        ({KIND.id: ["red"]}, KIND.id),
        ({DAY.id: "2026-02-29"}, DAY.id),
        ({DAY.id: "1 May"}, DAY.id),
        ({WHO.id: True}, WHO.id),
        ({WHO.id: 7}, WHO.id),
        ({WHO.id: "x" * 2001}, WHO.id),
        ({WHO.id: "a\x00b"}, WHO.id),
        ({WHO.id: "a\ud800b"}, WHO.id),
        ({"gone0000": "x"}, "gone0000"),
    ],
)
def test_a_wrong_answer_is_named(given, wrong):
    with pytest.raises(InvalidRequest) as raised:
        answered((WHO, KIND, DAY, YES), {}, given)
    fields: Any = raised.value.details["fields"]
    assert list(fields) == [wrong]


def test_answers_are_bounded_together():
    many = tuple(Question(f"q{number:07}", "Say") for number in range(20))
    with pytest.raises(InvalidRequest):
        answered(many, {}, {each.id: "ä" * 1000 for each in many})


def test_who_has_not_answered_sends_nothing():
    terms = Terms(questions=(WHO, KIND))
    check_answered(terms, "p", {WHO.id: "Ann"})
    check_answered(Terms(questions=(KIND,)), None, {})
    with pytest.raises(AnswersRequired, match="Whose"):
        check_answered(terms, "p", {KIND.id: "red"})
    with pytest.raises(AnswersRequired, match="X-Sender-Key"):
        check_answered(terms, None, {})


def test_an_answer_that_is_no_choice_any_more_is_none():
    assert unanswered((KIND,), {KIND.id: "green"}) == [KIND]
    assert unanswered((KIND,), {KIND.id: "red"}) == []


def test_items_and_questions_are_kept_as_they_are():
    made = link(items=(TAX, PASS), questions=(KIND, YES), recipient_name="Ann")
    assert link_of(link_document(made)) == made
    document = link_document(made)
    document["items"] = [{**each, "colour": "of a later version"} for each in map(vars_of, made.terms.items)]
    assert link_of(document).terms.items == made.terms.items


def vars_of(item: Item) -> dict[str, object]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}
