"""What an exchange's answers prove about an intent whose outcome is not known.

An intent whose request may have left is never sent again. It is *found* among the orders the
exchange lists, or proven *absent* by several complete readings over the settle window which the
wallet does not contradict; until one of both, nothing new leaves for that account. Only an
unclaimed order of the same symbol, side, price and quantity, created in the right window, is a
match; two of them are no match but a question for a human, and so is a wallet that says otherwise
than the lists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from alphabot.core.exact import ZERO
from alphabot.core.orders import Legs, Order
from alphabot.core.progress import UserState
from alphabot.core.readings import Reading
from alphabot.core.records import Intended, Leg
from alphabot.core.values import OrderId, OrderReport, OrderStatus, Side
from alphabot.core.wallet import contradictions

__all__ = [
    "LATE_MS",
    "READS_MIN",
    "SKEW_MS",
    "Finding",
    "Match",
    "Search",
    "Verdict",
    "absent_leg",
    "find_orders",
    "is_proven_absent",
    "judge_intent",
]

SKEW_MS = 60_000
"""How far the exchange's clock may run behind ours; its order times are compared with our own."""
LATE_MS = 7_200_000
"""How long after an intent its order may have been made at most, a clock that was set included."""
READS_MIN = 3
"""How many complete readings without a match prove absence, the last after the settle window."""
PATIENCE = 3
"""After so many settle windows evidence that still contradicts itself is a human's question."""


class Match(Enum):
    """How a search for an intent's orders in one reading ended."""

    NONE = auto()
    ONE = auto()
    PART = auto()
    """Its BUY without the SELL of its list, which the lists may show a little later, or never:
    what was never released need not be listed."""
    DOUBTFUL = auto()
    """An order with its figures that does not say when it was made, or was made so late that no
    request of that intent can have been under way so long."""
    SEVERAL = auto()


class Finding(Enum):
    """What all readings so far say of an unknown intent."""

    FOUND = auto()
    ABSENT = auto()
    OPEN = auto()
    """Not decided: read again."""
    AMBIGUOUS = auto()
    """Nothing more can be learnt by reading; a human decides."""


@dataclass(frozen=True, slots=True)
class Search:
    """How long an intent has been looked for."""

    reads: int
    """Complete readings so far, this one included."""
    seconds: float
    settle_seconds: float
    glimpsed: bool = False
    """Whether an earlier reading showed an order that fits: then its absence proves nothing."""

    @property
    def long_enough(self) -> bool:
        """Whether what was not read by now is not there."""
        return is_proven_absent(self.reads, self.seconds, self.settle_seconds)

    @property
    def too_long(self) -> bool:
        """Whether evidence that was to come would have come."""
        return self.long_enough and self.seconds >= PATIENCE * self.settle_seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding with its evidence: the legs by side where FOUND, the reason otherwise."""

    finding: Finding
    legs: dict[Side, OrderReport]
    reason: str = ""
    glimpsed: bool = False
    """Whether this reading shows an order that fits, proven or not."""


def judge_intent(state: UserState, intended: Intended, reading: Reading, search: Search) -> Verdict:
    """Return what is known by now of an intent whose outcome was unknown."""
    match, legs = find_orders(intended, reading, state.claimed)
    if match is Match.ONE:
        return Verdict(Finding.FOUND, legs)
    if match is Match.SEVERAL:
        reason = f"several orders of the exchange fit intent {intended.intent_id}"
        return Verdict(Finding.AMBIGUOUS, {}, reason)
    glimpsed = search.glimpsed or match is not Match.NONE
    if not search.long_enough:
        return Verdict(Finding.OPEN, {}, glimpsed=glimpsed)
    match match:
        case Match.PART if _releases_nothing(legs[Side.BUY]):
            return Verdict(Finding.FOUND, legs)
        case Match.PART:
            evidence = [f"the BUY of intent {intended.intent_id} is listed and its SELL is not"]
        case Match.DOUBTFUL:
            evidence = [f"an order fits intent {intended.intent_id} but may be of another time"]
        case _ if search.glimpsed:
            evidence = [f"an order that fits intent {intended.intent_id} is listed no more"]
        case _:
            evidence = contradictions(state, intended, reading)
    if not evidence:
        reason = (
            f"absent from {search.reads} complete readings over {search.settle_seconds:g} s,"
            " and the wallet holds what is explained"
        )
        return Verdict(Finding.ABSENT, {}, reason)
    finding = Finding.AMBIGUOUS if search.too_long else Finding.OPEN
    return Verdict(finding, {}, "; ".join(evidence), glimpsed)


def find_orders(
    intended: Intended, reading: Reading, claimed: Collection[OrderId]
) -> tuple[Match, dict[Side, OrderReport]]:
    """Return whether the intent's order was read, and the reports of its legs by side.

    The leg that proves a pair is its BUY; its SELL is the unclaimed one of the same list id.
    """
    side, price = (
        (Side.BUY, intended.buy_price) if intended.is_pair else (Side.SELL, intended.sell_price)
    )
    found = {
        report.order_id: report
        for report in reading.all
        if report.order_id not in claimed
        and report.symbol == intended.symbol
        and report.side is side
        and report.price == price
        and report.quantity == intended.quantity
        and _may_follow(intended, report)
    }
    if len(found) != 1:
        return (Match.SEVERAL if found else Match.NONE), {}
    (first,) = found.values()
    if first.created_at_ms is None or first.created_at_ms > intended.at_ms + LATE_MS:
        return Match.DOUBTFUL, {}
    if not intended.is_pair:
        return Match.ONE, {side: first}
    second = _other_leg(first, reading.all, claimed)
    if second is None:
        return Match.PART, {Side.BUY: first}
    return Match.ONE, {Side.BUY: first, Side.SELL: second}


def _may_follow(intended: Intended, report: OrderReport) -> bool:
    """Whether an order may have been made after an intent; of one that does not say, it may."""
    return report.created_at_ms is None or report.created_at_ms >= intended.at_ms - SKEW_MS


def _other_leg(
    working: OrderReport, reports: Iterable[OrderReport], claimed: Collection[OrderId]
) -> OrderReport | None:
    for report in reports:
        same_list = report.order_list_id == working.order_list_id is not None
        if same_list and report.side is Side.SELL and report.order_id not in claimed:
            return report
    return None


def _releases_nothing(working: OrderReport | Order) -> bool:
    """Whether a BUY has ended without filling wholly, so that its SELL will never be."""
    return working.status.terminal and working.status is not OrderStatus.FILLED


def is_proven_absent(reads: int, seconds: float, settle_seconds: float) -> bool:
    """Whether this many complete readings without a match, over that time, prove absence."""
    return reads >= READS_MIN and seconds >= settle_seconds


def absent_leg(legs: Legs, reading: Reading) -> OrderReport | None:
    """Return the report that a never released SELL is gone, if the reading says so.

    The exchange's last word on a pending leg whose BUY was cancelled was never observed
    (protocol sections 7 and 12). A BUY that ended without filling wholly releases nothing, so a
    SELL that complete readings list neither as open nor as ended has gone with it. One reading
    may be behind the exchange; several over the settle window are not.
    """
    if Leg.PENDING not in legs.orders:
        return None
    working, pending = legs[Leg.WORKING], legs[Leg.PENDING]
    dropped = _releases_nothing(working)
    waiting = pending.status is OrderStatus.PENDING
    if not dropped or not waiting or reading.of(pending.order_id):
        return None
    return OrderReport(
        order_id=pending.order_id,
        symbol=pending.symbol,
        side=pending.side,
        status=OrderStatus.EXPIRED,
        price=pending.price,
        quantity=pending.quantity,
        executed=ZERO,
        quote_usdt=ZERO,
        source="absence",
    )
