"""``[users.N]``: what holds for one user alone."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from alphabot.config import Settings, loads
from alphabot.config.user_keys import USER, USER_LIMITS
from alphabot.core.limit_values import Limits
from alphabot.core.limits import may_buy
from alphabot.core.values import UserId
from tests.core.test_limits import BUY, TIGHTER

ONE, TWO, THREE = UserId(1), UserId(2), UserId(3)
THREE_USERS = """
[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 100
user_ids = [1, 2, 3]
"""


def settings_of(own: str) -> Settings:
    return loads(THREE_USERS + own, Path("strategies.toml"))


def test_every_limit_may_be_a_users_own() -> None:
    assert {key.name for key in USER_LIMITS.keys} == {field.name for field in fields(Limits)}
    assert {key.name for key in USER.keys} == {
        "single_trade_amount_usdt",
        "target_volume",
        "target_points",
    }


@pytest.mark.parametrize("name", TIGHTER)
def test_a_limit_of_one_user_holds_for_that_user_alone(name: str) -> None:
    change, tighter = TIGHTER[name]
    # The gate is asked with figures of its own; what the rules of a file forbid is beside this.
    plain = settings_of("")
    own = settings_of("[users.2.limits]\nmax_rounds = 9").users[TWO]
    settings = replace(plain, users={TWO: replace(own, limits={name: tighter})})
    refused = {
        user_id: may_buy(replace(change(BUY), limits=settings.limits_of(user_id)))
        for user_id in (ONE, TWO, THREE)
    }
    assert refused[ONE] is refused[THREE] is None
    held = refused[TWO]
    assert held is not None
    assert held.name == name


def test_amount_and_target_of_one_user() -> None:
    settings = settings_of("[users.2]\nsingle_trade_amount_usdt = 12.5\ntarget_volume = 40")
    (strategy,) = settings.strategies
    assert settings.strategy_of(strategy, ONE) == strategy
    own = settings.strategy_of(strategy, TWO)
    assert (own.single_trade_amount_usdt, own.target_volume) == (Decimal("12.5"), Decimal(40))
    assert own == replace(
        strategy, single_trade_amount_usdt=Decimal("12.5"), target_volume=own.target_volume
    )


def test_users_alike_are_one_variant() -> None:
    settings = settings_of("[users.2.limits]\nmax_rounds = 9\n[users.3.limits]\nmax_rounds = 9")
    (strategy,) = settings.strategies
    assert [variant.user_ids for variant in settings.variants(strategy)] == [(ONE,), (TWO, THREE)]


@pytest.mark.parametrize(
    ("general", "own", "guards"),
    [
        ("true", "false", True),
        ("false", "true", True),
        ("false", "false", False),
    ],
)
def test_one_guarded_user_is_enough_to_take_turns(general: str, own: str, guards: bool) -> None:
    text = f"[limits]\nself_trade_guard = {general}\n[users.2.limits]\nself_trade_guard = {own}"
    assert settings_of(text).guards() is guards


def test_a_value_is_where_the_file_says_it() -> None:
    settings = settings_of("[users.2.limits]\nmax_rounds = 9")
    assert settings.where("users", "2", "limits", "max_rounds")[1] == 9
    assert settings.is_written("users", "2", "limits", "max_rounds")
    assert not settings.is_written("users", "2", "limits", "max_dust_bp")
