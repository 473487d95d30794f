"""The users of a venue."""

from __future__ import annotations

import pytest

from alphabot.core.values import UserId
from alphabot.errors import InvariantBroken
from alphabot.store import SqliteJournal, User, VenueIdentity, VenueMode, memory_journal
from tests.store.conftest import Opener
from tests.store.samples import FixedClock


def test_a_simulated_user_is_made_once(reopen: Opener, clock: FixedClock) -> None:
    with reopen() as journal:
        made = journal.users.ensure_simulated_user(UserId(7))
        assert made == User(UserId(7), "user 7", clock.time_ms, enabled=True)
        clock.time_ms += 1
        assert journal.users.ensure_simulated_user(UserId(7)) == made
        assert journal.users.ensure_simulated_user(UserId(3)).created_at_ms == clock.time_ms
    with reopen() as journal:
        assert [user.user_id for user in journal.users.all()] == [3, 7]


def test_anybody_may_take_part_in_a_dry_run(clock: FixedClock) -> None:
    journal = memory_journal(clock, VenueIdentity(VenueMode.DRY_RUN, ("www.example.com",)))
    assert journal.users.ensure_simulated_user(UserId(7)).name == "user 7"


def test_nobody_is_made_up_at_a_venue_that_is_real(clock: FixedClock) -> None:
    journal = memory_journal(clock, VenueIdentity(VenueMode.LIVE, ("www.example.com",)))
    with pytest.raises(InvariantBroken, match="user 7"):
        journal.users.ensure_simulated_user(UserId(7))
    assert journal.users.all() == ()


@pytest.mark.parametrize("user_id", [0, -1, 2**63])
def test_an_id_is_a_positive_number(journal: SqliteJournal, user_id: int) -> None:
    before = journal.users.all()
    with pytest.raises(InvariantBroken, match="positive"):
        journal.users.ensure_simulated_user(UserId(user_id))
    assert journal.users.all() == before


def test_a_user_of_a_real_venue_is_somebody_who_was_added(clock: FixedClock) -> None:
    users = memory_journal(clock, VenueIdentity(VenueMode.LIVE, ("example.org",))).users
    users.add(UserId(7), "anna")
    users.ensure(UserId(7))
    assert users.get(UserId(7)) == User(UserId(7), "anna", clock.time_ms, enabled=True)
    users.enable(UserId(7), enabled=False)
    assert [user.enabled for user in users.all()] == [False]
    with pytest.raises(InvariantBroken, match="made up"):
        users.ensure(UserId(8))
    with pytest.raises(InvariantBroken, match="twice"):
        users.add(UserId(7), "bert")
    with pytest.raises(InvariantBroken, match="positive"):
        users.add(UserId(0), "nobody")
    assert users.get(UserId(8)) is None
