"""What is at stake: leftovers, worst losses, and orders that could meet those of others."""

from __future__ import annotations

from decimal import Decimal

from alphabot.core.progress import UserState
from alphabot.core.records import Leg, Updated
from alphabot.core.standing import (
    UNDER_WAY_SECONDS,
    Other,
    foreign_buys_usdt,
    leftover_usdt,
    limits_of_others,
    loss_usdt,
    on_sale,
)
from alphabot.core.values import AlphaId, FeeRate, OrderStatus
from tests.core.samples import (
    BUY_ID,
    KOGE,
    NOON_MS,
    SELL_ID,
    fold,
    pair,
    placed,
    quote,
    report,
    sale,
    settled,
)

S = OrderStatus
FREE = FeeRate(Decimal(0), Decimal(0))
BOUGHT = settled(Leg.WORKING, "13636.36", "30", fee_base="0.36")
LEFT = settled(Leg.PENDING, "0", "0", status=S.CANCELED)
NOTHING = (Decimal(0), Decimal(0))
OTHER = AlphaId("ALPHA_118")
HALF_SOLD = Updated(
    at_ms=0,
    intent_id=pair().intent_id,
    leg=Leg.PENDING,
    order_id=SELL_ID,
    status=S.PARTIALLY_FILLED,
    executed=Decimal(6000),
    quote_usdt=Decimal(13),
)


def loss(state: UserState, bid: str | None = None, fees: FeeRate = FREE) -> Decimal:
    bids = {} if bid is None else {KOGE: Decimal(bid)}
    return loss_usdt(state, NOON_MS, bids, fees)


def others(
    *states: UserState,
    bid: str = "1",
    ask: str = "1",
    still: float | None = None,
) -> tuple[Decimal | None, Decimal | None]:
    users = [Other(state, still) for state in states]
    return limits_of_others(users, KOGE, quote("1", bid, ask))


def test_tokens_on_a_sell_are_no_leftover() -> None:
    selling = fold((pair(), placed(), BOUGHT))
    assert on_sale(selling, KOGE) == (Decimal(13636), Decimal(13636) * Decimal("0.00198"))
    assert leftover_usdt(selling) == 0
    ended = fold((pair(), placed(), BOUGHT, LEFT))
    assert on_sale(ended, KOGE) == NOTHING
    assert leftover_usdt(ended) == 30


def test_a_buy_that_may_still_fill_offers_nothing_yet() -> None:
    assert on_sale(fold((pair(), placed())), KOGE) == NOTHING


def test_a_plain_sell_offers_what_it_says() -> None:
    state = fold((pair(), placed(), BOUGHT, LEFT, sale("1-2", quantity=Decimal(13000))))
    assert on_sale(state, KOGE) == (Decimal(13000), 13000 * Decimal("0.00198"))
    assert leftover_usdt(state) == 30 - state.holding(KOGE).cost_of(Decimal(13000))
    assert on_sale(state, OTHER) == NOTHING


def test_an_open_pair_may_lose_from_limit_to_limit() -> None:
    state = fold((pair(),))
    worst = Decimal("29.99999200") - Decimal("13636.36") * Decimal("0.00198")
    assert loss(state) == worst
    fees = FeeRate(Decimal("0.0001"), Decimal("0.0001"))
    assert loss(state, fees=fees) > worst


def test_a_sell_that_is_open_brings_its_limit_at_least() -> None:
    state = fold((pair(), placed(), BOUGHT))
    assert loss(state, "0.5") == 30 - 13636 * Decimal("0.00198")
    state.apply(HALF_SOLD)
    assert loss(state) == 30 - (7636 * Decimal("0.00198") + 13)


def test_what_is_on_no_order_is_worth_the_bid_or_nothing() -> None:
    state = fold((pair(), placed(), BOUGHT, LEFT))
    assert loss(state, "0.002") == 30 - 13636 * Decimal("0.002")
    assert loss(state) == 30


def test_what_was_lost_today_counts_and_yesterday_does_not() -> None:
    state = fold((pair(), placed(), BOUGHT, settled(Leg.PENDING, "13636", "29")))
    assert loss(state) == 1
    assert loss_usdt(state, NOON_MS + 86_400_000, {}, FREE) == 0


def test_limits_of_others_are_those_of_all_their_open_intents() -> None:
    ann = fold((pair(), placed()))
    bob = fold((pair("2-1", sell_price=Decimal("0.0019"), buy_price=Decimal("0.0021")),))
    cat = fold((pair(), placed(), BOUGHT))
    done = fold((pair(), placed(), BOUGHT, LEFT))
    assert others(ann, bob, cat) == (Decimal("0.0019"), Decimal("0.0022"))
    assert others(bob, cat) == (Decimal("0.0019"), Decimal("0.0021"))
    assert others(cat) == (Decimal("0.00198"), None)
    assert others(done) == others() == (None, None)
    assert limits_of_others((Other(ann),), OTHER, quote("1")) == (None, None)


def test_of_what_nobody_follows_the_book_tells_whether_it_can_be_there() -> None:
    buying, selling = fold((pair(), placed())), fold((pair(), placed(), BOUGHT))
    sell, buy = Decimal("0.00198"), Decimal("0.0022")
    old = UNDER_WAY_SECONDS
    # Bought at 0.0022 while the best bid is lower: it has filled; what it released has as well.
    assert others(buying, bid="0.0020", ask="0.0021", still=old) == (None, None)
    assert others(buying, bid="0.0020", ask="0.0021", still=old - 1) == (sell, buy)
    # It may be the best bid itself, and may release its SELL at any moment.
    assert others(buying, bid="0.0022", ask="0.0023", still=old) == (sell, buy)
    assert others(selling, bid="0.0020", ask="0.0021", still=old) == (None, None)
    assert others(selling, bid="0.0019", ask="0.00198", still=old) == (sell, None)
    assert others(selling, bid="0.0019", ask="0.00195", still=old) == (sell, None)
    # Whom somebody follows is believed, whatever the book says.
    assert others(selling, bid="0.0020", ask="0.0021") == (sell, None)


def test_only_buys_of_foreigners_cost_and_only_what_is_not_filled() -> None:
    half = report(BUY_ID, S.PARTIALLY_FILLED, "100", quantity="300", price="0.01")
    pending = report(BUY_ID, S.PENDING, quantity="300", price="0.01")
    selling = report(SELL_ID, S.NEW, quantity="300", price="0.01")
    assert foreign_buys_usdt((half, pending, selling)) == 2
    assert foreign_buys_usdt(()) == 0


def test_a_gain_that_nobody_has_made_makes_up_for_no_loss() -> None:
    above = pair(sell_price=Decimal("0.00264"))  # a fifth above its BUY
    bought = settled(Leg.WORKING, "13636.36", "29.999992")
    assert loss_usdt(fold([above]), NOON_MS, {}, FREE) == 0
    assert loss_usdt(fold([above, placed(), bought]), NOON_MS, {}, FREE) == 0
