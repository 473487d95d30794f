"""Whatever a pricing rule does: a proposal, its word that it has none, or an error."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from alphabot.core.exact import ZERO
from alphabot.core.pricing import NoPrice
from alphabot.core.values import PricingRequest, Proposal
from alphabot.errors import PluginError
from alphabot.runtime.asking_rules import propose
from tests.core.samples import instrument, quote
from tests.runtime.world import settings_of

(STRATEGY, *_) = settings_of().strategies
ONE = Decimal(1)
FLOAT: Any = 5.0


def asked(rule: Callable[..., Any], **changes: Any) -> Proposal:
    return propose(rule, STRATEGY, instrument(), quote("7"), **changes)


async def test_a_rule_is_told_of_its_waits() -> None:
    seen: list[PricingRequest] = []

    def rule(request: PricingRequest) -> Proposal:
        seen.append(request)
        return Proposal(ONE, ONE, wait_seconds=Decimal(1))

    assert asked(rule).wait_seconds == 1
    asked(rule, attempt=3, waited_seconds=Decimal(20), unsold=Decimal(5))
    told = [(each.attempt, each.waited_seconds, each.unsold) for each in seen]
    assert told == [(1, ZERO, ZERO), (3, 20, 5)]
    assert (seen[0].quote, seen[0].amount_usdt) == (quote("7"), Decimal(30))


async def test_a_rule_may_say_that_it_has_no_price() -> None:
    def rule(request: PricingRequest) -> Proposal:
        raise NoPrice("thin_book", f"only {request.quote.last}")

    with pytest.raises(NoPrice, match=r"^thin_book: only 7$"):
        asked(rule)


async def test_a_refusal_of_another_class_says_no_more_than_its_words() -> None:
    class Trap(NoPrice):
        def __str__(self) -> str:
            raise SystemExit("caught")

    def rule(request: PricingRequest) -> Proposal:
        raise Trap("thin_book", "a trap")

    with pytest.raises(NoPrice) as refused:
        asked(rule)
    assert (type(refused.value), str(refused.value)) == (NoPrice, "thin_book: a trap")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda: Proposal(ONE, ONE, wait_seconds=Decimal("0.99")), "a wait of at least 1 s"),
        (lambda: Proposal(ONE, ONE, wait_seconds=ZERO), "a wait of at least 1 s"),
        (lambda: Proposal(ONE, ONE, wait_seconds=Decimal("NaN")), "must be finite"),
        (lambda: Proposal(ONE, ONE, FLOAT), "Decimal was expected, was float"),
        (lambda: NoPrice("thin_book", "returned, not raised"), "was NoPrice"),
        (lambda: None, "was NoneType"),
    ],
)
async def test_what_is_no_proposal_is_an_error_that_names_the_rule(
    answer: Callable[[], object], problem: str
) -> None:
    with pytest.raises(PluginError, match=problem) as refused:
        asked(lambda request: answer())
    assert refused.value.plugin == "percent_offset"
