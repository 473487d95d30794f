"""What every plugin of a kind must keep, tried on cases that its author may not have thought of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

import trio

from alphabot.core.exact import divide, plain
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.pricing import NoPrice
from alphabot.core.records import Intended
from alphabot.core.values import (
    AlphaId,
    FeeRate,
    Grid,
    Instrument,
    IntentId,
    Level,
    PricingRequest,
    Quote,
    StrategyId,
    Symbol,
    Token,
)
from alphabot.errors import NotDelivered, PluginError
from alphabot.ports import Multiplier, NotifierFactory, PricingRule
from alphabot.runtime.asking_rules import ask_pricing_rule, credit

__all__ = ["check_multiplier", "check_notifier", "check_pricing_rule", "requests"]

DELIVERY_SECONDS: Final = 10.0
"""How long one notice may take in a test."""
_PRICES = ("0.00000123", "0.0485", "1", "48.5", "61234.5")
_SPREADS = ("0", "0.0001", "0.02")
_VOLUMES = ("0", "0.00000001", "27.27", "30", "1000000")
_MUL_POINTS = (1, 2, 4, 100)


def check_pricing_rule(rule: PricingRule) -> int:
    """Ask a pricing rule about cheap and dear tokens, narrow and wide books, and thin ones.

    Each answer must be a Proposal or NoPrice, must be the same when asked again, and must leave
    what it was given as it was; each market is asked about before any wait, after one, and with
    something unsold. Returns how many cases were tried; raises AssertionError naming the first
    that does not hold.
    """

    def tried() -> int:
        cases = 0
        for request in requests():
            with_what = f"price {plain(request.quote.last)}, spread {_spread(request.quote)}"
            ask = partial(_proposal, rule, request)
            first, again = _answer(with_what, ask), _answer(with_what, ask)
            _must(first == again, with_what, f"answered {first}, and then {again}")
            cases += 1
        return cases

    return _under_trio(tried)


def check_multiplier(rule: Multiplier) -> int:
    """Ask a multiplier rule about no volume, tiny, usual and huge ones, at several mulPoints.

    Each answer must be a finite Decimal at or above zero, and the same when asked again. Returns
    how many cases were tried; raises AssertionError naming the first that does not hold.
    """

    def tried() -> int:
        cases = 0
        for volume in map(Decimal, _VOLUMES):
            for mul_point in _MUL_POINTS:
                with_what = f"volume {plain(volume)}, mulPoint {mul_point}"
                intended = _intended(mul_point)
                ask = partial(credit, intended, Decimal(1), volume, lambda _: rule)
                first, again = _answer(with_what, ask), _answer(with_what, ask)
                _must(first == again, with_what, f"answered {first}, and then {again}")
                cases += 1
        return cases

    return _under_trio(tried)


async def check_notifier(open_notifier: NotifierFactory) -> int:
    """Open a notifier and have it deliver one notice of every kind.

    It must deliver each within ten seconds, or raise NotDelivered and nothing else, and must
    close. Returns how many notices were tried; raises AssertionError naming the first that fails.
    """
    cases = 0
    async with open_notifier() as notifier:
        deliver = getattr(notifier, "deliver", None)
        _must(inspect.iscoroutinefunction(deliver), "deliver", "an async method was expected")
        for notice in _notices():
            with trio.move_on_after(DELIVERY_SECONDS) as waiting:
                await trio.lowlevel.checkpoint()
                try:
                    await notifier.deliver(notice)
                except NotDelivered:
                    pass  # an honest answer
                except Exception as error:
                    problem = f"{type(error).__name__}: {error}"
                    raise AssertionError(f"{notice.kind}: {problem}") from error
            _must(not waiting.cancelled_caught, notice.kind, f"took over {DELIVERY_SECONDS:g} s")
            cases += 1
    return cases


def requests() -> Iterator[PricingRequest]:
    """Yield what a pricing rule may be asked."""
    for last in map(Decimal, _PRICES):
        for spread in map(Decimal, _SPREADS):
            for deep in (False, True):
                first = PricingRequest(
                    quote=_quote(last, spread, deep=deep),
                    instrument=_instrument(last),
                    amount_usdt=Decimal(30),
                    buy_offset_percent=Decimal(10),
                    sell_profit_percent=Decimal(10),
                )
                yield first
                yield replace(first, attempt=2, waited_seconds=Decimal(60))
                yield replace(first, unsold=divide(Decimal(30), last))


def _proposal(rule: PricingRule, request: PricingRequest) -> object:
    """Return the rule's proposal, or its word that it has none."""
    try:
        return ask_pricing_rule("it", rule, request)
    except NoPrice as refusal:
        return str(refusal)


def _quote(last: Decimal, spread: Decimal, *, deep: bool) -> Quote:
    bid, ask = last * (1 - spread / 2), last * (1 + spread / 2)
    steps = range(5) if deep else ()
    return Quote(
        last=last,
        bid=bid,
        ask=ask,
        source="conformance",
        age_seconds=0.5,
        bids=tuple(Level(bid * (1 - Decimal(n) / 1000), 100 / last) for n in steps),
        asks=tuple(Level(ask * (1 + Decimal(n) / 1000), 100 / last) for n in steps),
    )


def _instrument(last: Decimal) -> Instrument:
    tick = Decimal(1).scaleb(last.adjusted() - 5)
    return Instrument(
        token=Token(
            alpha_id=AlphaId("ALPHA_1"),
            name="TEST",
            chain_id="56",
            chain_name="BSC",
            mul_point=1,
            tradable=True,
        ),
        symbol=Symbol("ALPHA_1USDT"),
        grid=Grid(
            tick_size=tick,
            step_size=Decimal("0.00000001"),
            min_quantity=Decimal("0.00000001"),
            max_quantity=Decimal(10**12),
            min_notional_usdt=Decimal("0.1"),
            max_notional_usdt=Decimal(10**6),
            base_precision=8,
        ),
        fees=FeeRate(buyer=Decimal("0.0001"), seller=Decimal("0.0001")),
        trading=True,
    )


def _intended(mul_point: int) -> Intended:
    return Intended(
        at_ms=0,
        intent_id=IntentId("none"),
        strategy_id=StrategyId("none"),
        alpha_id=AlphaId("ALPHA_1"),
        symbol=Symbol("ALPHA_1USDT"),
        quantity=Decimal(1),
        sell_price=Decimal(1),
        mul_point=mul_point,
        multiplier="it",
    )


def _notices() -> Iterator[Notice]:
    for kind in NoticeKind:
        yield Notice(
            kind=kind,
            cause=f"conformance {kind}",
            at_ms=1_800_000_000_000,
            title=f"A notice: {kind}, with <marks>, *stars* and 中文",
            figures=(("volume", "27.27 USDT"), ("wear", "0.03 USDT")),
            progress=0.5,
            needs_human=kind is NoticeKind.LATCHED,
        )


def _answer(with_what: str, ask: Callable[[], object]) -> object:
    try:
        return ask()
    except PluginError as error:
        raise AssertionError(f"{with_what}: {error.problem}") from error


def _must(holds: bool, with_what: str, problem: str) -> None:
    if not holds:
        raise AssertionError(f"{with_what}: {problem}")


def _spread(quote: Quote) -> str:
    return plain(quote.ask - quote.bid)


def _under_trio(tried: Callable[[], int]) -> int:
    """Run it where trio's clock can be read, as a rule is asked in a round."""
    if trio.lowlevel.in_trio_run():
        return tried()

    async def main() -> int:
        await trio.lowlevel.checkpoint()
        return tried()

    return trio.run(main)
