"""What the journal remembers: one record per thing that happened, nothing derived.

Everything the service knows about its past (progress, wear, leftovers, open pairs) is a fold
over these records; see :mod:`alphabot.core.progress`. Records keep raw figures, so that another
rule could recompute the volume later.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from alphabot.core.record_base import RecordBase
from alphabot.core.records_of_journal import Checkpointed, Folded, Restored
from alphabot.core.values import (
    AlphaId,
    IntentId,
    OrderId,
    OrderStatus,
    StrategyId,
    Symbol,
)

__all__ = [
    "Checkpointed",
    "Cleared",
    "Configured",
    "Credited",
    "Folded",
    "Intended",
    "Latched",
    "Leftover",
    "Leg",
    "NotSentRecord",
    "PlacedRecord",
    "Record",
    "RefusedRecord",
    "Reset",
    "Restored",
    "Settled",
    "Shown",
    "UnknownRecord",
    "Updated",
    "Witnessed",
    "WrittenOff",
    "decode",
    "encode",
]


class Leg(StrEnum):
    """Which order of an intent is meant."""

    WORKING = "working"
    """The BUY of a pair."""
    PENDING = "pending"
    """The SELL of a pair."""
    SALE = "sale"
    """A plain SELL of something left over."""


class Configured(RecordBase, frozen=True, tag="configured"):
    """A strategy started for this user with these settings, as canonical JSON text."""

    strategy_id: StrategyId
    snapshot: str


class Intended(RecordBase, frozen=True, tag="intended"):
    """A request is about to leave. Durable before its first byte does.

    A pair has both prices and ``amount_usdt``; a sale has ``sell_price`` alone. ``rule`` and
    ``mul_point`` are what the credited volume will be computed with.
    """

    intent_id: IntentId
    strategy_id: StrategyId
    alpha_id: AlphaId
    symbol: Symbol
    quantity: Decimal
    sell_price: Decimal
    buy_price: Decimal | None = None
    amount_usdt: Decimal | None = None
    round_amount_usdt: Decimal | None = None
    """The strategy's amount per round; what basis ``ordered`` credits."""
    mul_point: int = 1
    multiplier: str = "divide"
    volume_basis: str = "filled"
    pricing: str = ""
    """The rule that proposed the two prices, before they were put on the grid."""
    proposed_buy_price: Decimal | None = None
    proposed_sell_price: Decimal | None = None
    exit_loss_percent: Decimal | None = None
    """How far below their cost the tokens may be sold in the end; None where its SELL stays."""
    buy_wait_seconds: Decimal | None = None
    """How long its BUY may wait before it is cancelled and its rule asked again, if that is
    planned: such an end is no failure."""
    sell_wait_seconds: Decimal | None = None
    """The same of its SELL, whose end is then no step of the ladder."""
    owner_epoch: int = 0

    @property
    def is_pair(self) -> bool:
        """Whether this is an OTO pair and not a plain SELL."""
        return self.buy_price is not None

    def wait_of(self, leg: Leg) -> Decimal | None:
        """Return the planned wait of a leg in seconds, None where it has none."""
        return self.buy_wait_seconds if leg is Leg.WORKING else self.sell_wait_seconds


class NotSentRecord(RecordBase, frozen=True, tag="not_sent"):
    """The request of an intent did not leave, or was proven to have had no effect."""

    intent_id: IntentId
    reason: str


class PlacedRecord(RecordBase, frozen=True, tag="placed"):
    """The exchange accepted the request: the ids of the pair's legs, or of the sale alone.

    A pair has no ``sell_order_id`` where its BUY was found after it had ended without filling
    wholly: such a BUY releases no SELL (protocol section 7).
    """

    intent_id: IntentId
    sell_order_id: OrderId | None
    working_order_id: OrderId | None = None
    how: str = "reply"
    """``reply`` or ``matched`` (found by reconcile after an unknown outcome)."""


class RefusedRecord(RecordBase, frozen=True, tag="refused"):
    """The exchange refused the request, with its code."""

    intent_id: IntentId
    code: str
    message: str


class UnknownRecord(RecordBase, frozen=True, tag="unknown"):
    """The request may have reached the exchange and its effect is not proven."""

    intent_id: IntentId
    reason: str


class Updated(RecordBase, frozen=True, tag="updated"):
    """An order of ours moved to another state, or filled further; figures are cumulative."""

    intent_id: IntentId
    leg: Leg
    order_id: OrderId
    status: OrderStatus
    executed: Decimal
    quote_usdt: Decimal


class Settled(RecordBase, frozen=True, tag="settled"):
    """A leg has ended on the exchange's evidence; its final figures and fees.

    ``fee_base`` is in tokens, ``fee_quote_usdt`` in USDT, ``fee_other`` text such as ``0.1 BNB``.
    ``credited`` is the volume this leg adds toward the target; zero for SELLs, and None where the
    multiplier rule could not say: a :class:`Credited` follows once it can.
    """

    intent_id: IntentId
    leg: Leg
    order_id: OrderId
    status: OrderStatus
    executed: Decimal
    quote_usdt: Decimal
    fee_base: Decimal
    fee_quote_usdt: Decimal
    fee_other: str = ""
    credited: Decimal | None = Decimal(0)
    filled_at_ms: int | None = None
    """When the last of its fills happened by the exchange's clock; None where nothing filled or a
    fill came without a time, and in journals of before there were times."""
    filled_by_day: dict[str, Decimal] | None = None
    """What of ``quote_usdt`` filled on each UTC day (days since 1970-01-01, as
    text), where that was on more
    than one; None where all of it was on the day of ``filled_at_ms``."""


class Credited(RecordBase, frozen=True, tag="credited"):
    """The volume of a BUY whose multiplier rule could not say it when the BUY settled."""

    intent_id: IntentId
    credited: Decimal


class Leftover(RecordBase, frozen=True, tag="leftover"):
    """Something bought is not sold and nothing is selling it now: how much, and why."""

    intent_id: IntentId
    alpha_id: AlphaId
    quantity: Decimal
    reason: str


class Witnessed(RecordBase, frozen=True, tag="witnessed"):
    """What the wallet held of an asset beside what our own orders explain.

    ``asset`` is an alphaId or ``USDT``. Taken when none of our orders blurred it; later readings
    are compared with it. A human's :class:`Cleared` makes the next reading the new beginning.
    """

    asset: str
    beside: Decimal


class Shown(RecordBase, frozen=True, tag="shown"):
    """What the exchange itself showed as the volume of today, beside ours; changes nothing."""

    strategy_id: StrategyId
    token: str
    """The display symbol, which other tokens of the account may share."""
    shown: Decimal
    ours_usdt: Decimal
    multiplied_usdt: Decimal
    """Ours times the tokens' multipliers."""
    difference: str
    """See :class:`alphabot.core.shown_volume.Difference`."""


class WrittenOff(RecordBase, frozen=True, tag="written_off"):
    """Tokens our rounds bought are in the wallet no longer, and no order of ours sold them."""

    alpha_id: AlphaId
    quantity: Decimal
    reason: str


class Latched(RecordBase, frozen=True, tag="latched"):
    """This user stopped for a reason that only a human, or the named condition, clears."""

    reason: str
    clears: str
    strategies: tuple[StrategyId, ...] = ()
    """Where the reason is that the exchange has orders of these strategies' tokens that are not in
    the journal: once it is cleared, a person has seen them."""
    intents: tuple[IntentId, ...] = ()
    """Where the reason is that nobody can tell what became of these: once it is cleared, whatever
    became of them is the person's."""


class Cleared(RecordBase, frozen=True, tag="cleared"):
    """A human cleared this user's latch."""

    by: str


class Reset(RecordBase, frozen=True, tag="reset"):
    """A human set the strategy's progress back to zero."""

    strategy_id: StrategyId


Record = (
    Configured
    | Intended
    | NotSentRecord
    | PlacedRecord
    | RefusedRecord
    | UnknownRecord
    | Updated
    | Settled
    | Credited
    | Leftover
    | Witnessed
    | Shown
    | WrittenOff
    | Latched
    | Cleared
    | Reset
    | Restored
    | Folded
    | Checkpointed
)
"""Any record; the tag in its JSON text says which."""

_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """Return the record as canonical JSON: the bytes the journal stores and hashes."""
    return msgspec.json.encode(record, order="deterministic")


def decode(raw: bytes | str) -> Record:
    """Return the record that :func:`encode` wrote.

    Raises ValueError (with what is wrong) for anything else.
    """
    return _decoder.decode(raw)
