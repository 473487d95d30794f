"""What authors of plugins are given: they must fail for a plugin that would fail in a round."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from alphabot import NotDelivered, Notice, PricingRequest, Proposal
from alphabot.builtin.mul_point import divide, flat, points
from alphabot.builtin.percent_offset import percent_offset
from alphabot.core.records import Intended
from alphabot.errors import PluginError
from alphabot.testing import (
    check_multiplier,
    check_notifier,
    check_pricing_rule,
    load_plugin,
    simulated_world,
)

PLUGIN = """
from decimal import Decimal
import msgspec
from alphabot import Proposal, hookimpl

class Settings(msgspec.Struct, frozen=True):
    percent: Decimal

@hookimpl
def settings():
    return Settings

@hookimpl
def register_pricing_rules(register, settings):
    def mine(request):
        step = request.quote.ask * settings.percent / 100
        return Proposal(request.quote.ask + step, request.quote.bid - step)
    register("mine", mine)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a plugin."""
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    return file


def test_our_own_rules_conform() -> None:
    assert check_pricing_rule(percent_offset) == 90
    assert {check_multiplier(rule) for rule in (divide, flat, points)} == {20}


async def test_rules_can_be_checked_from_async_tests_too() -> None:
    await trio.lowlevel.checkpoint()
    assert check_pricing_rule(percent_offset) == 90


_times = iter(range(10**6))


def meddles(request: PricingRequest) -> Proposal:
    """Change what is frozen, as whoever means to can."""
    object.__setattr__(request.quote, "bid", Decimal(1))
    return Proposal(Decimal(1), Decimal(1))


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (lambda request: None, "a Proposal was expected, was NoneType"),
        (lambda request: 1 / 0, "ZeroDivisionError"),
        (lambda request: Proposal(request.quote.bids[0].price, Decimal(1)), "IndexError"),
        (lambda request: Proposal(Decimal(next(_times)), Decimal(1)), "and then"),
        (meddles, "it changed what it was given"),
    ],
)
def test_a_rule_that_would_fail_in_a_round_fails_here(
    rule: Callable[[PricingRequest], Any], problem: str
) -> None:
    with pytest.raises(AssertionError, match=r"price 0\.00000123, spread .*" + problem):
        check_pricing_rule(rule)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (lambda volume, mul_point: float(volume), "a Decimal was expected, was float"),
        (lambda volume, mul_point: volume - 1, "at or above zero"),
        (lambda volume, mul_point: Decimal(next(_times)), "and then"),
        (lambda volume, mul_point: 30 / volume, "DivisionByZero|InvalidOperation"),
    ],
)
def test_a_multiplier_that_would_fail_fails_here(
    rule: Callable[[Decimal, int], Any], problem: str
) -> None:
    with pytest.raises(AssertionError, match=f"volume 0, mulPoint .*({problem})"):
        check_multiplier(rule)


class Notifier:
    """Remembers what it was handed, or fails with one error."""

    def __init__(self, error: Exception | None = None, seconds: float = 0) -> None:
        self.error = error
        self.seconds = seconds
        self.notices: list[Notice] = []

    async def deliver(self, notice: Notice) -> None:
        await trio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.notices.append(notice)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Notifier]:
        await trio.lowlevel.checkpoint()
        yield self


async def test_a_notifier_delivers_every_kind_or_says_it_did_not() -> None:
    good = Notifier()
    assert await check_notifier(good.open) == len(good.notices) > 5
    await check_notifier(Notifier(NotDelivered("away")).open)


async def test_a_notifier_that_raises_or_hangs_fails(autojump_clock: MockClock) -> None:
    with pytest.raises(AssertionError, match="started: KeyError"):
        await check_notifier(Notifier(KeyError("chat")).open)
    with pytest.raises(AssertionError, match="started: took over 10 s"):
        await check_notifier(Notifier(seconds=11).open)


# --- a simulated world ------------------------------------------------------------------------


def test_a_world_in_one_call_is_the_same_each_time(file: Path) -> None:
    runs = [simulated_world(file, pricing="mine", settings="percent = 0.5") for _ in range(2)]
    assert runs[0] == runs[1]
    run = runs[0]
    assert (run.ending, run.failed_rounds) == ("reached", 0)
    assert run.rounds >= 2
    assert run.credited >= 60
    pairs = [r for r in run.records if isinstance(r, Intended) and r.is_pair]
    assert {pair.pricing for pair in pairs} == {"mine"}
    wider = simulated_world(file, pricing="mine", settings="percent = 3")
    first = next(r for r in wider.records if isinstance(r, Intended))
    assert first.buy_price is not None
    assert pairs[0].buy_price is not None
    assert first.buy_price > pairs[0].buy_price


def test_a_world_says_what_the_gate_refused(file: Path) -> None:
    run = simulated_world(file, pricing="mine", settings="percent = 20", seconds_max=100)
    assert (run.ending, run.rounds) == ("unfinished", 0)
    assert run.refusals["price_collar_percent"] >= 3


def test_a_world_says_why_a_strategy_failed(file: Path) -> None:
    run = simulated_world(file, pricing="mine")
    assert run.ending == "failed"
    assert "plugin mine" in run.reason


def test_a_plugin_is_loaded_as_the_service_would(file: Path) -> None:
    host = load_plugin(file, "percent = 1")
    assert check_pricing_rule(host.pricing_rule("mine")) == 90
    with pytest.raises(PluginError, match=r"plugins\.mine\.percent: it was expected, was missing"):
        load_plugin(file)
    with pytest.raises(PluginError, match=r"percnt: unknown key \(did you mean percent\?\)"):
        load_plugin(file, "percent = 1\npercnt = 1")


def test_pytest_is_not_needed_to_use_this() -> None:
    script = (
        "import sys; sys.modules['pytest'] = None\n"
        "import alphabot.testing as t\n"
        "assert not [m for m in sys.modules if m == 'trio']\n"
        "assert [getattr(t, name) for name in t.__all__]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import alphabot.testing

    with pytest.raises(AttributeError, match="no attribute 'simulated_wrold'"):
        alphabot.testing.simulated_wrold  # noqa: B018 - asking is the test
