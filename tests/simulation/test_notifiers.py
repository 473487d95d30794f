"""Notifiers and orders: whatever a notifier does, every record is the same at the same moment."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import pytest
import trio

import alphabot.rehearsal
from alphabot.config import Settings
from alphabot.rehearsal.day import FaultLevel, rehearse_days
from alphabot.rehearsal.faults import KINDS, FaultSite
from alphabot.rehearsal.hearing import HEARING, Hearing
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.schedule import run_seeded
from tests.runtime.world import World, open_world, settings_of

PLUGINS = Path(alphabot.rehearsal.__file__).parent / "messengers"
RUN_SECONDS = 200.0
UNRULY = [name.replace(" ", "_") for name, kind in KINDS.items() if kind.site is FaultSite.NOTIFIER]

TEXT = """
[exchange]
mode = "simulated"

[global_settings]
order_timeout_seconds = 60

[plugins]
paths = ["PLUGINS"]
enabled = ["messengers"]

[notices]
notifiers = NOTIFIERS
progress_step_percent = 1

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 2000
user_ids = [1]
"""


def settings(*notifiers: str) -> Settings:
    listed = msgspec.json.encode(notifiers).decode()
    return settings_of(TEXT.replace("PLUGINS", str(PLUGINS)).replace("NOTIFIERS", listed))


async def _run(seed: int, notifiers: tuple[str, ...]) -> tuple[bytes, int]:
    async with open_world(ExchangeSettings(seed=seed)) as world:
        struck: list[str] = []
        hearing = Hearing(is_dead=lambda: False, is_faulty=lambda: True, on_fault=struck.append)
        HEARING.set(hearing)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_trouble, world)
            with trio.move_on_after(RUN_SECONDS):
                await world.run(settings(*notifiers))
            nursery.cancel_scope.cancel()
        records = [(r.at_ms, r) for r in await world.records(1)]
        requests = [str(request) for request in world.exchange.ledger.requests]
        calls = [str(call) for call in world.exchange.ledger.calls]
        trace = msgspec.json.encode([records, requests, calls])
        return trace, len(struck) + sum(hearing.heard.values())


async def _trouble(world: World) -> None:
    """Lose the stream twice, and the login in the end: there is something to tell."""
    for seconds in (20, 30):
        await trio.sleep(seconds)
        world.exchange.hub.hangs_up(1)
    await trio.sleep(60)
    world.exchange.raise_challenge(1)


@cache
def quietly(seed: int) -> bytes:
    """Return the trace of a run in which nobody is told anything."""
    trace, told = run_seeded(seed, _run, seed, (), in_order=True)
    assert told == 0
    return trace


@pytest.mark.parametrize("notifier", [*UNRULY, "messenger"])
def test_no_notifier_changes_the_moment_of_any_record(notifier: str) -> None:
    """Also of every request and of every question, byte for byte."""
    told, busy = run_seeded(1, _run, 1, (notifier,), in_order=True)
    assert b'"type":"latched"' in told
    assert told.count(b"PLACE_PAIR") >= 10
    assert busy >= 1
    assert told == quietly(1)


def test_all_of_them_at_once_neither() -> None:
    told, busy = run_seeded(2, _run, 2, ("messenger", *UNRULY), in_order=True)
    assert busy > 20
    assert told == quietly(2)
    assert quietly(1) != quietly(2)


def test_nobody_is_told_of_a_day_that_is_only_rehearsed(tmp_path: Path) -> None:
    text = TEXT.replace("PLUGINS", str(PLUGINS)).replace("NOTIFIERS", '["messenger"]')
    config = tmp_path / "strategies.toml"
    config.write_text(text.replace("2000", "60"), "utf-8")
    hearing = Hearing(is_dead=lambda: False, is_faulty=lambda: False, on_fault=lambda name: None)
    before = HEARING.set(hearing)
    try:
        (day,) = rehearse_days(config, (), FaultLevel.NONE, (1,))
    finally:
        HEARING.reset(before)
    assert day.stretches[0].credited >= 60
    assert hearing.heard == {}
