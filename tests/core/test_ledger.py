"""The ledger: every token that was bought is somewhere, once."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings

from alphabot.core.ledger import LedgerLine, ledger
from alphabot.core.progress import UserState
from alphabot.core.records import Leg, Record, WrittenOff
from alphabot.core.values import OrderStatus
from tests.core.samples import KOGE, NOON_MS, fold, pair, placed, sale, settled
from tests.strategies import journals

BOUGHT = settled(Leg.WORKING, "13636.36", "30", fee_base="0.36")
LEFT = settled(Leg.PENDING, "6000", "13", status=OrderStatus.CANCELED)
COST_USDT = Decimal(30)


def line_of(*records: Record) -> LedgerLine:
    (line,) = ledger(fold(records))
    return line


def parts(line: LedgerLine) -> list[Decimal]:
    return [line.bought, line.sold, line.on_sells, line.leftover, line.unknown]


def whole(*figures: int) -> list[Decimal]:
    return [Decimal(figure) for figure in figures]


def test_what_was_never_bought_is_in_no_ledger() -> None:
    assert ledger(UserState()) == ()
    assert ledger(fold((pair(), placed()))) == ()


def test_tokens_move_from_a_sell_to_sold_and_to_what_is_left() -> None:
    selling = line_of(pair(), placed(), BOUGHT)
    assert parts(selling) == whole(13636, 0, 13636, 0, 0)
    assert selling.cost_usdt == COST_USDT
    assert selling.leftover_cost_usdt == 0
    left = line_of(pair(), placed(), BOUGHT, LEFT)
    assert parts(left) == whole(13636, 6000, 0, 7636, 0)
    assert left.leftover_cost_usdt == left.cost_usdt > 0


def test_dust_beside_a_sell_is_on_no_order() -> None:
    line = line_of(pair(), placed(), BOUGHT, LEFT, sale("1-2", quantity=Decimal(7600)))
    assert parts(line) == whole(13636, 6000, 7600, 36, 0)
    assert 0 < line.leftover_cost_usdt < line.cost_usdt


def test_what_is_gone_without_a_sale_is_unknown() -> None:
    gone = WrittenOff(at_ms=NOON_MS, alpha_id=KOGE, quantity=Decimal(636), reason="gone")
    assert parts(line_of(pair(), placed(), BOUGHT, LEFT, gone)) == whole(13636, 6000, 0, 7000, 636)


@given(journals())
@settings(max_examples=50)
def test_the_parts_add_up_in_any_journal(journal: list[Record]) -> None:
    for line in ledger(fold(journal)):
        assert line.bought == sum(parts(line)[1:])
        assert min(parts(line)) >= 0
        assert 0 <= line.leftover_cost_usdt <= line.cost_usdt
