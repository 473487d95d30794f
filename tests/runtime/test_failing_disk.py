"""A disk that fails at any one moment of a run: nothing leaves that is not remembered.

After each failure the disk is well again, and the next run must end as if nothing had been.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Intended, Record
from alphabot.core.values import UserId
from alphabot.errors import JournalError
from alphabot.runtime.board import Ending
from alphabot.simulator.ledger import RequestKind
from alphabot.wiring.unwrapping import unwrapped
from tests.kill.exchange import report
from tests.kill.judge import check
from tests.runtime.files import Files, open_files
from tests.runtime.world import World, settings_of
from tests.store.faulty_disk import FaultyDisk, faulty_disk

ROUNDS = 2
_IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where the system has such a place: a real disk takes its time."""
    with TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    """A disk below every journal."""
    with faulty_disk() as disk:
        yield disk


def short() -> Settings:
    """Return settings of a few rounds for two users, each on a token of the own."""
    koge, aop = settings_of().strategies
    strategies = (koge, replace(aop, user_ids=(UserId(2),)))
    target = Decimal(20 * ROUNDS)
    return replace(
        settings_of(),
        strategies=tuple(
            replace(strategy, target_volume=target, multiplier="flat") for strategy in strategies
        ),
    )


def placings(world: World, user_id: int) -> int:
    """Return how many placing requests of a user have reached the exchange."""
    kinds = (RequestKind.PLACE, RequestKind.PLACE_PAIR)
    requests = world.exchange.ledger.requests
    return sum(request.kind in kinds and request.user_id == user_id for request in requests)


async def records_of(files: Files) -> dict[int, list[Record]]:
    """Return every user's records."""
    with files.open() as journal:
        users = [user.user_id for user in journal.users.all()]
        return {user_id: list(await journal.records(user_id)) for user_id in users}


async def run_until_it_fails(files: Files, disk: FaultyDisk, fail_at: int) -> JournalError | None:
    """Run a service on a disk that fails at some operation; return what it said, if it did."""
    disk.operations, disk.fail_at = 0, fail_at
    try:
        with unwrapped():
            await files.run(short())
    except JournalError as error:
        return error
    finally:
        disk.fail_at = None
    return None


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("sync", apsw.IOError, "the disk failed while it was read or written"),
        ("write", apsw.FullError, "the disk is full"),
        ("write", apsw.ReadOnlyError, "may not be written to"),
    ],
)
@pytest.mark.parametrize(
    "moments", [5, pytest.param(100, marks=[pytest.mark.kill, pytest.mark.ceiling(1800)])]
)
async def test_whenever_it_fails_nothing_is_ordered_that_is_not_remembered(
    autojump_clock: MockClock,
    folder: Path,
    disk: FaultyDisk,
    kind: str,
    error: type[apsw.Error],
    said: str,
    moments: int,
) -> None:
    disk.only, disk.error = kind, error
    async with open_files(folder / "sound") as files:
        assert await run_until_it_fails(files, disk, fail_at=10**9) is None
    # A journal that is made, or closed, has its own tests; here it is written.
    failures, last = 0, disk.operations - 10
    for fail_at in random.Random(kind).choices(range(60, last), k=moments):
        async with open_files(folder / str(fail_at)) as files:
            failed = await run_until_it_fails(files, disk, fail_at)
            if failed is None:
                continue
            failures += 1
            assert said in str(failed)
            assert str(failed).count("\n") == 0
            for user_id, records in (await records_of(files)).items():
                intended = sum(isinstance(record, Intended) for record in records)
                assert placings(files.world, user_id) <= intended
            await files.run(short())
            endings = {row.ending for row in files.world.board.rows}
            assert endings <= {Ending.REACHED, Ending.ALREADY_REACHED}
            check(report(files.world.exchange), await records_of(files))
        shutil.rmtree(folder / str(fail_at))
    assert failures > moments / 2
