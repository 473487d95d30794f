"""Journals on disk for the tests about damage: written, read back, and hurt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alphabot.core.records import Leg, Record
from alphabot.core.values import UserId
from alphabot.errors import AlphabotError, HistoryDamaged
from alphabot.store import EMBEDDED, read_journal
from tests.store.conftest import Opener
from tests.store.samples import OTHER, USER, latched, pair, settled

History = dict[UserId, Sequence[Record]]
Verdict = str | dict[UserId, Sequence[Record] | str]
"""What a reader is told: why nothing is read at all, or each user's records, or why not those."""


async def fill(reopen: Opener) -> History:
    """Write two users' rounds and return what must be read back."""
    with reopen() as journal:
        for user_id in (USER, OTHER):
            journal.users.ensure_simulated_user(user_id)
            for number in range(6):
                name = f"{journal.epoch}-{number}"
                await journal.commit_intent(user_id, pair(name))
                await journal.append(user_id, settled(name, Leg.WORKING))
                await journal.append(user_id, settled(name, Leg.PENDING))
        await journal.append(OTHER, latched())
        return {user_id: await journal.records(user_id) for user_id in (USER, OTHER)}


async def read(reopen: Opener) -> History:
    """Open the database and return what it says of every user."""
    with reopen() as journal:
        return {user.user_id: await journal.records(user.user_id) for user in journal.users.all()}


async def owned(reopen: Opener) -> Verdict:
    """Return what the next owner is told."""
    found: dict[UserId, Sequence[Record] | str] = {}
    try:
        with reopen() as journal:
            for user in journal.users.all():
                try:
                    found[user.user_id] = await journal.records(user.user_id)
                except HistoryDamaged as error:
                    found[user.user_id] = error.what
    except AlphabotError as error:
        return str(error)
    return found


def looked_at(folder: Path) -> Verdict:
    """Return what somebody who only looks is told; asserts that looking changed nothing."""
    before = contents(folder)
    found: dict[UserId, Sequence[Record] | str] = {}
    try:
        with read_journal(folder, EMBEDDED) as reading:
            for history in reading.histories:
                user_id = history.chain.user_id
                found[user_id] = [entry.record for entry in reading.entries(user_id)]
                if history.damage is not None:
                    found[user_id] = history.damage.error.what
        return found
    except AlphabotError as error:
        return str(error)
    finally:
        assert contents(folder) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder with what is in them."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def is_honest(found: Verdict, written: History) -> bool:
    """Return whether nothing was told of any user but what was written, or that it is damaged."""
    return isinstance(found, str) or (
        found.keys() == written.keys()
        and all(isinstance(told, str) or told == written[user] for user, told in found.items())
    )


def is_refusal(found: Verdict) -> bool:
    """Return whether somebody was told that something is damaged."""
    return isinstance(found, str) or any(isinstance(told, str) for told in found.values())


def flip(path: Path, offset: int, mask: int) -> None:
    """Turn the bits of the mask over in one byte of a file."""
    raw = bytearray(path.read_bytes())
    raw[offset] ^= mask
    path.write_bytes(raw)
