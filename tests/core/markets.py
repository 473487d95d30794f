"""Books, and strategies that would trade on them: what forecast and ranking are tested with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from alphabot.core.exact import ceil_to, floor_to
from alphabot.core.forecast import Undertaking
from alphabot.core.planning import Unplannable, plan_pair
from alphabot.core.round_trip import round_trip
from alphabot.core.values import Instrument, Level, PairPlan, Proposal, Quote, StrategyId, UserId
from tests.core.samples import instrument
from tests.strategies import instruments

__all__ = ["Market", "levels", "markets", "plain_market", "quote_of", "undertaking"]


def levels(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    """Return levels of (price, quantity), best first."""
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in pairs)


def quote_of(bids: tuple[Level, ...], asks: tuple[Level, ...], last: str | None = None) -> Quote:
    """Return a fresh quote with this book."""
    middle = (bids[0].price + asks[0].price) / 2
    return Quote(
        last=middle if last is None else Decimal(last),
        bid=bids[0].price,
        ask=asks[0].price,
        source="test",
        age_seconds=0.0,
        bids=bids,
        asks=asks,
    )


@dataclass(frozen=True)
class Market:
    """A token with its book, and a pair that could be placed on it."""

    instrument: Instrument
    quote: Quote
    proposal: Proposal
    plan: PairPlan


def plain_market(
    *, of: Instrument | None = None, bid: str = "99.5", ask: str = "100.5", amount: str = "30"
) -> Market:
    """Return a deep book around 100 USDT, and the original rule's pair for it: 110 and 99."""
    of = of or instrument(fee="0.0001")
    quote = quote_of(levels((bid, "1000")), levels((ask, "1000")), "100")
    proposal = Proposal(Decimal(110), Decimal(99))
    return Market(of, quote, proposal, plan_pair(proposal, of, Decimal(amount)))


def undertaking(
    market: Market | None = None,
    *,
    strategy_id: str = "koge",
    users: tuple[int, ...] = (1,),
    target: str = "100",
    interval_seconds: float = 1.0,
    credited: Mapping[str, str] | None = None,
    **changes: Any,
) -> Undertaking:
    """Return a strategy on a market; a round credits what it buys, unless said otherwise."""
    market = market or plain_market()
    trip = round_trip(market.plan, market.instrument, market.quote)
    by_rule = {name: Decimal(volume) for name, volume in (credited or {}).items()}
    plain = Undertaking(
        strategy_id=StrategyId(strategy_id),
        user_ids=tuple(map(UserId, users)),
        target_volume=Decimal(target),
        interval_seconds=interval_seconds,
        multiplier="divide",
        instrument=market.instrument,
        quote=market.quote,
        proposal=market.proposal,
        plan=market.plan,
        trip=trip,
        credited=by_rule or {"divide": trip.bought_usdt},
    )
    return replace(plain, **changes)


@st.composite
def _side(draw: st.DrawFn, best: Decimal, tick: Decimal, direction: int) -> tuple[Level, ...]:
    steps = draw(st.lists(st.integers(1, 50), max_size=5))
    prices, price = [best], best
    for step in steps:
        price += direction * step * tick
        prices.append(price)
    return tuple(
        Level(price, Decimal(draw(st.integers(1, 10**6))).scaleb(-2))
        for price in prices
        if price > 0
    )


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Draw a token that can be traded, a book that is not crossed, and a pair for it."""
    of = draw(instruments())
    tick = of.grid.tick_size
    middle = draw(st.decimals("0.0001", 1000, places=8))
    bid = max(floor_to(middle, tick), tick)
    ask = max(ceil_to(middle, tick), bid + tick * draw(st.integers(0, 100)))
    quote = quote_of(draw(_side(bid, tick, -1)), draw(_side(ask, tick, 1)))
    last = draw(st.sampled_from([bid, ask, (bid + ask) / 2]))
    percent = st.integers(-20, 20)
    proposal = Proposal(last * (100 + draw(percent)) / 100, last * (100 + draw(percent)) / 100)
    amount = Decimal(draw(st.sampled_from([30, 30, 1, 500])))
    try:
        plan = plan_pair(proposal, of, amount)
    except Unplannable:
        reject()
    return Market(of, replace(quote, last=last), proposal, plan)
