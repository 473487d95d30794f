"""A process dies at each point of a round, and the next one goes on where the journal ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pytest
import trio

from alphabot.clocks import TrioClock
from alphabot.core.records import Configured, Record
from alphabot.core.values import StrategyId, UserId
from alphabot.errors import JournalError
from alphabot.rehearsal.life import Kill, KillPoint, Life
from alphabot.rehearsal.mortal_journal import DiskFault, MortalJournal
from alphabot.rehearsal.mortal_net import MortalNet
from alphabot.rehearsal.profile import Mode, Moment, Profile, StrategyProfile
from alphabot.rehearsal.run import Outcome, rehearse
from alphabot.simulator.links import open_link
from alphabot.simulator.tokens import DEFAULT_TOKENS
from alphabot.store import memory_journal

STRATEGY = StrategyProfile("koge_run", "KOGE", "BSC", (1, 2), "30", "50")
RECORD = Configured(at_ms=1, strategy_id=StrategyId("koge_run"), snapshot="{}")
BEFORE = {KillPoint.K18: (Kill(KillPoint.K5, 1),)}
"""What must have happened for a point to be passed at all."""
MOMENTS = {
    KillPoint.K13: (Moment(2.5, "risk challenge", 1),),
    KillPoint.K17: (Moment(0.5, "stop once", 1),),
}


def world(
    *kills: Kill,
    moments: tuple[Moment, ...] = (),
    faults: Mapping[str, float] = MappingProxyType({}),
) -> Outcome:
    return rehearse(
        Profile(
            seed=3,
            mode=Mode.LIVENESS,
            strategies=(STRATEGY,),
            limits={},
            grace_seconds="5",
            exchange={"tokens": DEFAULT_TOKENS[:1], "push_before_reply_percent": 100},
            faults=dict(faults),
            moments=moments,
            kills=kills,
            notifier_kinds=tuple(name for name in faults if name.startswith("notifier")),
        )
    )


@pytest.mark.parametrize("point", KillPoint)
def test_dying_is_survived(point: KillPoint) -> None:
    kills = (*BEFORE.get(point, ()), Kill(point, 1))
    outcome = world(*kills, moments=MOMENTS.get(point, ()))
    assert outcome.violations == []
    assert outcome.counters.of("kill").get(point) == 1
    assert outcome.lives >= len(kills) + (point is not KillPoint.K16)
    assert outcome.rounds >= 4


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_halt_is_heard_whichever_write_of_the_outbox_it_dies_at(nth: int) -> None:
    """The first is the row, the others mark it as delivered; what is heard may be heard twice."""
    outcome = world(
        Kill(KillPoint.K13, nth),
        moments=MOMENTS[KillPoint.K13],
        faults={"notifier raises": 1.0},
    )
    assert outcome.violations == []
    told = [line for line in outcome.trace if " tells latched/" in line]
    assert len(told) >= 2, "by each of two notifiers"
    assert outcome.counters.of("kill").get(KillPoint.K13, 0) == (nth < 3)


@pytest.mark.parametrize("fault", DiskFault)
def test_a_disk_that_fails_is_survived(fault: DiskFault) -> None:
    outcome = world(faults={fault: 150.0})
    assert outcome.violations == []
    assert outcome.counters.of("fault")[fault] >= 1
    assert outcome.lives > 1


async def test_after_death_nothing_has_an_effect(autojump_clock: object) -> None:
    journal = memory_journal(TrioClock())
    journal.users.ensure_simulated_user(UserId(1))
    life = Life(None, lambda point: None)
    mortal = MortalJournal(journal, life, lambda record: None)
    await mortal.append(UserId(1), RECORD)
    life.end()
    with pytest.raises(JournalError):
        await mortal.append(UserId(1), RECORD)
    assert len(await journal.records(UserId(1))) == 1

    ours, theirs = open_link(0.001)
    net = MortalNet(
        _One(theirs),
        life,
        rest_port=80,
        begins=lambda errand: None,
        ends=lambda errand: None,
        unplaced=lambda: False,
        reconciling=lambda user_id: False,
    )
    life.frozen = False
    stream = await net.open("x", 8080, tls=False)
    await stream.send_all(b"alive")
    life.end()
    await stream.send_all(b"dead")
    await ours.send_all(b"anybody?")
    with trio.move_on_after(60) as waiting:
        await stream.receive_some()
    assert waiting.cancelled_caught
    assert bytes(await ours.receive_some()) == b"alive"
    await net.bury()
    assert bytes(await ours.receive_some()) == b""


async def test_a_commit_that_died_left_nothing(autojump_clock: object) -> None:
    journal = memory_journal(TrioClock())
    journal.users.ensure_simulated_user(UserId(1))
    life = Life(None, lambda point: None)
    for fault, kept in ((DiskFault.FULL, 0), (DiskFault.LOCKED, 0), (DiskFault.UNSAID, 1)):
        mortal = MortalJournal(journal, life, always(fault))
        with pytest.raises(JournalError):
            await mortal.append(UserId(1), RECORD)
        journal = memory_journal(TrioClock(), after=journal)
        assert len(await journal.records(UserId(1))) == kept


def always(fault: DiskFault) -> Callable[[Record], DiskFault]:
    return lambda record: fault


class _One:
    """A net of one stream."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        return self._stream
