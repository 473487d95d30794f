"""Money is neither made nor lost, whatever users do and in whatever order."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings, Token
from alphabot.simulator.accounts import Account, Balance
from alphabot.simulator.book import Side
from alphabot.simulator.exchange import Exchange
from alphabot.simulator.orders import Leg, Order, Status
from alphabot.simulator.refusals import Refusal
from tests.simulator.world import EPOCH_MS, grid, pair_body, plain_body

_TOKENS = (DEFAULT_TOKENS[0], DEFAULT_TOKENS[4])
_OPENING = Decimal(1000)
_TOKENS_GIVEN = Decimal(10**6)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a user does, or time that passes."""

    kind: str
    user_id: int
    token: Token
    permille: int
    amount_usdt: int
    wait_ms: int


steps = st.builds(
    Step,
    kind=st.sampled_from(["pair", "buy", "sell", "cancel", "cancel all", "wait"]),
    user_id=st.integers(1, 3),
    token=st.sampled_from(_TOKENS),
    permille=st.sampled_from([500, 995, 999, 1000, 1001, 1005, 1100]),
    amount_usdt=st.sampled_from([1, 30, 400, 900]),
    wait_ms=st.sampled_from([0, 1, 260, 900]),
)


def act(model: Exchange, step: Step) -> None:
    """Do what a step says; a refusal is part of life."""
    model.advance(model.now_ms + step.wait_ms)
    middle = model.market(step.token.alpha_id).path.middle(model.market(step.token.alpha_id).step)
    price = grid(middle * step.permille / 1000, str(step.token.tick))
    quantity = grid(step.amount_usdt / price, str(step.token.step))
    asset = step.token.alpha_id
    open_ids = list(model.desk.open_of[step.user_id])
    actions: dict[str, Callable[[], object]] = {
        "pair": lambda: model.place_pair(
            step.user_id, encode(pair_body(price, quantity, price, asset))
        ),
        "buy": lambda: model.place(step.user_id, encode(plain_body("BUY", price, quantity, asset))),
        "sell": lambda: model.place(
            step.user_id, encode(plain_body("SELL", price, quantity, asset))
        ),
        "cancel": lambda: model.cancel(
            step.user_id, encode({"orderId": str(open_ids[0] if open_ids else 1)})
        ),
        "cancel all": lambda: model.cancel_all(step.user_id),
        "wait": lambda: None,
    }
    with suppress(Refusal):
        actions[step.kind]()


def encode(body: object) -> bytes:
    """Return a body as it is sent."""
    return json.dumps(body).encode()


def new_model(seed: int) -> Exchange:
    """Return an exchange in which three users have money and tokens."""
    chosen = ExchangeSettings(
        seed=seed, funding_usdt=_OPENING, split_fill_percent=50, level_usdt=(5, 120)
    )
    model = Exchange(chosen, EPOCH_MS)
    for user_id in (1, 2, 3):
        for token in _TOKENS:
            model.desk.account(user_id).alpha[token.alpha_id].credit(_TOKENS_GIVEN)
    return model


def check_account(model: Exchange, account: Account) -> None:
    """Check that what is there is what came less what went."""
    usdt = account.funding.total + account.earn.total
    assert usdt == (
        account.opening_usdt - account.bought_quote + account.sold_quote - account.sell_fees_usdt
    )
    for token in _TOKENS:
        asset = token.alpha_id
        assert account.alpha[asset].total == (
            _TOKENS_GIVEN
            + account.bought_base[asset]
            - account.buy_fees_base[asset]
            - account.sold_base[asset]
        )
    for balance in (account.funding, *account.alpha.values()):
        assert min(balance.free, balance.locked) >= 0
    check_locks(model, account)


def check_locks(model: Exchange, account: Account) -> None:
    """Check that nothing is locked but for open orders, and for them enough."""
    open_orders = list(model.desk.open_of[account.user_id].values())
    locked_usdt = sum(order.locked for order in open_orders if order.side is Side.BUY)
    assert account.funding.locked == locked_usdt
    for token in _TOKENS:
        mine = [order for order in open_orders if order.token is token]
        for_sale = sum(order.locked for order in mine if order.side is Side.SELL)
        kept = sum(order.bought for order in mine if is_working(order))
        assert account.alpha[token.alpha_id].locked == for_sale + kept


def is_working(order: Order) -> bool:
    """Tell whether what an order buys is kept for its sale."""
    return order.pair is not None and order.pair.leg is Leg.WORKING


def check_order(order: Order) -> None:
    """Check that an order is the sum of its fills, and never more than was asked for."""
    state = order.state
    assert state.executed == sum(fill.quantity for fill in order.fills)
    assert state.quote == sum(fill.quote for fill in order.fills)
    assert state.executed <= state.quantity
    assert (state.status is Status.FILLED) == (state.executed == state.quantity > 0)
    for fill in order.fills:
        better = fill.price <= order.price if order.side is Side.BUY else fill.price >= order.price
        assert better
    executed = [each.executed for each in order.states]
    assert executed == sorted(executed)


@settings(max_examples=50)
@given(st.integers(0, 50), st.lists(steps, min_size=5, max_size=30))
def test_every_account_adds_up_at_every_moment(seed: int, plan: list[Step]) -> None:
    model = new_model(seed)
    for step in plan:
        act(model, step)
        for account in model.desk.accounts.values():
            check_account(model, account)
    for order in model.desk.orders.values():
        check_order(order)
    check_crosses(model)


def check_crosses(model: Exchange) -> None:
    """Check that both sides of a match between users were booked."""
    for cross in model.ledger.self_crosses:
        buy, sell = model.desk.orders[cross.buy_order_id], model.desk.orders[cross.sell_order_id]
        bought = [fill for fill in buy.fills if fill.at_ms == cross.at_ms]
        sold = [fill for fill in sell.fills if fill.at_ms == cross.at_ms]
        common = {fill.trade_id for fill in bought} & {fill.trade_id for fill in sold}
        assert common
        assert (cross.buyer_id, cross.seller_id) == (buy.user_id, sell.user_id)


@settings(max_examples=25)
@given(st.integers(0, 50), st.lists(steps, min_size=5, max_size=25))
def test_the_same_plan_gives_the_same_life(seed: int, plan: list[Step]) -> None:
    first, second = new_model(seed), new_model(seed)
    for step in plan:
        act(first, step)
        # Looking at what does not concern the user changes nothing.
        second.market(_TOKENS[1].alpha_id)
        act(second, step)
        second.drain()
    assert [order.states for order in first.desk.orders.values()] == [
        order.states for order in second.desk.orders.values()
    ]


def test_the_check_finds_a_coin_too_many() -> None:
    model = new_model(1)
    account = model.desk.account(1)
    check_account(model, account)
    account.funding.credit(Decimal("0.00000001"))
    with pytest.raises(AssertionError):
        check_account(model, account)


def test_a_balance_refuses_to_become_negative() -> None:
    for act_on in (Balance.lock, Balance.release, Balance.spend_locked):
        with pytest.raises(ArithmeticError):
            act_on(Balance(Decimal(1), Decimal(1)), Decimal("1.00000001"))
    for act_on in (Balance.lock, Balance.credit, Balance.credit_locked):
        with pytest.raises(ArithmeticError):
            act_on(Balance(Decimal(1)), Decimal(-1))
    account = Account.opened(1, Decimal(5), Decimal(0))
    account.move_to_earn(Decimal(2))
    assert [account.funding.free, account.earn.free] == [Decimal(3), Decimal(2)]
    with pytest.raises(ArithmeticError):
        account.move_to_earn(Decimal(4))


def test_a_step_plan_reaches_matches_between_users() -> None:
    """The property above would be empty without them."""
    model = new_model(1)
    rest = Step("sell", 1, _TOKENS[0], 1000, 30, 0)
    act(model, rest)
    act(model, replace(rest, kind="buy", user_id=2, permille=1100))
    model.advance(model.now_ms + 5000)
    assert model.ledger.self_crosses
