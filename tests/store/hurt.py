"""Journals on disk for the tests about damage: written, read back, and hurt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alphabot.core.records import Leg, Record
from alphabot.core.values import UserId
from tests.store.conftest import Opener
from tests.store.samples import OTHER, USER, latched, pair, settled

History = dict[UserId, Sequence[Record]]


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


def flip(path: Path, offset: int, mask: int) -> None:
    """Turn the bits of the mask over in one byte of a file."""
    raw = bytearray(path.read_bytes())
    raw[offset] ^= mask
    path.write_bytes(raw)
