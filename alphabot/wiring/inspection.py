"""The public side of the configured exchange, for questions: no account, no journal, no order.

Nothing is written and nothing is subscribed to: every answer is asked for by REST, a few at a
time. The embedded exchange is started for the question and ends with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings, StrategySettings
from alphabot.core.exact import ZERO
from alphabot.core.forecast import Undertaking
from alphabot.core.obstacles import Obstacle, unplannable
from alphabot.core.planning import Unplannable, plan_pair
from alphabot.core.pricing import NoPrice, wants_depth
from alphabot.core.ranking import RankedToken, cost_of_a_round
from alphabot.core.records import Intended
from alphabot.core.round_trip import round_trip
from alphabot.core.values import (
    AlphaId,
    Instrument,
    IntentId,
    PairPlan,
    Proposal,
    Quote,
    StrategyId,
    Symbol,
    Token,
)
from alphabot.errors import ConfigError, ExchangeError, PluginError, RateLimited
from alphabot.exchange.http import open_http
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.pace import Pause
from alphabot.ports import WallClock
from alphabot.runtime.asking_rules import credit, propose_in_the_end
from alphabot.wiring.binding import Bound, Names, RefusedStrategy, bind, resolve, token_list
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import Venue, open_venue

__all__ = ["Prospect", "prospect_of", "prospects", "prospects_on", "token_costs", "token_costs_on"]

OUR_MULTIPLIERS: Final = ("divide", "points", "flat")
"""The rules that a token's multiplier is compared by."""
TOKENS_AT_ONCE: Final = 4
"""How many tokens are asked about at the same time."""
_ASKED_AGAIN_MAX: Final = 3
"""How often one token is asked about again after the exchange has asked us to wait."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A strategy, its token's present facts, and what one round would be, or why there is none."""

    settings: StrategySettings
    instrument: Instrument
    quote: Quote
    round: Undertaking | Obstacle
    waits: bool = False
    """Whether the rule first waits for a better price; the round is what it does in the end."""


@dataclass(frozen=True, slots=True)
class _View:
    """The public market of one exchange."""

    market: PublicMarket
    pause: Pause
    clock: WallClock


async def prospects(
    settings: Settings, only: Sequence[str] = (), seed: int | None = None
) -> tuple[tuple[Prospect, ...], tuple[RefusedStrategy, ...]]:
    """Return what one round of each of these strategies, or of all, would be now.

    Beside them those that cannot run, for want of a plugin.

    Raises ConfigError for what someone must edit, ExchangeError if the exchange does not answer.
    """
    names = resolve(settings, only)
    clock = SystemClock()
    with unwrapped():
        async with open_venue(settings, clock, seed) as venue:
            return await prospects_on(venue, settings, names, clock), names.refused


async def prospects_on(
    venue: Venue, settings: Settings, names: Names, clock: WallClock
) -> tuple[Prospect, ...]:
    """Return the same, from an exchange that is open already."""
    async with _view(venue, clock) as view:
        bound = await bind(settings, names, view.market)
        variants = [
            replace(each, settings=variant)
            for each in bound
            for variant in settings.variants(each.settings)
        ]
        return tuple([await prospect_of(view.market, settings, v, names) for v in variants])


async def token_costs(
    settings: Settings, amount_usdt: Decimal, multiplier: str, seed: int | None = None
) -> tuple[tuple[RankedToken, ...], int]:
    """Return every listed token with what a round on it costs now, and the wall time in ms.

    Raises ConfigError for a multiplier rule that is not loaded, ExchangeError if the exchange
    does not answer at all; a token that it does not answer about has no cost.
    """
    names = resolve(settings, ())
    clock = SystemClock()
    with unwrapped():
        async with open_venue(settings, clock, seed) as venue:
            found = await token_costs_on(venue, names, clock, amount_usdt, multiplier)
    return found, clock.now_ms()


async def token_costs_on(
    venue: Venue, names: Names, clock: WallClock, amount_usdt: Decimal, multiplier: str
) -> tuple[RankedToken, ...]:
    """Return the same, from an exchange that is open already."""
    try:
        names.plugins.multiplier(multiplier)
    except KeyError as cause:
        raise ConfigError(cause.args[0]) from None
    found: dict[str, RankedToken] = {}
    limiter = trio.CapacityLimiter(TOKENS_AT_ONCE)

    async def look(token: Token) -> None:
        async with limiter:
            found[token.alpha_id] = await _ranked(view, token, amount_usdt, multiplier, names)

    async with _view(venue, clock) as view:
        tokens = await token_list(view.market)
        async with trio.open_nursery() as nursery:
            for token in tokens:
                nursery.start_soon(look, token)
    return tuple(found[token.alpha_id] for token in tokens)


@asynccontextmanager
async def _view(venue: Venue, clock: WallClock) -> AsyncIterator[_View]:
    pause = Pause()
    async with open_http(venue.net, venue.rest_url) as http:
        market = PublicMarket(http, venue.net, venue.market_stream_url, clock, pause)
        yield _View(market, pause, clock)


async def prospect_of(
    market: PublicMarket, settings: Settings, bound: Bound, names: Names
) -> Prospect:
    """Return what one round of a strategy would be now; raises ExchangeError."""
    instrument = await market.instrument(bound.token.alpha_id)
    quote = await market.quote(bound.token.alpha_id, depth=wants_depth(bound.rule))
    try:
        return _prospect(settings, bound, names, instrument, quote)
    except PluginError as error:
        obstacle = Obstacle("plugin_failed", detail=f"{error.hook} {error.plugin}: {error.problem}")
        return Prospect(bound.settings, instrument, quote, obstacle)


def _prospect(
    settings: Settings, bound: Bound, names: Names, instrument: Instrument, quote: Quote
) -> Prospect:
    strategy = bound.settings
    try:
        proposal, waits = propose_in_the_end(bound.rule, strategy, instrument, quote)
    except NoPrice as refusal:
        obstacle = Obstacle("no_price", detail=str(refusal))
        return Prospect(strategy, instrument, quote, obstacle)
    limits = settings.limits_of(strategy.user_ids[0])
    try:
        lower = waits or strategy.on_sell_timeout == "ladder"
        exit_loss = limits.max_exit_loss_percent if lower else None
        plan = plan_pair(proposal, instrument, strategy.single_trade_amount_usdt, exit_loss)
    except Unplannable as error:
        return Prospect(strategy, instrument, quote, unplannable(error, proposal, instrument))
    undertaking = replace(
        _undertaking(strategy, instrument, quote, proposal, plan, names),
        own_limits=None if limits == settings.limits else limits,
    )
    return Prospect(strategy, instrument, quote, undertaking, waits)


def _undertaking(
    strategy: StrategySettings,
    instrument: Instrument,
    quote: Quote,
    proposal: Proposal,
    plan: PairPlan,
    names: Names,
) -> Undertaking:
    trip = round_trip(plan, instrument, quote)
    return Undertaking(
        strategy_id=strategy.strategy_id,
        user_ids=strategy.user_ids,
        target_volume=strategy.target_volume,
        interval_seconds=strategy.trade_interval_seconds,
        multiplier=strategy.multiplier,
        instrument=instrument,
        quote=quote,
        proposal=proposal,
        plan=plan,
        trip=trip,
        credited=_credited(strategy, instrument.token.mul_point, trip.bought_usdt, names),
    )


def _credited(
    strategy: StrategySettings, mul_point: int, bought_usdt: Decimal, names: Names
) -> Mapping[str, Decimal]:
    """Return what a round credits, by the chosen rule and, where they differ, by ours."""
    others = OUR_MULTIPLIERS if mul_point != 1 else ()
    return {
        multiplier: _credit(
            names,
            multiplier,
            mul_point,
            bought_usdt,
            volume_basis=strategy.volume_basis,
            round_amount_usdt=strategy.single_trade_amount_usdt,
        )
        for multiplier in dict.fromkeys((strategy.multiplier, *others))
    }


def _credit(
    names: Names,
    multiplier: str,
    mul_point: int,
    bought_usdt: Decimal,
    *,
    volume_basis: str = "filled",
    round_amount_usdt: Decimal | None = None,
) -> Decimal:
    """Ask a multiplier rule as a run would ask it after a BUY that filled wholly."""
    whole = Decimal(1)
    intended = Intended(
        at_ms=0,
        intent_id=IntentId("none"),
        strategy_id=StrategyId("none"),
        alpha_id=AlphaId("none"),
        symbol=Symbol("none"),
        quantity=whole,
        sell_price=whole,
        round_amount_usdt=round_amount_usdt,
        mul_point=mul_point,
        multiplier=multiplier,
        volume_basis=volume_basis,
    )
    return credit(intended, whole, bought_usdt, names.plugins.multiplier)


async def _ranked(
    view: _View, token: Token, amount_usdt: Decimal, multiplier: str, names: Names
) -> RankedToken:
    problem = "unanswered"
    for _ in range(_ASKED_AGAIN_MAX):
        await view.pause.over()
        try:
            instrument = await view.market.instrument(token.alpha_id)
            if not instrument.trading:
                problem = "not_trading"
                break
            quote = await view.market.quote(token.alpha_id)
            cost = cost_of_a_round(instrument, quote, amount_usdt)
            credited = _credit(names, multiplier, token.mul_point, cost.bought_usdt)
            return RankedToken(token, cost, credited)
        except RateLimited:
            continue
        except ExchangeError:
            break
        except Unplannable as error:
            problem = error.name
            break
    await trio.lowlevel.checkpoint()
    return RankedToken(token, None, ZERO, problem)
