"""A plugin that is missing, refused or broken: who stops, who goes on, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Intended, PlacedRecord, encode
from alphabot.log import listen
from alphabot.runtime.board import Ending
from tests.runtime.world import TWO_USERS, World, open_world, settings_of

RULES = """
from decimal import Decimal
from alphabot import Proposal, hookimpl

asked = []

def good(request):
    return Proposal(request.quote.last * Decimal("1.1"), request.quote.last * Decimal("0.99"))

def bad(request):
    asked.append(request)
    {bad}

@hookimpl
def register_pricing_rules(register):
    register("good", good)
    register("bad", bad)

@hookimpl
def register_multipliers(register):
    register("counts", lambda volume, mul_point: {counts})
"""

Keys = list[tuple[str, dict[str, object]]]


def settings(
    folder: Path,
    source: str | None = None,
    *,
    bad: str = "raise ValueError('no')",
    counts: str = "volume",
    koge: str = 'pricing = "bad"',
    aop: str = 'pricing = "good"',
    plugins: str = "",
    name: str = "mine",
) -> Settings:
    """Return two strategies, KOGE of user 1 and AOP of users 1 and 2, and a plugin for them."""
    if source is not None:
        (folder / f"{name}.py").write_text(source.format(bad=bad, counts=counts))
    text = TWO_USERS.replace("target_volume = 100", f"target_volume = 100\n{koge}").replace(
        "target_volume = 20", f"target_volume = 20\n{aop}"
    )
    enabled = f'[plugins]\npaths = ["{folder}"]\nenabled = ["{name}"]\n{plugins}\n'
    return settings_of(text + enabled)


@pytest.fixture
def keys() -> Iterator[Keys]:
    """Collect what the service says, by key."""
    said: Keys = []

    def hear(key: str, fields: dict[str, object]) -> bool:
        said.append((key, fields))
        return True

    listen(hear)
    yield said
    listen()


def told(keys: Keys, key: str) -> list[dict[str, object]]:
    """Return the fields of every line of this key."""
    return [fields for name, fields in keys if name == key]


def others_reached(world: World) -> None:
    """Check that the strategies which do not depend on the plugin's bad side have traded."""
    for user_id in (1, 2):
        assert world.row(user_id, "aop").ending is Ending.REACHED


# --- missing and refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (None, "no mine.py"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("from alphabot import hookimpl\n@hookimpl\ndef register_rules(register): ...", "no such"),
    ],
)
async def test_a_strategy_whose_plugin_is_refused_is_refused_alone(
    tmp_path: Path, autojump_clock: MockClock, keys: Keys, source: str | None, why: str
) -> None:
    async with open_world() as world:
        await world.run(settings(tmp_path, source, aop=""))
        others_reached(world)
        row = world.row(1, "koge")
        assert row.ending is Ending.FAILED
        assert "plugin mine" in row.reason
        assert not [r for r in await world.records(1) if getattr(r, "strategy_id", "") == "koge"]
    (refusal,) = told(keys, "plugin.refused")
    assert refusal["plugin"] == "mine"
    assert why in str(refusal["reason"])


async def test_its_past_is_known_all_the_same(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_world() as world:
        await world.run(settings(tmp_path, RULES, koge='pricing = "good"'))
        before = world.row(1, "koge")
        assert before.ending is Ending.REACHED
        world.stop = type(world.stop)(grace_seconds=30)
        (tmp_path / "mine.py").unlink()
        await world.run(settings(tmp_path, koge='pricing = "good"', aop=""))
        assert world.row(1, "koge").ending is Ending.FAILED
        assert world.row(1, "aop").ending is Ending.ALREADY_REACHED
        state = [r for r in await world.records(1) if isinstance(r, Intended)]
        assert any(r.strategy_id == "koge" for r in state)


async def test_a_user_all_of_whose_strategies_are_refused_asks_nothing(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with open_world() as world:
        await world.run(settings(tmp_path, koge="", aop='pricing = "good"'))
        assert world.row(1, "koge").ending is Ending.REACHED
        assert {world.row(user, "aop").ending for user in (1, 2)} == {Ending.FAILED}


async def test_without_plugins_nothing_of_them_is_imported(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    chosen = settings(tmp_path, "raise SystemExit('imported')", aop="")
    chosen = replace(chosen, plugins=replace(chosen.plugins, off=True))
    async with open_world() as world:
        await world.run(chosen)
        others_reached(world)
        assert world.row(1, "koge").ending is Ending.FAILED


# --- benched ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        "raise ValueError('no')",
        "raise SystemExit(0)",
        "return None",
        "return Proposal(Decimal('NaN'), Decimal(1))",
        "return (request.quote.bid, request.quote.ask)",
        "object.__setattr__(request.quote, 'bid', Decimal(1)); return good(request)",
        "object.__setattr__(request.instrument.token, 'mul_point', 9); return good(request)",
    ],
)
async def test_a_rule_that_keeps_failing_is_benched_and_the_others_are_asked_on(
    tmp_path: Path, autojump_clock: MockClock, keys: Keys, bad: str
) -> None:
    async with open_world() as world:
        await world.run(settings(tmp_path, RULES, bad=bad, plugins="bench_after = 3"))
        others_reached(world)
        row = world.row(1, "koge")
        assert (row.ending, row.rounds, row.failed_rounds) == (Ending.FAILED, 0, 3)
        assert row.reason.startswith("plugin mine is benched: pricing rule bad failed 3 times")
        placed = [r for r in await world.records(1) if isinstance(r, PlacedRecord)]
        assert placed
    (benched,) = told(keys, "plugin.benched")
    assert benched["plugin"] == "mine"
    assert {fields["plugin"] for fields in told(keys, "plugin.failed")} == {"mine"}


async def test_only_failures_in_a_row_count(tmp_path: Path, autojump_clock: MockClock) -> None:
    # Two failures, then two answers, again and again: never three in a row. It is asked for a
    # round, and once more for what the round leaves over.
    bad = "if len(asked) % 4 in (1, 2):\n        raise ValueError\n    return good(request)"
    async with open_world() as world:
        await world.run(settings(tmp_path, RULES, bad=bad, plugins="bench_after = 3"))
        assert world.row(1, "koge").ending is Ending.REACHED
        assert world.row(1, "koge").failed_rounds >= 6


async def test_whoever_uses_a_benched_rule_ends_and_nobody_else(
    tmp_path: Path, autojump_clock: MockClock, keys: Keys
) -> None:
    # The rule fails for KOGE alone; AOP uses it as well, and is not trusted with it any more.
    bad = "if request.instrument.token.name == 'KOGE': 1 / 0\n    return good(request)"
    longer = 'pricing = "bad"\ntrade_interval_seconds = 120'
    async with open_world() as world:
        await world.run(settings(tmp_path, RULES, bad=bad, koge='pricing = "bad"', aop=longer))
        for user_id, strategy_id in ((1, "koge"), (1, "aop"), (2, "aop")):
            row = world.row(user_id, strategy_id)
            assert row.ending is Ending.FAILED
            assert "plugin mine is benched" in row.reason
    assert len(told(keys, "plugin.benched")) == 1


@pytest.mark.parametrize(
    "counts", ["1 / 0", "Decimal('NaN')", "None", "float(volume)", "Decimal(-1)"]
)
async def test_a_multiplier_that_keeps_failing_is_benched_before_anything_is_bought(
    tmp_path: Path, autojump_clock: MockClock, counts: str
) -> None:
    async with open_world() as world:
        koge = 'multiplier = "counts"'
        await world.run(settings(tmp_path, RULES, counts=counts, koge=koge))
        others_reached(world)
        row = world.row(1, "koge")
        assert (row.ending, row.failed_rounds, row.rounds) == (Ending.FAILED, 5, 0)
        assert "plugin mine is benched: multiplier counts failed 5 times in a row" in row.reason


async def test_a_rule_that_takes_long_is_not_believed(tmp_path: Path) -> None:
    # The one test here on the real clock: nothing else can take real time.
    bad = "import time; time.sleep(1.1); return good(request)"
    async with open_world() as world:
        with trio.fail_after(60):
            only = settings(tmp_path, RULES, bad=bad, plugins="bench_after = 1")
            strategies = tuple(s for s in only.strategies if s.strategy_id == "koge")
            await world.run(replace(only, strategies=strategies))
        assert "an answer within 1 s was expected, took 1." in world.row(1, "koge").reason


# --- what a rule decided ----------------------------------------------------------------------


async def test_what_a_rule_proposed_is_in_the_journal(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with open_world() as world:
        await world.run(settings(tmp_path, RULES, koge='pricing = "good"'))
        pairs = [r for r in await world.records(1) if isinstance(r, Intended) and r.is_pair]
        assert pairs
        for pair in pairs:
            assert pair.pricing == "good"
            assert pair.proposed_buy_price is not None
            assert pair.proposed_sell_price is not None
            assert pair.buy_price is not None
            # The grid rounds the BUY down and never far.
            assert 0 <= pair.proposed_buy_price - pair.buy_price < pair.buy_price / 100


def test_a_record_from_before_can_still_be_read() -> None:
    from alphabot.core.records import decode

    raw = (
        b'{"type":"intended","alpha_id":"ALPHA_22","at_ms":1,"intent_id":"i","quantity":"1",'
        b'"sell_price":"2","strategy_id":"s","symbol":"ALPHA_22USDT"}'
    )
    record = decode(raw)
    assert isinstance(record, Intended)
    assert record.proposed_buy_price is None
    assert b'"proposed_buy_price":null' in encode(record)
