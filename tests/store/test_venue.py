"""One database per venue, and what happens when they are mixed up."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from alphabot.errors import ConfigError, InvariantBroken, JournalError
from alphabot.store import EMBEDDED, VenueIdentity, VenueMode, open_journal
from tests.store.conftest import Opener
from tests.store.samples import USER, FixedClock, latched

LIVE = VenueIdentity(VenueMode.LIVE, ("www.example.com", "stream.example.com"))


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (EMBEDDED, "simulated"),
        (VenueIdentity(VenueMode.SIMULATED, ("127.0.0.1:9001",)), "simulated-127.0.0.1-9001"),
        (VenueIdentity(VenueMode.SIMULATED, ("[::1]:9001",)), "simulated-1-9001"),
        (VenueIdentity(VenueMode.SIMULATED, ("../../etc/X",)), "simulated-..-..-etc-x"),
        (VenueIdentity(VenueMode.SIMULATED, ("x" * 300,)), "simulated-" + "x" * 80),
        (VenueIdentity(VenueMode.DRY_RUN, ("www.example.com",)), "dry-run"),
        (LIVE, "live"),
    ],
)
def test_the_file_is_named_after_the_venue(identity: VenueIdentity, name: str) -> None:
    assert identity.file_stem == name


async def test_a_fresh_start_knows_nothing_of_the_last_one(folder: Path) -> None:
    for _ in range(2):
        with open_journal(folder, EMBEDDED, fresh=True, clock=FixedClock()) as journal:
            assert (journal.epoch, journal.position) == (1, 0)
            assert journal.users.all() == ()
            journal.users.ensure_simulated_user(USER)
            await journal.append(USER, latched())


def test_a_fresh_start_clears_away_what_a_crash_left(folder: Path) -> None:
    folder.mkdir()
    for name in ("simulated.db", "simulated.db-wal", "simulated.db-shm", "simulated.mark"):
        (folder / name).write_bytes(b"junk" * 1000)
    with open_journal(folder, EMBEDDED, fresh=True, clock=FixedClock()) as journal:
        assert journal.position == 0


@pytest.mark.parametrize(
    "identity", [LIVE, VenueIdentity(VenueMode.SIMULATED, ("127.0.0.1:9001",))]
)
def test_what_outlives_us_is_never_started_afresh(folder: Path, identity: VenueIdentity) -> None:
    with (
        pytest.raises(InvariantBroken),
        open_journal(folder, identity, fresh=True, clock=FixedClock()),
    ):
        pass
    assert not folder.exists()


async def test_venues_do_not_share_a_database(reopen: Opener) -> None:
    other = VenueIdentity(VenueMode.SIMULATED, ("127.0.0.1:9001",))
    with reopen() as ours, reopen(other) as theirs:
        ours.users.ensure_simulated_user(USER)
        await ours.append(USER, latched())
        assert theirs.users.all() == ()
        assert list(await theirs.records(USER)) == []


@pytest.mark.parametrize(
    "second",
    [
        VenueIdentity(VenueMode.LIVE, ("other.example.com", "stream.example.com")),
        VenueIdentity(VenueMode.LIVE, ("www.example.com",)),
        VenueIdentity(VenueMode.LIVE),
    ],
)
def test_a_database_of_another_venue_is_refused_untouched(
    folder: Path, reopen: Opener, second: VenueIdentity
) -> None:
    with reopen(LIVE):
        pass
    before = (folder / "live.db").read_bytes()
    said = r"live\.db.*live at www\.example\.com"
    with pytest.raises(ConfigError, match=said) as caught, reopen(second):
        pass
    assert caught.value.path == folder / "live.db"
    assert (folder / "live.db").read_bytes() == before
    with reopen(LIVE) as journal:
        assert journal.epoch == 2


async def test_a_database_renamed_to_another_venue_is_refused(folder: Path, reopen: Opener) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
    (folder / "simulated.db").rename(folder / "live.db")
    with pytest.raises(ConfigError, match="simulated, embedded"), reopen(LIVE):
        pass


def test_a_link_in_place_of_the_database_is_not_followed(
    folder: Path, reopen: Opener, tmp_path: Path
) -> None:
    folder.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("simulated.db", "simulated.lock", "simulated.mark"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(victim)
        with pytest.raises(JournalError, match=f"{name} .*{os.strerror(errno.ELOOP)}"), reopen():
            pass
        (folder / name).unlink()
    assert victim.read_text() == "mine"
