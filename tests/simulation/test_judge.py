"""The judge bites: each thing that must never happen is done once, and seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec
import pytest
import trio

from alphabot.clocks import TrioClock
from alphabot.rehearsal.pauses import Pauses
from alphabot.rehearsal.referee import Referee
from alphabot.rehearsal.stakes import Rules
from alphabot.rehearsal.verdicts import is_acceptance
from alphabot.rehearsal.wiretap import Answer, Errand
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.amounts import floor_money, floor_to_grid, plain
from alphabot.simulator.hub import Subscriber
from alphabot.simulator.tokens import DEFAULT_TOKENS

KOGE = DEFAULT_TOKENS[0]
RULES = Rules(
    max_exposure_usdt=Decimal(40),
    max_total_exposure_usdt=Decimal(50),
    max_daily_loss_usdt=Decimal(20),
    max_orders_per_minute=3,
    collar_percent=Decimal(19),
    settle_seconds=5.0,
    max_rounds=100,
    max_exit_loss_percent=Decimal(3),
)
SUCCESS = b'{"code":"000000","success":true,"data":[]}'
PAIR = "/bapi/asset/v1/private/alpha-trade/oto-order/place"
SALE = "/bapi/asset/v1/private/alpha-trade/order/place"
OPEN = "/bapi/defi/v1/private/alpha-trade/order/get-open-order"
HISTORY = "/bapi/defi/v1/private/alpha-trade/order/get-order-history-merge"


@dataclass
class Court:
    """An exchange, its judge, and hands that do what no service may."""

    exchange: SimulatedExchange
    referee: Referee

    @property
    def found(self) -> set[str]:
        return {violation.invariant for violation in self.referee.violations}

    def heard(self) -> None:
        """Have both users listen, so that this is not what is objected to."""
        for user in self.referee._users.values():
            user.heard_at = trio.current_time()

    def buy(self, user_id: int, usdt: str = "30", *, above: str = "1.1") -> tuple[int, ...]:
        """Place a pair as the service would."""
        self.heard()
        self.exchange.catch_up()
        price = floor_to_grid(self.price * Decimal(above), KOGE.tick)
        quantity = floor_to_grid(Decimal(usdt) / price, KOGE.step)
        body = {
            "baseAsset": KOGE.alpha_id,
            "quoteAsset": "USDT",
            "workingSide": "BUY",
            "workingPrice": plain(price),
            "workingQuantity": plain(quantity),
            "pendingPrice": plain(floor_to_grid(self.price * Decimal("0.99"), KOGE.tick)),
            "paymentDetails": [
                {"amount": plain(floor_money(price, quantity)), "paymentWalletType": "CARD"}
            ],
        }
        placement = self.exchange.model.place_pair(user_id, msgspec.json.encode(body))
        self.exchange.catch_up()
        return tuple(order.order_id for order in placement.orders)

    def sell(self, user_id: int, quantity: str) -> None:
        """Place a plain SELL."""
        self.heard()
        body = {
            "baseAsset": KOGE.alpha_id,
            "quoteAsset": "USDT",
            "side": "SELL",
            "price": plain(self.price),
            "quantity": quantity,
            "paymentDetails": [{"amount": quantity, "paymentWalletType": "ALPHA"}],
        }
        self.exchange.model.place(user_id, msgspec.json.encode(body))
        self.exchange.catch_up()

    def cancel(self, user_id: int, order_id: int) -> None:
        """Cancel an order."""
        self.exchange.model.cancel(user_id, msgspec.json.encode({"orderId": str(order_id)}))
        self.exchange.catch_up()

    def ask(self, path: str, answer: bytes | None = SUCCESS, status: int = 200) -> Errand:
        """Send a request of user 1 whole; without an answer none comes."""
        errand = Errand("POST", path, 1, 0, left_whole=True)
        self.referee.begins(errand)
        if answer is not None:
            errand.answer = Answer(status, b"", answer)
        self.referee.ends(errand)
        return errand

    @property
    def price(self) -> Decimal:
        market = self.exchange.model.market(KOGE.alpha_id)
        return floor_to_grid(market.path.middle(market.step), KOGE.tick)


@asynccontextmanager
async def court(**settings: object) -> AsyncIterator[Court]:
    exchange = SimulatedExchange(ExchangeSettings(**settings), TrioClock())  # type: ignore[arg-type]  # each test names what it needs
    referee = Referee(exchange, RULES, (1, 2))
    referee.intents_of = lambda user_id: [None] * 100  # type: ignore[list-item]  # only counted
    async with trio.open_nursery() as nursery:
        await nursery.start(MemoryNet(exchange).serve)
        yield Court(exchange, referee)
        nursery.cancel_scope.cancel()


async def test_an_honest_round_is_not_objected_to(autojump_clock: object) -> None:
    async with court() as c:
        c.ask(PAIR, b'{"code":"000000","success":true,'
                    b'"data":{"workingOrderId":1,"pendingOrderId":2}}')  # fmt: skip
        c.buy(1)
        await trio.sleep(20)
        c.exchange.catch_up()
        c.buy(2)
        await trio.sleep(20)
        c.exchange.catch_up()
        c.buy(1)
        assert c.found == set()
        assert c.referee.stakes.books.lost_usdt


def two_rounds(c: Court) -> None:
    c.buy(1, "10", above="0.9")
    c.buy(1, "10", above="0.9")


def too_much(c: Court) -> None:
    c.buy(1, "45")


def too_much_together(c: Court) -> None:
    c.buy(1, "30", above="0.9")
    c.buy(2, "30", above="0.9")


def far_off(c: Court) -> None:
    c.buy(1, above="1.3")


def everything_cancelled(c: Court) -> None:
    c.exchange.model.cancel_all(1)


def a_persons_order_cancelled(c: Court) -> None:
    order_id, _ = c.buy(1, above="0.9")
    c.referee.stakes.foreign.add(order_id)
    c.cancel(1, order_id)


def after_a_stop(c: Court) -> None:
    c.referee.stopped_at = trio.current_time() - 1
    c.ask(PAIR)


def in_a_pause(c: Court) -> None:
    c.referee.paused_at = trio.current_time() - 1
    c.ask(SALE)
    assert c.found == set()
    c.ask(PAIR)


def in_a_halt(c: Court) -> None:
    c.referee.halted_at = trio.current_time() - 1
    c.ask(SALE)


def on_and_on_after_a_stop(c: Court) -> None:
    c.referee.stopped_at = trio.current_time() - 400
    c.referee.life_ends(grace_seconds=30)


def after_a_lost_login(c: Court) -> None:
    c.ask(OPEN, b'{"code":"100002001","success":false}')
    c.referee._users[1].silenced_at = trio.current_time() - 0.001
    c.ask(OPEN)


def without_an_intent(c: Court) -> None:
    c.referee.intents_of = lambda user_id: ()
    c.ask(PAIR)


def one_on_top_of_the_other(c: Court) -> None:
    c.referee.begins(Errand("POST", PAIR, 1, 0))
    c.referee.begins(Errand("POST", PAIR, 1, 0))


def blindly_again(c: Court) -> None:
    c.ask(PAIR, None)
    c.ask(PAIR)


def again_after_one_look(c: Court) -> None:
    c.ask(PAIR, b"<html>")
    c.ask(OPEN)
    c.ask(HISTORY)
    c.ask(PAIR)


def too_often(c: Court) -> None:
    for _ in range(4):
        c.ask(PAIR, b'{"code":"481020","success":false}')


def a_round_too_many(c: Court) -> None:
    c.referee.stakes.rules = replace(RULES, max_rounds=0)
    c.buy(1)


def what_may_lose_too_much(c: Court) -> None:
    c.referee.stakes.rules = replace(RULES, max_daily_loss_usdt=Decimal(1))
    c.buy(1, above="1.1")


def a_sale_below_the_floor(c: Court) -> None:
    position = c.referee.stakes.books.of(1, KOGE.alpha_id)
    position.quantity, position.cost_usdt = Decimal(100), c.price * Decimal(105)
    c.exchange.model.desk.account(1).alpha[KOGE.alpha_id].credit(Decimal(100))
    c.sell(1, "100")


def a_sale_to_ones_own(c: Court) -> None:
    c.buy(2, "10", above="1.05")
    c.exchange.model.desk.account(1).alpha[KOGE.alpha_id].credit(Decimal(100))
    c.sell(1, "100")


def in_a_pause_the_exchange_asked_for(c: Court) -> None:
    pauses = Pauses(c.referee)
    asked = Errand("POST", OPEN, 1, 0, left_whole=True, answer=Answer(429, b"", b""))
    pauses.ends(asked)
    pauses._since -= 6
    pauses.begins(Errand("POST", OPEN, 2, 0))


def unread_after_a_reconnect(c: Court) -> None:
    c.buy(1, above="0.9")
    c.referee._users[1].must_read = True
    c.ask(PAIR)


@pytest.mark.parametrize(
    ("invariant", "deed"),
    [
        ("I-3", two_rounds),
        ("I-4", too_much),
        ("I-4", too_much_together),
        ("I-6", far_off),
        ("I-3", everything_cancelled),
        ("row 19", a_persons_order_cancelled),
        ("I-13", after_a_stop),
        ("I-13", in_a_pause),
        ("I-13", in_a_halt),
        ("I-13", on_and_on_after_a_stop),
        ("I-18", after_a_lost_login),
        ("I-2", without_an_intent),
        ("I-1", one_on_top_of_the_other),
        ("I-1", blindly_again),
        ("I-1", again_after_one_look),
        ("I-17", too_often),
        ("I-17", a_round_too_many),
        ("I-5", what_may_lose_too_much),
        ("I-5", a_sale_below_the_floor),
        ("I-16", a_sale_to_ones_own),
        ("I-17", in_a_pause_the_exchange_asked_for),
        ("I-14", unread_after_a_reconnect),
    ],
)
async def test_what_must_not_be_is_seen(
    invariant: str, deed: Callable[[Court], None], autojump_clock: object
) -> None:
    async with court() as c:
        await trio.sleep(2)
        deed(c)
        assert invariant in c.found


async def test_an_end_that_is_learnt_late_is_seen(autojump_clock: object) -> None:
    async with court() as c:
        working, _pending = c.buy(1)
        await trio.sleep(2000)
        c.exchange.catch_up()
        order = c.exchange.model.desk.orders[working]
        now = trio.current_time()
        for settled_at, calm_at in ((30, 0), (now, now - 300)):
            c.referee.learns(order, settled_at, calm_at)
        assert c.found == set()
        c.referee.learns(order, now, now - 1500)
        assert c.found == {"I-25"}


async def test_trading_on_and_on_on_a_dead_stream_is_seen(autojump_clock: object) -> None:
    async with court(fill_delay_ms=(10, 20)) as c:
        key = c.exchange.model.listen_keys.issue(1, c.exchange.model.now_ms)
        c.exchange.hub.subscribe(Subscriber(16, private=True), f"alpha@{key}")
        assert c.exchange.hub.carries(1)
        c.exchange.expire_listen_keys(1)
        for _ in range(5):
            assert c.found == set()
            c.buy(1, "10")
            await trio.sleep(30)
        c.buy(1, "10")
        assert c.found == {"I-14"}


async def test_a_stop_may_take_its_grace(autojump_clock: object) -> None:
    async with court() as c:
        c.referee.stopped_at = trio.current_time() - 400
        c.referee.life_ends(grace_seconds=390)
        assert c.found == set()


async def test_absence_may_be_believed_after_its_time(autojump_clock: object) -> None:
    async with court() as c:
        c.ask(PAIR, None)
        for _ in range(3):
            await trio.sleep(2)
            c.ask(OPEN)
            c.ask(HISTORY)
        c.ask(PAIR)
        assert c.found == set()


async def test_buying_with_something_unsold_is_seen(autojump_clock: object) -> None:
    async with court(fill_delay_ms=(10, 20)) as c:
        _working, pending = c.buy(1)
        while not c.exchange.model.desk.orders[pending].state.status.is_live:
            await trio.sleep(0.005)
            c.exchange.catch_up()
        c.cancel(1, pending)
        c.buy(1)
        assert "I-11" in c.found


async def test_selling_more_than_was_bought_is_seen(autojump_clock: object) -> None:
    async with court() as c:
        c.exchange.model.desk.account(1).alpha[KOGE.alpha_id].credit(Decimal(5000))
        c.sell(1, "5000")
        assert "I-11" in c.found


PLACED = b'{"code":"000000","success":true,"data":{"workingOrderId":1,"pendingOrderId":2}}'
CHALLENGED = b"HTTP/1.1 200 OK\r\nrisk_challenge_biz_no: 7\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (Answer(200, b"", PLACED), True),
        (Answer(200, CHALLENGED, PLACED), True),
        (Answer(500, b"", PLACED), False),
        (Answer(200, b"", SUCCESS), False),
        (Answer(200, b"", PLACED.replace(b"true", b"false")), False),
        (Answer(200, b"", PLACED[:-1]), False),
        (None, False),
    ],
)
def test_ids_that_were_read_are_no_doubt(answer: Answer | None, accepted: bool) -> None:
    errand = Errand("POST", PAIR, 1, 0, left_whole=True)
    errand.answer = answer
    assert is_acceptance(errand) is accepted
