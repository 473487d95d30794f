"""The values that everything speaks in."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from typing import Any

import pytest

from alphabot.core.values import Balances, Level, OrderStatus, Proposal
from tests.core.samples import KOGE, quote, report


def test_four_states_are_ends() -> None:
    ends = {status for status in OrderStatus if status.terminal}
    assert ends == {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
    }


@pytest.mark.parametrize("wrong", [1.5, 1, "1", None])
def test_a_price_is_a_decimal(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"Proposal\.sell_price"):
        Proposal(Decimal(1), wrong)
    with pytest.raises(TypeError, match=r"Quote\.bid"):
        replace(quote(), bid=wrong)
    with pytest.raises(TypeError, match=r"OrderReport\.executed"):
        replace(report(), executed=wrong)


@pytest.mark.parametrize("wild", ["NaN", "Infinity"])
def test_a_rule_cannot_propose_what_is_no_number(wild: str) -> None:
    with pytest.raises(ValueError, match=r"Proposal\.buy_price"):
        Proposal(Decimal(wild), Decimal(1))


def test_balances_hold_tokens_beside_usdt() -> None:
    assert Balances(Decimal(5)).tokens == {}
    held = Balances(Decimal(5), tokens={KOGE: (Decimal(1), Decimal(2))})
    assert held.tokens[KOGE] == (Decimal(1), Decimal(2))
    with pytest.raises(TypeError, match="earn_usdt"):
        Balances(Decimal(5), earn_usdt=0.5)  # type: ignore[arg-type]  # that is the point


def test_values_are_frozen() -> None:
    level = Level(Decimal(1), Decimal(2))
    with pytest.raises(FrozenInstanceError):
        level.price = Decimal(3)  # type: ignore[misc]  # that is the point
