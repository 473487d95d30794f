"""The ledger beside the wallet: whether what an account holds is what our orders explain.

An account may hold tokens and USDT for other reasons, so the first reading fixes what lies
*beside* our own rounds, and every later one must find it there. What an order of ours has done
and not yet settled is taken from the same reading's order lists, with some *slack* for its fees
and for what happened between the reading's parts.

* Of a token the two must agree to the last unit (safety: I-21).
* USDT may change by itself (interest, deposits, another program): named, never latched on.
* For the proof that an order does not exist both must agree, and nothing may be locked for it
  (safety: resolving unknown): a deposit is not evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, Exact, multiply, plain
from alphabot.core.progress import OpenIntent, UserState
from alphabot.core.readings import Reading
from alphabot.core.records import Intended, Leg, Record, Witnessed, WrittenOff
from alphabot.core.values import AlphaId, Balances, OrderId, OrderReport, OrderStatus, Side

__all__ = ["USDT", "Gap", "Weighing", "contradictions", "gap_of", "weigh"]

USDT = "USDT"
_FEE_SLACK = Decimal("0.01")
_USDT_SLACK = Decimal("0.05")
_INTEREST_SLACK = Decimal("0.0005")
"""USDT may grow by this share unnoticed: several days of interest."""


@dataclass(frozen=True, slots=True)
class Gap(Exact):
    """What the wallet holds of an asset, and what is explained."""

    asset: str
    wallet: Decimal
    explained: Decimal
    slack: Decimal
    """How far the two may be apart while orders are not settled."""

    @property
    def difference(self) -> Decimal:
        """Wallet minus explained."""
        return self.wallet - self.explained

    @property
    def open(self) -> bool:
        """Whether the difference is more than the slack."""
        return abs(self.difference) > self.slack

    def __str__(self) -> str:
        return (
            f"the wallet holds {plain(self.wallet)} {self.asset},"
            f" {plain(self.explained)} are explained"
        )


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a reading means for the ledger: records to write, and what is wrong or worth saying."""

    records: tuple[Record, ...] = ()
    mismatch: str = ""
    """Why this user must not go on, if it stays so."""
    usdt: Gap | None = None
    """A change in USDT that no order of ours explains."""


def weigh(
    state: UserState, alpha_id: AlphaId, reading: Reading, now_ms: int, *, quiet: bool
) -> Weighing:
    """Compare the wallet with the ledger of one token, and of USDT while nothing is open.

    A token with an order of ours on it is not compared: it will be, once that has ended. USDT is
    compared only in a ``quiet`` reading, during which nothing of ours was settled.
    """
    if reading.balances is None:
        return Weighing()
    records: list[Record] = []
    if not any(o.intended.alpha_id == alpha_id for o in state.open_intents.values()):
        gap = gap_of(state, alpha_id, reading)
        if gap is None:
            records += _begin(state, alpha_id, _wallet(reading.balances, alpha_id), now_ms)
        elif gap.open:
            return Weighing(mismatch=str(gap))
    if state.open_intents or not quiet:
        return Weighing(tuple(records))
    gap = gap_of(state, USDT, reading)
    if gap is None or abs(gap.difference) > _USDT_SLACK:
        beside = _wallet(reading.balances, USDT) - state.cash_usdt
        records.append(Witnessed(at_ms=now_ms, asset=USDT, beside=beside))
    noted = gap if gap is not None and abs(gap.difference) > _USDT_SLACK else None
    return Weighing(tuple(records), usdt=noted)


def gap_of(state: UserState, asset: str, reading: Reading) -> Gap | None:
    """Return wallet and explanation of an asset; None before the first comparison.

    Intents whose outcome is unknown explain nothing. Raises ValueError for a reading without
    balances.
    """
    if reading.balances is None:
        raise ValueError("the wallet was not read")
    beside = state.beside.get(asset)
    if beside is None:
        return None
    explained = beside + (state.cash_usdt if asset == USDT else _held(state, asset))
    slack = ZERO
    for entry in state.open_intents.values():
        if entry.placed is None or (asset != USDT and entry.intended.alpha_id != asset):
            continue
        for leg, order_id in _unsettled(entry):
            change, blur = _effect(entry, leg, order_id, reading, in_usdt=asset == USDT)
            explained += change
            slack += blur
    return Gap(asset, _wallet(reading.balances, asset), explained, slack)


def contradictions(state: UserState, intended: Intended, reading: Reading) -> list[str]:
    """Return what in the wallet speaks against an intent of unknown outcome not existing.

    Without an earlier comparison (a human has just cleared the user) only locks can.
    """
    if reading.balances is None:
        return ["the wallet was not read"]
    found = []
    token = gap_of(state, intended.alpha_id, reading)
    if token is not None and token.open:
        found.append(str(token))
    usdt = gap_of(state, USDT, reading)
    if usdt is not None:
        low = -_USDT_SLACK - usdt.slack
        high = _USDT_SLACK + usdt.slack + multiply(usdt.wallet, _INTEREST_SLACK)
        if not low <= usdt.difference <= high:
            found.append(str(usdt))
    if (lock := _unlisted_lock(intended, reading, reading.balances)) is not None:
        found.append(lock)
    return found


def _begin(state: UserState, alpha_id: AlphaId, wallet: Decimal, now_ms: int) -> Iterator[Record]:
    """Fix what lies beside our rounds; what the wallet has no longer is written off."""
    held = _held(state, alpha_id)
    if wallet < held:
        yield WrittenOff(
            at_ms=now_ms,
            alpha_id=alpha_id,
            quantity=held - wallet,
            reason=f"the wallet holds {plain(wallet)} of {plain(held)}",
        )
    yield Witnessed(at_ms=now_ms, asset=alpha_id, beside=max(wallet - held, ZERO))


def _held(state: UserState, asset: str) -> Decimal:
    holding = state.holdings.get(AlphaId(asset))
    return holding.quantity if holding else ZERO


def _wallet(balances: Balances, asset: str) -> Decimal:
    if asset == USDT:
        return balances.funding_free_usdt + balances.funding_locked_usdt + balances.earn_usdt
    return sum(balances.tokens.get(AlphaId(asset), (ZERO, ZERO)), ZERO)


def _unsettled(entry: OpenIntent) -> Iterator[tuple[Leg, OrderId]]:
    placed = entry.placed
    if placed is None:
        return
    for leg in entry.legs:
        order_id = placed.working_order_id if leg is Leg.WORKING else placed.sell_order_id
        if leg not in entry.settled and order_id is not None:
            yield leg, order_id


def _effect(
    entry: OpenIntent, leg: Leg, order_id: OrderId, reading: Reading, *, in_usdt: bool
) -> tuple[Decimal, Decimal]:
    """Return what an order of ours has changed, and by how much that may be off."""
    reports = reading.of(order_id)
    intended = entry.intended
    if not reports:
        at_most = multiply(intended.quantity, intended.buy_price or intended.sell_price)
        return ZERO, at_most if in_usdt else intended.quantity
    latest = max(reports, key=lambda report: report.executed)
    moved = latest.quote_usdt if in_usdt else latest.executed
    gains = (leg is Leg.WORKING) is not in_usdt
    return moved if gains else -moved, multiply(moved, _FEE_SLACK)


def _unlisted_lock(intended: Intended, reading: Reading, balances: Balances) -> str | None:
    """Return the complaint about something locked for an order that no list shows."""
    if intended.is_pair:
        asset, locked, size = USDT, balances.funding_locked_usdt, intended.amount_usdt or ZERO
        known = sum((_rest(r) * r.price for r in reading.open_orders if r.side is Side.BUY), ZERO)
    else:
        asset, size = intended.alpha_id, intended.quantity
        locked = balances.tokens.get(intended.alpha_id, (ZERO, ZERO))[1]
        known = sum(
            (
                _rest(report) if report.side is Side.SELL else report.executed
                for report in reading.open_orders
                if report.symbol == intended.symbol
            ),
            ZERO,
        )
    if locked - known < size / 2:
        return None
    return f"{plain(locked)} {asset} are locked, {plain(known)} of it for orders that are listed"


def _rest(report: OrderReport) -> Decimal:
    if report.status is OrderStatus.PENDING:
        return ZERO
    return max(report.quantity - report.executed, ZERO)
