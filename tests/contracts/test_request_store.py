"""What every RequestStore promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import ledger
from app.core.errors import RequestFull, RequestNotFound
from app.core.links import Opening, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.standing import NEWEST_FIRST, place_of
from app.core.sums import Sums
from app.core.terms import Ask, CaptchaMode, Terms
from app.storage.sql.files import SQLRequests
from tests.contracts.conftest import databases
from tests.support.actors import OWNER
from tests.support.processes import together

HASH = "link-0123456789abcdef"


def link(**changes) -> RequestLink:
    own = {name: changes.pop(name) for name in ("hash", "created_at") if name in changes}
    made = RequestLink(hash=HASH, folder=RelPath.parse("träume/2026"), created_at=12.5, terms=Terms(**changes))
    return replace(made, **own)


def retitled(found: RequestLink) -> RequestLink:
    return replace(found, terms=replace(found.terms, title="new"))


def with_one_more(found: RequestLink) -> RequestLink:
    return replace(found, terms=replace(found.terms, max_files=found.terms.max_files + 1))


def received(number: int, size: int = 10) -> ReceivedFile:
    return ReceivedFile(f"u{number}", f"ü/{number}.bin", f"ü/{number}.bin", size, 99.5, None, "Ada", None)


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, tmp_path: Path):
    """Opens the same store again, as another process or a restart would."""
    opened = databases(request.param, request, tmp_path)
    return lambda: SQLRequests(opened())


@pytest.fixture
def store(make):
    return make()


def test_a_link_comes_back_as_it_was_made_also_after_a_restart(store, make):
    made = link(
        title="„Hi“",
        message="a\nb",
        expires_at=77.5,
        password_hash="$argon2id$x",
        max_file_size=1,
        max_total_size=2,
        max_files=3,
        allowed_extensions=("jpg", "mov"),
        captcha=CaptchaMode.ALWAYS,
        ask_name=Ask.REQUIRED,
        ask_email=Ask.OPTIONAL,
        active=False,
    )
    store.create(made)
    assert store.load(HASH) == made
    again = make().load(HASH)
    assert again == made
    assert isinstance(again.terms.captcha, CaptchaMode)
    assert isinstance(again.terms.ask_name, Ask)


@pytest.mark.parametrize(
    "hash",
    ["nothing-here-0123456", "short", "", "../../etc/passwd", "a/bcdefghijklmnopqrst", "x" * 65, "ü" * 20, f"{HASH}\n"],
)
def test_what_was_never_made_is_not_found_and_touches_no_path(store, tmp_path, hash):
    before = sorted(tmp_path.rglob("*"))
    calls: list[Callable[[], object]] = [
        lambda: store.load(hash),
        lambda: store.update(hash, lambda found: found, OWNER),
        lambda: store.reserve(link(hash=hash), "u", 1),
        lambda: store.release(hash, "u", "cancelled"),
        lambda: store.receive(hash, received(1)),
        lambda: store.note_sums(hash, "u", Sums("0" * 64, 1)),
        lambda: store.usage(hash),
        lambda: store.remove(hash, "u"),
        lambda: store.note_folders(link(hash=hash), [RelPath.parse("a")]),
        lambda: store.file(hash, "u"),
        lambda: store.why_gone(hash, "u"),
        lambda: store.openings(hash),
        lambda: store.removed_file(hash, "u"),
    ]
    for call in calls:
        with pytest.raises(RequestNotFound):
            call()
    left = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert all(path.parent.name == "catalogue" for path in left)


def test_a_change_is_kept_and_one_that_fails_changes_nothing(store, make):
    store.create(link())
    assert store.update(HASH, retitled, OWNER).terms.title == "new"

    def fail(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.update(HASH, fail, OWNER)
    assert make().load(HASH) == link(title="new")


def test_changes_from_several_processes_all_count(store, make):
    store.create(link())

    def add(number):
        mine = make()
        for _ in range(10):
            mine.update(HASH, with_one_more, OWNER)

    assert together(6, add) == [None] * 6
    assert store.load(HASH).terms.max_files == 60


def test_all_lists_the_newest_first(store):
    for number in range(3):
        store.create(link(hash=f"{HASH}{number}", created_at=float(number)))
    assert [each.created_at for each in store.all()] == [2.0, 1.0, 0.0]


def test_a_file_takes_the_place_that_was_reserved_for_it(store, make):
    store.create(link())
    store.reserve(link(), "u1", 10)
    assert store.usage(HASH).open == {"u1"}
    store.receive(HASH, received(1))
    store.receive(HASH, received(1))
    usage = make().usage(HASH)
    assert (usage.files, usage.bytes_received, usage.open) == ((received(1),), 10, frozenset())


def test_of_many_uploads_those_are_told_that_delivered_something(store, make):
    store.create(link())
    store.receive(HASH, *(received(number) for number in range(4)))
    store.remove(HASH, "u3")
    store.reserve(link(), "u9", 10)
    for each in (store, make()):
        assert each.files(HASH, ["u2", "never", "u9", "u3", "u1", "u2"]) == {"u1": received(1), "u2": received(2)}
        assert each.files(HASH, []) == {}
    with pytest.raises(RequestNotFound):
        store.files("another-hash-0123456789", ["u1"])


def test_a_released_place_is_free_again_and_what_its_sender_did_not_end_is_remembered(store, make):
    one = link(max_files=1)
    store.create(one)
    for why in ("cancelled", "refused", "failed", "expired", "stopped"):
        store.reserve(one, why, 5)
        with pytest.raises(RequestFull):
            make().reserve(one, "other", 5)
        assert store.release(HASH, why, why)
        assert not store.release(HASH, why, why)
    known = {why: make().why_gone(HASH, why) for why in ("cancelled", "refused", "failed", "expired", "stopped")}
    assert known == {"cancelled": None, "refused": None, "failed": None, "expired": "expired", "stopped": "stopped"}
    assert store.usage(HASH).open == frozenset()


def test_open_uploads_are_told_in_the_order_of_their_opening(store, make):
    store.create(link())
    for number, name in enumerate(("b", "u1", "a", "c")):
        store.reserve(link(), name, 10 + number, 1.5 + number)
    store.release(HASH, "a", "cancelled")
    store.receive(HASH, received(1))
    assert make().openings(HASH) == (Opening("b", 10, 1.5), Opening("c", 13, 4.5))


def test_a_received_file_is_not_given_back_by_a_late_release(store):
    store.create(link())
    store.reserve(link(), "u1", 10)
    store.receive(HASH, received(1))
    store.release(HASH, "u1", "expired")
    assert store.usage(HASH).bytes_received == 10
    assert store.why_gone(HASH, "u1") is None


def test_the_digest_is_added_once_the_file_is_there_and_passed_over_before(store, make):
    store.create(link())
    store.note_sums(HASH, "u1", Sums("a" * 64, 1))
    store.receive(HASH, received(1))
    store.note_sums(HASH, "u1", Sums("b" * 64, 2**32 - 1))
    assert make().usage(HASH).files == (replace(received(1), sha256="b" * 64, crc32=2**32 - 1),)


def test_fifty_openings_from_many_processes_at_one_place_left_let_one_in(store, make):
    one = link(max_files=3)
    store.create(one)
    store.receive(HASH, received(1))
    store.reserve(one, "before", 1)

    def open_ten(number):
        mine, won = make(), 0
        for attempt in range(10):
            try:
                mine.reserve(one, f"u-{number}-{attempt}", 1)
                won += 1
            except RequestFull:
                pass
        return won

    assert sum(together(5, open_ten)) == 1
    assert len(store.usage(HASH).open) == 2


def test_bytes_are_reserved_as_strictly_as_places(store, make):
    small = link(max_total_size=55_000)
    store.create(small)

    def open_one(number):
        make().reserve(small, f"u{number}", 10_000)

    results = together(12, open_one)
    assert (results.count(None), results.count("RequestFull")) == (5, 7)


def test_a_file_that_is_taken_back_leaves_the_list_and_frees_its_place(store, make):
    one = link(max_files=1, max_total_size=4096)
    store.create(one)
    store.reserve(one, "u1", 10)
    store.receive(HASH, received(1))
    assert store.file(HASH, "u1") == received(1)
    assert make().remove(HASH, "u1")
    for each in (store, make()):
        usage = each.usage(HASH)
        assert (usage.files, usage.bytes_received, usage.removed) == ((), 0, (received(1),))
        assert each.file(HASH, "u1") is None
        assert each.removed_file(HASH, "u1") == received(1)
        assert not each.remove(HASH, "u1")
    store.reserve(one, "u2", 10)


def test_what_comes_late_for_a_file_that_was_taken_back_changes_nothing(store):
    store.create(link())
    store.receive(HASH, received(1))
    store.remove(HASH, "u1")
    store.receive(HASH, received(1))
    store.note_sums(HASH, "u1", Sums("a" * 64, 1))
    store.release(HASH, "u1", "expired")
    assert (store.usage(HASH).files, store.why_gone(HASH, "u1")) == ((), None)


def test_of_many_processes_one_takes_a_file_back(store, make):
    store.create(link())
    store.receive(HASH, received(1))
    assert sorted(together(6, lambda _: make().remove(HASH, "u1"))) == [False] * 5 + [True]


def test_folders_count_once_with_those_above_them(store, make, monkeypatch):
    monkeypatch.setattr(ledger, "MAX_FOLDERS", 4)
    store.create(link())
    for each in (store, make(), store):
        each.note_folders(link(), [RelPath.parse("a/b/c"), RelPath.parse("a/d")])
    with pytest.raises(RequestFull):
        store.note_folders(link(), [RelPath.parse("a/b"), RelPath.parse("e")])
    store.note_folders(link(), [RelPath.parse("a/b")])


def test_a_link_that_is_deleted_is_gone_with_its_ledger_and_the_others_stay(store, make):
    other = f"{HASH}-other"
    for hash in (HASH, other):
        store.create(link(hash=hash))
        store.receive(hash, received(1))
    for _ in range(2):
        make().delete(HASH, OWNER)
    for each in (store, make()):
        for call in (each.load, each.usage):
            with pytest.raises(RequestNotFound):
                call(HASH)
        with pytest.raises(RequestNotFound):
            each.receive(HASH, received(2))
        assert [(used.hash, len(each.usage(used.hash).files)) for used in each.all()] == [(other, 1)]
    with pytest.raises(RequestNotFound):
        store.delete("../../etc/passwd", OWNER)


def test_links_are_listed_while_others_are_deleted(store, make):
    for number in range(40):
        store.create(link(hash=f"{HASH}{number}"))

    def work(number: int) -> int:
        mine = make()
        if number:
            for each in range(number - 1, 40, 2):
                mine.delete(f"{HASH}{each}", OWNER)
            return 0
        while mine.all():
            pass
        return 1

    assert together(3, work) == [1, 0, 0]


def test_a_file_that_is_passed_on_can_no_longer_be_removed_nor_the_other_way_round(store, make):
    store.create(link())
    store.receive(HASH, received(1), received(2), received(3))
    assert store.note_leaving(HASH, "u1")
    assert make().note_leaving(HASH, "u1")
    assert not make().remove(HASH, "u1")
    store.note_passed_on(HASH, "u2", "s3://b/k")
    assert not make().remove(HASH, "u2")
    assert make().remove(HASH, "u3")
    assert not store.note_leaving(HASH, "u3")
    assert [file.upload_id for file in make().usage(HASH).files] == ["u1", "u2"]


def test_of_removing_and_passing_on_at_once_one_happens(store, make):
    store.create(link())
    for number in range(20):
        store.receive(HASH, received(number))

    def work(number: int) -> list[bool]:
        mine = make()
        return [(mine.remove if number else mine.note_leaving)(HASH, f"u{each}") for each in range(20)]

    left, removed = together(2, work)
    assert [one != other for one, other in zip(left, removed, strict=True)] == [True] * 20


def test_links_are_listed_by_whose_they_are_page_by_page_also_after_they_were_given_away(store):
    owners = ("account:ann", "owner", "team:tax", "account:bob")
    for number in range(12):
        store.create(
            replace(link(hash=f"{HASH}-{number:02}", created_at=float(number)), owner=owners[number % 4]), OWNER
        )

    def listed(*whose: str) -> list[int]:
        found, after = [], None
        while page := store.page(2, after=after, owners=whose):
            found += [each for each, _ in page]
            after = place_of(page[-1][0], page[-1][1], NEWEST_FIRST.by)
        assert {each.owner for each in found} <= {*whose}
        return [int(each.created_at) for each in found]

    assert listed("account:ann", "team:tax") == [10, 8, 6, 4, 2, 0]
    assert listed("account:bob") == [11, 7, 3]
    assert listed("account:nobody") == listed() == []
    store.update(f"{HASH}-03", lambda each: replace(each, owner="team:tax"), OWNER)
    assert (listed("account:bob"), listed("team:tax")) == ([11, 7], [10, 6, 3, 2])
    assert len(store.page(99)) == 12


def test_whether_links_moved_is_told_of_each_owner_by_itself(store):
    anns, bobs = (replace(link(hash=f"{HASH}-{each}"), owner=f"account:{each}") for each in ("ann", "bob"))
    seen = [store.moved(["account:ann"]), store.moved(["account:nobody"])]
    store.create(anns, OWNER)
    seen.append(store.moved(["account:ann"]))
    store.create(bobs, OWNER)
    store.reserve(bobs, "u1", 10)
    store.receive(bobs.hash, received(1))
    assert store.moved(["account:ann"]) == seen[-1]
    store.reserve(anns, "u1", 10)
    seen.append(store.moved(["account:ann"]))
    store.receive(anns.hash, received(1))
    seen.append(store.moved(["account:ann"]))
    store.update(anns.hash, retitled, OWNER)
    seen.append(store.moved(["account:ann"]))
    store.remove(anns.hash, "u1")
    seen.append(store.moved(["account:ann"]))
    store.delete(anns.hash, OWNER)
    seen.append(store.moved(["account:ann"]))
    assert len({*seen[2:]}) == len(seen[2:])
    assert seen[0] == seen[1] == seen[-1]
