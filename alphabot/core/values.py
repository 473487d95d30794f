"""The values everything else speaks in: identifiers, tokens, quotes, plans, fills and reports.

All are frozen. One type per identifier, so that a user id is never taken for an order id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from alphabot.core.exact import ZERO, Exact, percent_of

__all__ = [
    "AlphaId",
    "Balances",
    "EventId",
    "FeeRate",
    "Fill",
    "Grid",
    "Instrument",
    "IntentId",
    "Level",
    "ListenKey",
    "OrderId",
    "OrderListId",
    "OrderReport",
    "OrderStatus",
    "PairPlan",
    "PlacedPair",
    "PricingRequest",
    "Proposal",
    "Quote",
    "SalePlan",
    "Side",
    "StrategyId",
    "Symbol",
    "Token",
    "UserId",
]

UserId = NewType("UserId", int)
StrategyId = NewType("StrategyId", str)
AlphaId = NewType("AlphaId", str)
"""The exchange's id of a token, ``ALPHA_22``; the base asset of its orders."""
Symbol = NewType("Symbol", str)
"""A trading pair, ``ALPHA_22USDT``."""
OrderId = NewType("OrderId", str)
OrderListId = NewType("OrderListId", str)
IntentId = NewType("IntentId", str)
EventId = NewType("EventId", int)
ListenKey = NewType("ListenKey", str)


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"


class OrderStatus(StrEnum):
    """The states of an order as the exchange names them (protocol sections 6 and 7)."""

    PENDING = "PENDING"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"

    @property
    def terminal(self) -> bool:
        """Whether nothing more can happen to an order in this state."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}
)


@dataclass(frozen=True, slots=True)
class Token(Exact):
    """A row of the token list (protocol section 2); ``name`` is the ambiguous display symbol."""

    alpha_id: AlphaId
    name: str
    chain_id: str
    chain_name: str
    mul_point: int
    tradable: bool
    """False when the exchange says ``offline``, ``offsell`` or ``fullyDelisted``, and where it does
    not say what volume counts (``mulPoint``)."""
    listed_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Grid(Exact):
    """What the exchange's filters allow (protocol section 2, exchange info)."""

    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    min_notional_usdt: Decimal
    max_notional_usdt: Decimal
    base_precision: int


@dataclass(frozen=True, slots=True)
class FeeRate(Exact):
    """Fees as fractions: 0.0001 is 0.01 %. The buyer's is taken in the token."""

    buyer: Decimal
    seller: Decimal


@dataclass(frozen=True, slots=True)
class Instrument(Exact):
    """Everything a round must know about a token besides its price."""

    token: Token
    symbol: Symbol
    grid: Grid
    fees: FeeRate
    trading: bool
    """Whether the symbol's status is TRADING and its token is tradable."""


@dataclass(frozen=True, slots=True)
class Level(Exact):
    """One price of an order book and what is offered there, in tokens."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Quote(Exact):
    """What is known of a price at one moment.

    ``last`` is the last trade, ``bid`` and ``ask`` the best of the book, ``bids`` and ``asks`` as
    much depth as the source gave (best first, may be empty), ``age_seconds`` the time since the
    source last confirmed the oldest of all that (not since the last trade).
    """

    last: Decimal
    bid: Decimal
    ask: Decimal
    source: str
    age_seconds: float
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    depth_age_seconds: float | None = None
    """Time since the levels were confirmed; None where there are none but the best."""


@dataclass(frozen=True, slots=True)
class PricingRequest(Exact):
    """What a pricing rule is asked: the quote, the token's facts and the strategy's percentages.

    ``sell_profit_percent`` keeps the name of the original configuration; the original rule
    subtracts it from the buy price. Whoever proposes a wait is asked again once it is over.
    """

    quote: Quote
    instrument: Instrument
    amount_usdt: Decimal
    buy_offset_percent: Decimal
    sell_profit_percent: Decimal
    attempt: int = 1
    """How often the rule has been asked about this BUY, or this SELL; 1 is the first time."""
    waited_seconds: Decimal = ZERO
    """How long its orders have waited by now; ``order_timeout_seconds`` where none may any more."""
    unsold: Decimal = ZERO
    """Tokens that were bought and are to be sold now: then only the SELL limit counts."""


@dataclass(frozen=True, slots=True)
class Proposal(Exact):
    """What a pricing rule proposes: two limits, not yet on the exchange's grid.

    With ``wait_seconds`` an order that has not filled wholly after so long is cancelled, and the
    rule is asked again; without, it waits for ``order_timeout_seconds``, which is also the most
    that a BUY or a SELL waits in all its attempts.
    """

    buy_price: Decimal
    sell_price: Decimal
    wait_seconds: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PairPlan(Exact):
    """An OTO pair on the exchange's grid: ``amount_usdt`` is floor(price x quantity, 8 places)."""

    alpha_id: AlphaId
    symbol: Symbol
    buy_price: Decimal
    sell_price: Decimal
    quantity: Decimal
    amount_usdt: Decimal
    exit_loss_percent: Decimal | None = None
    """How far below their cost the tokens may be sold in the end; None where the SELL stays."""
    buy_wait_seconds: Decimal | None = None
    """How long the BUY may wait before it is cancelled and its rule asked again."""
    sell_wait_seconds: Decimal | None = None
    """The same of the SELL."""

    @property
    def exit_price(self) -> Decimal:
        """The lowest limit at which tokens bought at the BUY's limit are ever offered."""
        if self.exit_loss_percent is None:
            return self.sell_price
        return min(self.sell_price, percent_of(self.buy_price, -self.exit_loss_percent))


@dataclass(frozen=True, slots=True)
class SalePlan(Exact):
    """A plain limit SELL of what a round bought and did not sell."""

    alpha_id: AlphaId
    symbol: Symbol
    price: Decimal
    quantity: Decimal
    exit_loss_percent: Decimal | None = None
    """How far below their cost the tokens may be sold; None where nothing but the rule says."""
    wait_seconds: Decimal | None = None
    """How long it may wait before it is cancelled and its rule asked again."""


@dataclass(frozen=True, slots=True)
class PlacedPair:
    """The ids the exchange gave to the two legs of an accepted pair."""

    working_order_id: OrderId
    pending_order_id: OrderId


@dataclass(frozen=True, slots=True)
class Fill(Exact):
    """One fill of an order.

    ``key`` is unique per fill within its source: the event ``id`` of a push, the ``pageId`` of a
    REST row. Trade ids are not unique (protocol sections 3 and 6).
    """

    key: str
    price: Decimal
    quantity: Decimal
    quote_usdt: Decimal
    fee: Decimal
    fee_asset: str
    at_ms: int | None = None
    """When it happened by the exchange's clock; None where the wire gave no time, and then the time
    at which it was read is taken for it."""


@dataclass(frozen=True, slots=True)
class OrderReport(Exact):
    """What one source said about one order at one moment: a push, or a row of a REST list.

    ``executed`` and ``quote_usdt`` are cumulative. ``fill`` is present on pushes of a trade.
    ``source`` is ``push``, ``open-orders``, ``history`` or ``absence``.
    """

    order_id: OrderId
    symbol: Symbol
    side: Side
    status: OrderStatus
    price: Decimal
    quantity: Decimal
    executed: Decimal
    quote_usdt: Decimal
    source: str
    order_list_id: OrderListId | None = None
    fill: Fill | None = None
    event_id: EventId | None = None
    created_at_ms: int | None = None
    """When the order was made, by the exchange's clock; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Balances(Exact):
    """What an account holds: USDT to buy with, USDT moved to earn, and tokens by alphaId.

    Token figures are ``(free, locked)`` in tokens.
    """

    funding_free_usdt: Decimal
    funding_locked_usdt: Decimal = ZERO
    earn_usdt: Decimal = ZERO
    tokens: dict[AlphaId, tuple[Decimal, Decimal]] = field(default_factory=dict)
