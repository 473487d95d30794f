"""The exchange for anybody: its hosts, its clock, its tokens, and what a round would measure now.

Public questions alone. The embedded exchange is not started: there is nothing to reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import trio

from alphabot.config import Settings
from alphabot.core.forecast import Undertaking
from alphabot.core.limit_rules import CLOCK_SKEW_SECONDS_MAX
from alphabot.core.obstacles import measured
from alphabot.core.values import StrategyId, UserId
from alphabot.errors import AlphabotError, ConfigError
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.http import open_http
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.net import SocketNet
from alphabot.exchange.pace import Pause
from alphabot.exchange.sockets import StreamAddress, open_socket
from alphabot.ports import WallClock
from alphabot.wiring.binding import Bound, Names, bind
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn
from alphabot.wiring.inspection import prospect_of
from alphabot.wiring.unwrapping import unwrapped

__all__ = ["Market", "judge_host", "judge_market", "see_market", "see_stream"]

SKEW_SECONDS_NOTED = 2.0
"""The exchange tells its time to the second; more than this is the clock's, not the header's."""


@dataclass
class Market:
    """What the exchange answered, as far as it got."""

    problem: str = ""
    answered_seconds: float | None = None
    skew_seconds: float | None = None
    names: str = ""
    """What is wrong with a name of a token, if something is."""
    measured: dict[tuple[UserId, StrategyId], Mapping[str, Decimal]] = field(default_factory=dict)
    """By user and strategy: what the next round would measure, by the limits it is judged by."""
    no_round: dict[str, str] = field(default_factory=dict)
    """By strategy: why there would be none."""


async def see_market(
    settings: Settings, names: Names, rest_url: str, clock: WallClock, found: Market
) -> None:
    """Ask the exchange for its tokens, and for the prices of those that are named.

    ``found`` is filled as the answers come, so that a deadline loses only what is missing.
    """
    net, pause = SocketNet(), Pause()
    time = ExchangeTime(clock)
    market_url = settings.exchange.market_stream_url or ""
    with unwrapped():
        async with open_http(net, rest_url, time=time) as http:
            market = PublicMarket(http, net, market_url, clock, pause, time)
            begun = trio.current_time()
            try:
                await market.tokens()
            except AlphabotError as error:
                found.problem = str(error)
                return
            found.answered_seconds = trio.current_time() - begun
            found.skew_seconds = time.skew_seconds
            try:
                bound = await bind(settings, names, market)
            except ConfigError as error:
                found.names = str(error)
                return
            for each in bound:
                for variant in settings.variants(each.settings):
                    await _see_round(
                        market, settings, replace(each, settings=variant), names, found
                    )


async def _see_round(
    market: PublicMarket, settings: Settings, bound: Bound, names: Names, found: Market
) -> None:
    """Look at what the next round would be for users to whom everything in it applies alike."""
    strategy_id, user_ids = bound.settings.strategy_id, bound.settings.user_ids
    await trio.lowlevel.checkpoint()
    try:
        prospect = await prospect_of(market, settings, bound, names)
    except AlphabotError as error:
        found.no_round[strategy_id] = str(error)
        return
    if not isinstance(prospect.round, Undertaking):
        found.no_round[strategy_id] = prospect.round.detail or prospect.round.name
        return
    figures = measured(prospect.round, settings.limits_of(user_ids[0]))
    found.measured |= {(user_id, strategy_id): figures for user_id in user_ids}


async def see_stream(url: str) -> str:
    """Connect to a stream and leave at once; return what went wrong, or nothing."""
    await trio.lowlevel.checkpoint()
    try:
        with unwrapped():
            async with open_socket(SocketNet(), StreamAddress.parse(url)):
                return ""
    except AlphabotError as error:
        return str(error)


def judge_host(host: str, problem: str) -> Finding:
    """Return what an attempt to reach a host means."""
    if problem:
        return fail("host.unreachable", host, reason=problem)
    return ok("host.ok", host)


def judge_market(host: str, found: Market) -> Iterator[Finding]:
    """Yield what the exchange's answers mean."""
    if found.answered_seconds is None:
        yield fail("host.unreachable", host, reason=found.problem or "-")
        return
    yield ok("host.answered", host, seconds=f"{found.answered_seconds:.1f}")
    yield _clock(found.skew_seconds)
    if found.names:
        yield fail("token.unknown", reason=found.names)
    for strategy_id, reason in found.no_round.items():
        yield warn("token.no_round", strategy_id, reason=reason)


def _clock(skew_seconds: float | None) -> Finding:
    if skew_seconds is None:
        return fail("clock.untold")
    fields: Mapping[str, object] = {
        "skew": f"{skew_seconds:+.1f}",
        "noted": f"{SKEW_SECONDS_NOTED:g}",
        "most": f"{CLOCK_SKEW_SECONDS_MAX:g}",
    }
    if abs(skew_seconds) > CLOCK_SKEW_SECONDS_MAX:
        return fail("clock.wrong", **fields)
    if abs(skew_seconds) > SKEW_SECONDS_NOTED:
        return warn("clock.off", **fields)
    return ok("clock.ok", **fields)
