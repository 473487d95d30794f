"""What is seen of an exchange by asking, and that a run then does what was foretold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings, loads
from alphabot.core import obstacles
from alphabot.core.forecast import Forecast, Undertaking, by_user, forecast
from alphabot.core.obstacles import Obstacle
from alphabot.core.ranking import RankedToken, ranked
from alphabot.errors import ConfigError
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from alphabot.wiring import Prospect
from alphabot.wiring.binding import resolve
from alphabot.wiring.inspection import prospects_on, token_costs_on
from tests.runtime.world import World, open_world, settings_of

STILL = ExchangeSettings(volatility_percent=0, split_fill_percent=0)
RAISES = """
import alphabot


def raises(*given):
    raise RuntimeError("what it is")


@alphabot.hookimpl
def register_pricing_rules(register):
    register("bad", raises)


@alphabot.hookimpl
def register_multipliers(register):
    register("bad", raises)
"""
PLUGGED = """
[plugins]
paths = ["."]
enabled = ["bad"]
[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 50
user_ids = [1]
{kind} = "bad"
[[strategies]]
strategy_id = "aop"
target_token = "AOP"
target_chain = "BSC"
target_volume = 20
user_ids = [2]
"""


@asynccontextmanager
async def still_world() -> AsyncIterator[World]:
    """Open an exchange whose prices stay where they are."""
    async with open_world(STILL) as world:
        yield world


def koge(limits: dict[str, Any] | None = None, **values: Any) -> Settings:
    """Return settings in which user 1 trades KOGE and nobody anything else."""
    settings = settings_of()
    (strategy,) = (s for s in settings.strategies if s.strategy_id == "koge")
    return replace(
        settings,
        strategies=(replace(strategy, **values),),
        limits=replace(settings.limits, **(limits or {})),
    )


async def look(world: World, settings: Settings) -> tuple[Prospect, ...]:
    return await prospects_on(world.venue(), settings, resolve(settings, []), world.clock)


async def foretold(world: World, settings: Settings) -> Forecast:
    (prospect,) = await look(world, settings)
    assert isinstance(prospect.round, Undertaking)
    (found,) = forecast([prospect.round], settings.limits)
    return found


async def costs(world: World, amount: int = 30, multiplier: str = "divide") -> list[RankedToken]:
    found = await token_costs_on(
        world.venue(), resolve(settings_of(), []), world.clock, Decimal(amount), multiplier
    )
    return list(ranked(found))


# --- asking -------------------------------------------------------------------------------------


async def test_every_strategy_is_looked_at_and_nothing_is_done(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        first, second = await look(world, settings_of())
        assert (first.settings.strategy_id, first.instrument.token.name) == ("koge", "KOGE")
        assert isinstance(first.round, Undertaking)
        assert list(first.round.credited) == ["divide"]
        assert isinstance(second.round, Undertaking)
        bought = second.round.trip.bought_usdt
        assert {
            name: round(volume / bought, 4) for name, volume in second.round.credited.items()
        } == {
            "divide": Decimal("0.25"),
            "points": 4,
            "flat": 1,
        }
        assert world.exchange.ledger.requests == []
        assert await world.records(1) == []


async def test_basis_ordered_counts_the_amount(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        found = await foretold(world, koge(volume_basis="ordered"))
        assert found.way.credited == 30


async def test_a_round_that_cannot_be_planned(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        (prospect,) = await look(world, koge(single_trade_amount_usdt=Decimal("0.05")))
        assert isinstance(prospect.round, Obstacle)
        assert prospect.round.name == "single_trade_amount_usdt"
        assert prospect.round.needed == Decimal("0.11")


async def test_tokens_are_ranked_by_what_credited_volume_costs(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        found = await costs(world)
        names = [one.token.alpha_id for one in found]
        assert sorted(names[:-1]) == [
            "ALPHA_22",
            "ALPHA_382",
            "ALPHA_417",
            "ALPHA_418",
            "ALPHA_978",
        ]
        # AOP's volume is divided by four; AIXBT is offline.
        assert names[-2:] == ["ALPHA_382", "ALPHA_5"]
        assert found[-1].problem == "not_trading"
        assert (await costs(world, multiplier="points"))[0].token.name == "AOP"
        prices = [one.usdt_per_credited for one in found[:-1]]
        assert prices == sorted(price for price in prices if price is not None)
        assert world.exchange.ledger.requests == []


async def test_more_than_a_book_holds_has_no_cost(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        assert {one.problem for one in await costs(world, amount=999_999)} == {
            "thin_book",
            "not_trading",
        }


async def test_an_unknown_multiplier(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        with pytest.raises(ConfigError, match="did you mean divide"):
            await costs(world, multiplier="divid")


# --- what was foretold happens --------------------------------------------------------------------


async def test_rounds_volume_and_cost(autojump_clock: MockClock) -> None:
    async with still_world() as world:
        settings = koge(target_volume=Decimal(300))
        found = await foretold(world, settings)
        await world.run(settings)
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.rounds == found.way.rounds == 11
        assert row.volume_usdt == pytest.approx(found.way.volume_usdt, rel=Decimal("0.001"))
        # The spread of every round is another; a factor of two is not.
        assert found.way.cost_usdt / 2 < row.wear_usdt < found.way.cost_usdt * 2
        assert row.leftover == pytest.approx(
            found.undertaking.trip.dust * row.rounds, rel=Decimal("0.2")
        )


async def test_time(autojump_clock: MockClock) -> None:
    async with still_world() as world:
        settings = koge(target_volume=Decimal(300))
        (prospect,) = await look(world, settings)
        assert isinstance(prospect.round, Undertaking)
        began = trio.current_time()
        await world.run(settings)
        took = trio.current_time() - began
        seconds = world.row(1, "koge").round_seconds_mean
        (found,) = forecast([prospect.round], settings.limits, seconds)
        assert took == pytest.approx(found.pace.seconds, rel=0.1)


async def ending(world: World, settings: Settings) -> Ending | None:
    """Return how a run ends, or None if it still waits after a minute of ten-second work."""
    with trio.move_on_after(60):
        await world.run(settings)
        return world.row(1, "koge").ending
    return None


@pytest.mark.parametrize(
    ("name", "less"), [("max_rounds", Ending.FAILED), ("max_exposure_usdt", None)]
)
async def test_the_advice_is_enough_and_less_is_not(
    name: str, less: Ending | None, autojump_clock: MockClock
) -> None:
    """Rounds end the strategy; the dust of the first round keeps the second waiting for ever."""
    async with still_world() as world:
        settings = koge(target_volume=Decimal(100))
        found = await foretold(world, settings)
        (user,) = by_user([found])
        amount = found.undertaking.plan.amount_usdt
        strict = replace(settings.limits, max_rounds=3, max_exposure_usdt=amount)
        (met,) = (
            one
            for one in (*obstacles.in_all_rounds(found, strict), *obstacles.of_a_user(user, strict))
            if one.name == name
        )
        assert met.needed is not None
        too_little = getattr(strict, name)
        assert await ending(world, koge({name: too_little}, target_volume=Decimal(100))) is less
        world.killed()
        enough = int(met.needed) if name == "max_rounds" else met.needed
        assert (
            await ending(world, koge({name: enough}, target_volume=Decimal(100))) is Ending.REACHED
        )


# --- rules that wait, or refuse -----------------------------------------------------------------


@pytest.mark.parametrize(("pricing", "waits"), [("percent_offset", False), ("patient", True)])
async def test_of_a_rule_that_waits_the_price_without_waiting_is_told(
    pricing: str, waits: bool, autojump_clock: MockClock
) -> None:
    """What it would cost if nobody came; a run can only be cheaper."""
    async with open_world(replace(STILL, half_spread_bp=(3, 3), traffic_percent=0)) as world:
        (prospect,) = await look(world, koge(pricing=pricing))
        assert prospect.waits is waits
        assert isinstance(prospect.round, Undertaking)
        trip, plan = prospect.round.trip, prospect.round.plan
        assert trip.waiting == trip.unsold == 0
        assert trip.cost_bp > 6
        assert (plan.exit_loss_percent is not None) is waits
        if waits:
            assert plan.buy_price >= prospect.quote.ask
            await world.run(koge(pricing=pricing))
            assert world.row(1, "koge").wear_bp <= trip.cost_bp + Decimal("0.1")


async def test_a_rule_without_a_price_is_an_obstacle_with_its_reason(
    autojump_clock: MockClock,
) -> None:
    async with open_world(replace(STILL, level_usdt=(1, 1), depth_levels=3)) as world:
        (prospect,) = await look(world, koge(pricing="book_touch"))
        assert isinstance(prospect.round, Obstacle)
        assert prospect.round.name == "no_price"
        assert prospect.round.detail.startswith("thin_book: the asks that are known hold")


@pytest.mark.parametrize("kind", ["pricing", "multiplier"])
async def test_a_rule_that_raises_is_an_obstacle_of_its_strategy_alone(
    kind: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    (tmp_path / "bad.py").write_text(RAISES)
    text = PLUGGED.format(kind=kind)
    async with open_world(STILL) as world:
        bad, good = await look(world, loads(text, tmp_path / "strategies.toml"))
        assert isinstance(bad.round, Obstacle)
        assert bad.round.name == "plugin_failed"
        assert bad.round.detail.endswith("bad: RuntimeError: what it is")
        assert isinstance(good.round, Undertaking)
