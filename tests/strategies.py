"""What hypothesis draws for tests of the core: numbers, grids, quotes, order lives and journals.

Tested by tests/test_strategies.py: a strategy that never draws the hard cases proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import strategies as st

from alphabot.core.orders import Legs
from alphabot.core.records import (
    Cleared,
    Configured,
    Credited,
    Intended,
    Latched,
    Leftover,
    Leg,
    NotSentRecord,
    PlacedRecord,
    Record,
    RefusedRecord,
    Reset,
    Restored,
    Settled,
    Shown,
    UnknownRecord,
    Updated,
    Witnessed,
    WrittenOff,
)
from alphabot.core.values import (
    AlphaId,
    EventId,
    FeeRate,
    Fill,
    Grid,
    Instrument,
    IntentId,
    OrderId,
    OrderListId,
    OrderReport,
    OrderStatus,
    Proposal,
    Quote,
    Side,
    StrategyId,
    Symbol,
    Token,
)

__all__ = [
    "Life",
    "amounts",
    "garbled",
    "grids",
    "instruments",
    "journals",
    "lives",
    "numbers",
    "proposals",
    "quotes",
    "records",
    "steps",
]

ZERO = Decimal(0)


# --- numbers ------------------------------------------------------------------------------------


def _decimal(sign: int, digits: int, exponent: int) -> Decimal:
    return Decimal((sign, tuple(map(int, str(digits))), exponent))


_exponents = st.integers(-40, 0) | st.integers(-12, 3)
numbers = st.builds(
    _decimal, st.integers(0, 1), st.integers(0, 10**30 - 1) | st.integers(0, 10**40 - 1), _exponents
).filter(lambda number: abs(number.adjusted()) <= 40)
"""Every number that may come from the exchange, up to 40 digits, and their negatives."""

amounts = st.builds(_decimal, st.just(0), st.integers(0, 10**30 - 1), st.integers(-30, 3))
"""Prices and quantities, up to 30 digits, zero included."""

steps = st.builds(
    lambda lead, exponent, zeros: Decimal(f"{Decimal(lead).scaleb(-exponent):f}") * Decimal(zeros),
    st.sampled_from([1, 1, 1, 5, 25, 3]),
    st.integers(-3, 12),
    st.sampled_from(["1", "1.0", "1.0000"]),
)
"""Tick and step sizes: mostly powers of ten, with and without trailing zeros."""


# --- instruments, quotes, proposals -------------------------------------------------------------


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Draw filters in which something can be bought."""
    step = Decimal(1).scaleb(-draw(st.integers(0, 4)))
    return Grid(
        tick_size=Decimal(1).scaleb(-draw(st.integers(4, 12))),
        step_size=step,
        min_quantity=step * draw(st.integers(1, 3)),
        max_quantity=Decimal(draw(st.integers(10**6, 10**9)))
        + draw(st.sampled_from([ZERO, step / 2])),
        min_notional_usdt=Decimal(draw(st.sampled_from(["0.1", "1", "5"]))),
        max_notional_usdt=Decimal(draw(st.sampled_from(["1000", "1000000"]))),
        base_precision=draw(st.integers(0, 8)),
    )


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    """Draw a token as it can be traded."""
    alpha_id = AlphaId(f"ALPHA_{draw(st.integers(1, 999))}")
    fee = st.sampled_from([ZERO, Decimal("0.0001"), Decimal("0.001")])
    return Instrument(
        token=Token(
            alpha_id=alpha_id,
            name=draw(st.sampled_from(["KOGE", "AOP", "SLX"])),
            chain_id="56",
            chain_name="BSC",
            mul_point=draw(st.sampled_from([1, 2, 4])),
            tradable=True,
        ),
        symbol=Symbol(f"{alpha_id}USDT"),
        grid=draw(grids()),
        fees=FeeRate(buyer=draw(fee), seller=draw(fee)),
        trading=True,
    )


_prices = st.decimals("0.00000001", 100_000, places=12)


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    """Draw a price with a book around it, which may be crossed, wide or old."""
    last = draw(_prices)
    return Quote(
        last=last,
        bid=draw(st.sampled_from([last, last * Decimal("0.999"), last * Decimal("1.001")])),
        ask=draw(st.sampled_from([last, last * Decimal("1.001"), last * 2])),
        source=draw(st.sampled_from(["stream", "rest"])),
        age_seconds=draw(st.floats(0, 100)),
    )


proposals = st.builds(Proposal, buy_price=_prices, sell_price=_prices)
"""What a pricing rule may propose: two limits off any grid."""


# --- the lives of orders ------------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """A pair as it was placed, and what the exchange then pushed of it, in the true order."""

    placed: Legs
    events: tuple[OrderReport, ...]


_SYMBOL = Symbol("ALPHA_373USDT")
_BUY, _SELL = OrderId("10000001"), OrderId("10000002")
_UNFILLED_ENDS = st.sampled_from([OrderStatus.CANCELED, OrderStatus.EXPIRED])


class _Teller:
    """Tells the events of one pair, with the event ids and figures of the captured sequence."""

    def __init__(self, sell_price: Decimal, buy_price: Decimal) -> None:
        self._event_ids = count(12_000_000_001)
        self._prices = {_BUY: buy_price, _SELL: sell_price}

    def event(
        self,
        order_id: OrderId,
        status: OrderStatus,
        quantity: Decimal,
        executed: Decimal,
        filled: Decimal = ZERO,
    ) -> OrderReport:
        """Return the next event of an order; ``filled`` is what this one adds."""
        event_id, price = next(self._event_ids), self._prices[order_id]
        side = Side.BUY if order_id == _BUY else Side.SELL
        fill = Fill(
            key=str(event_id),
            price=price,
            quantity=filled,
            quote_usdt=filled * price,
            fee=filled / 10_000,
            fee_asset="ALPHA_373" if side is Side.BUY else "USDT",
        )
        return OrderReport(
            order_id=order_id,
            symbol=_SYMBOL,
            side=side,
            status=status,
            price=price,
            quantity=quantity,
            executed=executed,
            quote_usdt=executed * price,
            source="push",
            order_list_id=OrderListId("9000001"),
            fill=fill if filled else None,
            event_id=EventId(event_id),
        )


@st.composite
def _trades(
    draw: st.DrawFn, teller: _Teller, order_id: OrderId, quantity: Decimal, most: int
) -> list[OrderReport]:
    """Draw fills of a working order and how it ended; at most ``most`` events."""
    pieces = draw(st.lists(st.integers(1, 9), max_size=most - 1))
    wholly = draw(st.booleans()) if pieces else draw(st.sampled_from([False, False, True]))
    events, executed = [], ZERO
    share = quantity / (sum(pieces) + (0 if wholly else 1) or 1)
    for number, piece in enumerate(pieces, 1):
        filled = (share * piece).quantize(Decimal("0.01"))
        executed += filled
        if wholly and number == len(pieces):
            filled += quantity - executed
            executed = quantity
        full = executed == quantity
        status = OrderStatus.FILLED if full else OrderStatus.PARTIALLY_FILLED
        events.append(teller.event(order_id, status, quantity, executed, filled))
    if wholly and not pieces:
        events.append(teller.event(order_id, OrderStatus.FILLED, quantity, quantity, quantity))
    elif not wholly:
        end = draw(_UNFILLED_ENDS if pieces else st.just(OrderStatus.REJECTED) | _UNFILLED_ENDS)
        events.append(teller.event(order_id, end, quantity, executed))
    return events


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Draw a pair's legal life of at most eight events, however it ended."""
    quantity = Decimal(draw(st.integers(1000, 100_000))).scaleb(-2)
    buy_price, sell_price = Decimal("0.23"), Decimal("0.0001")
    teller = _Teller(sell_price, buy_price)
    intended = Intended(
        at_ms=0,
        intent_id=IntentId("1-1"),
        strategy_id=StrategyId("koge"),
        alpha_id=AlphaId("ALPHA_373"),
        symbol=_SYMBOL,
        quantity=quantity,
        buy_price=buy_price,
        sell_price=sell_price,
    )
    placed = PlacedRecord(
        at_ms=0, intent_id=IntentId("1-1"), working_order_id=_BUY, sell_order_id=_SELL
    )
    events = [
        teller.event(_BUY, OrderStatus.NEW, quantity, ZERO),
        teller.event(_SELL, OrderStatus.PENDING, ZERO, ZERO),
    ]
    bought = draw(_trades(teller, _BUY, quantity, 2))
    events += bought
    if bought[-1].status is OrderStatus.FILLED:
        released = quantity - Decimal("0.09")
        events.append(teller.event(_SELL, OrderStatus.NEW, released, ZERO))
        events += draw(_trades(teller, _SELL, released, 8 - len(events)))
    else:
        end = draw(_UNFILLED_ENDS | st.just(OrderStatus.REJECTED))
        events.append(teller.event(_SELL, end, ZERO, ZERO))
    return Life(Legs.placed(intended, placed), tuple(events))


def garbled(events: Sequence[OrderReport]) -> st.SearchStrategy[list[OrderReport]]:
    """Draw what may arrive of these events: some lost, some twice, in any order.

    The last event of each order always arrives, be it as a push or as a row of a list.
    """
    last = {event.order_id: event for event in events}
    earlier = [event for event in events if event not in last.values()]
    any_of_them = st.lists(st.sampled_from(earlier), max_size=8) if earlier else st.just([])
    again = st.lists(st.sampled_from(events), max_size=4)
    return st.tuples(any_of_them, again).flatmap(
        lambda drawn: st.permutations([*last.values(), *drawn[0], *drawn[1]])
    )


# --- journals -----------------------------------------------------------------------------------

_ALPHA_IDS = [AlphaId("ALPHA_22"), AlphaId("ALPHA_118")]
_money = st.decimals(0, 1000, places=8)


@st.composite
def _round(draw: st.DrawFn, number: int, at_ms: int) -> list[Record]:
    """Draw one intent and all that became of it, which may be nothing yet."""
    intent_id = IntentId(f"1-{number}")
    buy_id, sell_id = OrderId(f"{2 * number}"), OrderId(f"{2 * number + 1}")
    alpha_id = draw(st.sampled_from(_ALPHA_IDS))
    quantity = Decimal(draw(st.integers(1, 100_000))).scaleb(-2)
    intended = Intended(
        at_ms=at_ms,
        intent_id=intent_id,
        strategy_id=StrategyId(f"strategy of {alpha_id}"),
        alpha_id=alpha_id,
        symbol=Symbol(f"{alpha_id}USDT"),
        quantity=quantity,
        buy_price=Decimal("0.23"),
        sell_price=Decimal("0.21"),
        amount_usdt=quantity * Decimal("0.23"),
        round_amount_usdt=quantity * Decimal("0.23"),
    )
    about: dict[str, Any] = {"at_ms": at_ms, "intent_id": intent_id}
    unknown = [UnknownRecord(**about, reason="cut")] if draw(st.booleans()) else []
    how = draw(st.sampled_from(["open", "not sent", "refused", "bought", "sold", "sold"]))
    if how == "open":
        return [intended, *unknown]
    if how == "not sent":
        return [intended, *unknown, NotSentRecord(**about, reason="no connection")]
    if how == "refused":
        return [intended, RefusedRecord(**about, code="481020", message="")]
    executed = draw(st.sampled_from([quantity, quantity, (quantity / 3).quantize(Decimal("0.01"))]))
    fee_base = (executed / 10_000).quantize(Decimal("0.000001"))
    filled = executed == quantity
    bought = Settled(
        **about,
        leg=Leg.WORKING,
        order_id=buy_id,
        status=OrderStatus.FILLED if filled else OrderStatus.CANCELED,
        executed=executed,
        quote_usdt=draw(_money),
        fee_base=fee_base,
        fee_quote_usdt=draw(st.just(ZERO) | _money),
        credited=None if (owed := draw(st.integers(0, 4)) == 0) else draw(_money),
    )
    credited = [Credited(**about, credited=draw(_money))] if owed else []
    placed = PlacedRecord(**about, working_order_id=buy_id, sell_order_id=sell_id)
    update = Updated(
        **about,
        leg=Leg.WORKING,
        order_id=buy_id,
        status=bought.status,
        executed=executed,
        quote_usdt=bought.quote_usdt,
    )
    story: list[Record] = [intended, *unknown, placed, update, bought, *credited]
    if how == "bought":
        return story
    sellable = (executed - fee_base if filled else ZERO).quantize(Decimal("0.01"), "ROUND_DOWN")
    sold = Settled(
        at_ms=at_ms + draw(st.sampled_from([0, 60_000, 86_400_000])),
        intent_id=intent_id,
        leg=Leg.PENDING,
        order_id=sell_id,
        status=OrderStatus.FILLED if filled else OrderStatus.EXPIRED,
        executed=draw(st.sampled_from([sellable, sellable, ZERO])),
        quote_usdt=draw(_money),
        fee_base=ZERO,
        fee_quote_usdt=draw(_money),
        filled_at_ms=draw(st.none() | st.integers(at_ms - 86_400_000, at_ms + 2 * 86_400_000)),
    )
    return [*story, sold]


def _between(at_ms: int) -> st.SearchStrategy[list[Record]]:
    strategy_id = st.sampled_from(_ALPHA_IDS).map(lambda a: StrategyId(f"strategy of {a}"))
    about_no_intent: st.SearchStrategy[Record] = st.one_of(
        st.builds(
            Configured, at_ms=st.just(at_ms), strategy_id=strategy_id, snapshot=st.just("{}")
        ),
        st.just(Latched(at_ms=at_ms, reason="challenge", clears="alphabot clear 1")),
        st.just(Cleared(at_ms=at_ms, by="ann")),
        st.just(
            Leftover(
                at_ms=at_ms,
                intent_id=IntentId("1-1"),
                alpha_id=_ALPHA_IDS[0],
                quantity=ZERO,
                reason="",
            )
        ),
    )
    return st.lists(about_no_intent | st.sampled_from(_weighed(at_ms)), max_size=2)


def _weighed(at_ms: int) -> list[Record]:
    """Return what a look at the account, or a copy put back, may write down."""
    return [
        Witnessed(at_ms=at_ms, asset="USDT", beside=Decimal("1000.5")),
        Witnessed(at_ms=at_ms, asset=_ALPHA_IDS[0], beside=ZERO),
        WrittenOff(at_ms=at_ms, alpha_id=_ALPHA_IDS[0], quantity=ZERO, reason="sold in the app"),
        Restored(at_ms=at_ms, known_until_ms=at_ms - 1000),
        Shown(
            at_ms=at_ms,
            strategy_id=StrategyId(f"strategy of {_ALPHA_IDS[0]}"),
            token="KOGE",
            shown=Decimal("54.5"),
            ours_usdt=Decimal("54.6"),
            multiplied_usdt=Decimal("54.6"),
            difference="lag",
        ),
    ]


@st.composite
def journals(draw: st.DrawFn) -> list[Record]:
    """Draw one user's records as a service could have written them, without a reset."""
    found: list[Record] = []
    at_ms = 1_800_000_000_000
    for number in range(1, draw(st.integers(1, 6)) + 1):
        at_ms += draw(st.sampled_from([1000, 30_000, 86_400_000]))
        found += draw(_between(at_ms))
        found += draw(_round(number, at_ms))
    return found


records: st.SearchStrategy[Record] = journals().flatmap(st.sampled_from) | st.builds(
    Reset, at_ms=st.integers(0, 2**62), strategy_id=st.text(max_size=20).map(StrategyId)
)
"""Any one record."""
