"""What an account's role lets it see and do."""

from __future__ import annotations

from app.core.accounts import Account, Role
from app.core.actors import THE_OWNER, Actor, ActorKind


def test_an_admin_reaches_all_that_the_token_reaches() -> None:
    assert Account("ann", Role.ADMIN).reach == Actor(ActorKind.OWNER).reach


def test_a_member_has_their_own_links_and_their_teams_and_no_others() -> None:
    reach = Account("ann", Role.MEMBER, ("tax", "wages")).reach
    assert [reach.holds(each) for each in ("account:ann", "team:tax", "team:wages")] == [True] * 3
    assert not any(reach.holds(each) for each in (THE_OWNER, "account:ben", "team:law", "team:", "account:"))
    assert reach.may_change
    assert not reach.may_administer


def test_a_viewer_changes_nothing() -> None:
    reach = Account("ann", Role.VIEWER, ("tax",)).reach
    assert reach.holds("team:tax")
    assert not reach.holds("team:law")
    assert not reach.may_change
    assert not reach.may_administer
