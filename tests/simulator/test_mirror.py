"""Orders on a market that is only looked at: what they get of it, and what they must not get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from alphabot.simulator.mirror import MirrorExchange
from alphabot.simulator.orders import Order, Status
from alphabot.simulator.refusals import Refusal

KOGE = replace(DEFAULT_TOKENS[0], step=Decimal("0.1"))
SETTINGS = ExchangeSettings(tokens=(), fill_delay_ms=(100, 100), funding_usdt=Decimal(1000))
BIDS = (("0.99", "50"), ("0.98", "500"))
ASKS = (("1.01", "30"), ("1.02", "40.05"), ("1.10", "1000"))


@dataclass
class Desk:
    """An exchange of accounts under a book and trades that the test makes up."""

    kept: list[str] = field(default_factory=list)
    exchange: MirrorExchange = field(init=False)

    def __post_init__(self) -> None:
        self.exchange = MirrorExchange(SETTINGS, 1_000_000)
        self.exchange.remember(list(self.kept), self.kept.extend)
        for user_id in (1, 2):
            self.exchange.open_account(user_id)
        self.exchange.list_token(KOGE)

    @property
    def now_ms(self) -> int:
        return self.exchange.now_ms

    def book(
        self,
        bids: tuple[tuple[str, str], ...] = BIDS,
        asks: tuple[tuple[str, str], ...] = ASKS,
        *,
        age_ms: int = 0,
        after_ms: int = 500,
    ) -> None:
        """Show a whole book, a while later."""
        self.exchange.advance(self.now_ms + after_ms)
        bought, sold = ([(Decimal(p), Decimal(q)) for p, q in side] for side in (bids, asks))
        self.exchange.see_book(KOGE.alpha_id, bought, sold, self.now_ms - age_ms)

    def trade(self, price: str, quantity: str) -> None:
        self.exchange.see_trade(KOGE.alpha_id, Decimal(price), Decimal(quantity))

    def buy(self, price: str, quantity: str, sell_at: str = "0.5", user_id: int = 1) -> Order:
        """Place a pair and let its BUY come to the market."""
        amount = f"{Decimal(price) * Decimal(quantity):f}"
        body = {
            "baseAsset": KOGE.alpha_id,
            "quoteAsset": "USDT",
            "workingSide": "BUY",
            "workingPrice": price,
            "workingQuantity": quantity,
            "paymentDetails": [{"amount": amount, "paymentWalletType": "CARD"}],
            "pendingPrice": sell_at,
            "pendingType": "LIMIT",
        }
        placed = self.exchange.place_pair(user_id, json.dumps(body).encode())
        self.wait(100)
        return placed.orders[0]

    def wait(self, ms: int) -> None:
        self.exchange.advance(self.now_ms + ms)

    def fills(self, order: Order) -> list[tuple[str, str]]:
        return [(f"{f.price:f}", f"{f.quantity.normalize():f}") for f in order.fills]

    def sale_of(self, order: Order) -> Order:
        assert order.pair is not None
        return self.exchange.desk.orders[order.pair.partner_id]


def test_a_buy_walks_the_book_and_rests_where_its_limit_ends() -> None:
    desk = Desk()
    desk.book()
    order = desk.buy("1.05", "100")
    # Of the second level in whole steps; the third is dearer than the limit.
    assert desk.fills(order) == [("1.01", "30"), ("1.02", "40")]
    assert order.state.status is Status.PARTIALLY_FILLED
    # The same offers are not taken again with every look at the book.
    desk.book()
    desk.book()
    assert len(order.fills) == 2
    # What is new on a level is: it goes by the price of those who offer.
    desk.book(asks=(("1.01", "35"), *ASKS[1:]))
    assert desk.fills(order)[2:] == [("1.01", "5")]
    account = desk.exchange.desk.account(1)
    spent = Decimal("30.3") + Decimal("40.8") + Decimal("5.05")
    assert account.funding.total == 1000 - spent
    assert account.alpha[KOGE.alpha_id].total == 75 - Decimal("0.0075")


def test_two_users_share_what_there_is_and_never_meet() -> None:
    desk = Desk()
    desk.book()
    first, second = desk.buy("1.01", "30"), desk.buy("1.01", "30", user_id=2)
    assert (desk.fills(first), desk.fills(second)) == ([("1.01", "30")], [])
    desk.wait(100)
    # The first one's SELL at 0.5 meets the bids of others, not the BUY at 1.01 of the second.
    assert desk.fills(desk.sale_of(first)) == [("0.99", "29.9")]
    assert second.state.status is Status.NEW


def test_who_waits_is_filled_by_later_trades_behind_the_queue() -> None:
    desk = Desk()
    desk.book()
    order = desk.buy("0.99", "20")
    assert order.fills == []
    desk.trade("0.99", "30")
    desk.trade("1.00", "500")
    assert order.fills == []
    # Twenty of fifty were ahead of it still; then somebody gives up, and five are.
    desk.book(bids=(("0.99", "5"), BIDS[1]))
    desk.trade("0.99", "12")
    assert desk.fills(order) == [("0.99", "7")]
    # A trade beyond its limit cannot have passed it by, and fills it at its limit.
    desk.trade("0.985", "6")
    assert desk.fills(order)[1:] == [("0.99", "6")]
    # So does a book that has moved through it.
    desk.book(bids=(("0.95", "10"),), asks=(("0.97", "3"), ("0.98", "9")))
    assert desk.fills(order)[2:] == [("0.99", "3"), ("0.99", "4")]
    assert order.state.status is Status.FILLED


def test_a_trade_takes_no_offer_that_we_took_before() -> None:
    desk = Desk()
    desk.book(asks=(("0.99", "10"), ("1.01", "30")), bids=(("0.98", "5"),))
    order = desk.buy("1.00", "25")
    assert desk.fills(order) == [("0.99", "10")]
    desk.trade("0.99", "10")
    assert len(order.fills) == 1
    desk.trade("0.99", "4")
    assert desk.fills(order)[1:] == [("0.99", "4")]


@pytest.mark.parametrize("spoiled", ["none yet", "old", "crossed", "one side"])
def test_without_a_book_that_can_be_trusted_nothing_fills(spoiled: str) -> None:
    desk = Desk()
    if spoiled == "old":
        desk.book(age_ms=6000)
    elif spoiled == "crossed":
        desk.book(bids=(("1.03", "5"), *BIDS))
    elif spoiled == "one side":
        desk.book(bids=())
    order = desk.buy("1.05", "10")
    desk.wait(2000)
    desk.trade("1.00", "1000")
    assert order.fills == []
    # It has not lost its turn: it takes from the first book that can be trusted.
    desk.book()
    assert desk.fills(order) == [("1.01", "10")]


def test_a_token_that_is_taken_off_fills_nothing_and_refuses_by_name() -> None:
    desk = Desk()
    desk.book()
    waiting = desk.buy("0.99", "10")
    desk.exchange.list_token(replace(KOGE, tradable=False))
    desk.trade("0.5", "1000")
    desk.book(asks=(("0.9", "10"),), bids=(("0.8", "1"),))
    assert waiting.fills == []
    with pytest.raises(Refusal, match="not available"):
        desk.buy("1.05", "10")


def test_accounts_come_back_as_they_were() -> None:
    desk = Desk()
    desk.book()
    desk.buy("1.05", "80")
    maker, gone = desk.buy("0.97", "20", user_id=2), desk.buy("0.96", "5", user_id=2)
    cancel = {"orderId": str(gone.order_id), "symbol": KOGE.pair}
    desk.exchange.cancel(2, json.dumps(cancel).encode())
    # The one with the better limit has the first ten of it.
    desk.trade("0.96", "18")
    again = Desk(list(desk.kept))
    before, after = desk.exchange.desk, again.exchange.desk
    assert maker.fills
    assert {k: (o.state, o.fills) for k, o in after.orders.items()} == {
        k: (o.state, o.fills) for k, o in before.orders.items()
    }
    for user_id in (1, 2):
        one, other = before.account(user_id), after.account(user_id)
        assert (one.funding, dict(one.alpha)) == (other.funding, dict(other.alpha))
    assert again.kept == desk.kept
    assert again.exchange.drain() == []
    # Whoever waited still waits at his own limit; nobody knows how long the queue is by now.
    again.book(bids=(("0.97", "1"), ("0.9", "5")), asks=(("1.2", "5"),))
    again.trade("0.97", "1")
    assert len(after.orders[maker.order_id].fills) == len(maker.fills)
    again.trade("0.95", "100")
    order = after.orders[maker.order_id]
    assert order.state.status is Status.FILLED
    assert order.fills[-1].price == Decimal("0.97")
    assert after.orders[maker.order_id + 2].order_id == gone.order_id
    assert again.buy("0.9", "5").order_id > gone.order_id + 1
