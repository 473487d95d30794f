"""Wallets and the listen key on the wire."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.values import AlphaId
from alphabot.errors import NotAuthorised, UnexpectedReply
from alphabot.exchange.wire import account as wallets
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.ids import Contract
from alphabot.exchange.wire.score import Score, ScoreDay, user_score
from tests.wire.recorded import body, reply, reply_of

KEY = "0" * 32


def with_data(name: str, data: Any) -> Reply:
    return reply_of(body(f"{name}.response") | {"data": data})


def test_requests_are_the_recorded_ones() -> None:
    assert json.loads(wallets.WALLETS_REQUEST) == body("get_wallet_asset.request")
    assert json.loads(wallets.LISTEN_KEY_REQUEST) == body("listen_key.request")


def test_usdt_is_what_funding_and_earn_hold() -> None:
    found = wallets.funding(reply("get_wallet_asset"))
    assert found == wallets.FundingUsdt(
        Decimal("100.00000000"), Decimal(0), Decimal("900.00000000")
    )


def test_an_account_without_usdt_has_none() -> None:
    zero = wallets.FundingUsdt(Decimal(0), Decimal(0), Decimal(0))
    assert wallets.funding(with_data("get_wallet_asset", [])) == zero
    empty = {"asset": "USDT", "spot": None, "funding": None, "earn": None}
    assert wallets.funding(with_data("get_wallet_asset", [empty])) == zero


def test_what_is_held_but_not_free_is_locked() -> None:
    held = {"free": "1", "locked": "2", "freeze": "3", "withdrawing": "4"}
    row = {"asset": "USDT", "funding": held, "earn": held}
    found = wallets.funding(with_data("get_wallet_asset", [row]))
    assert found == wallets.FundingUsdt(Decimal(1), Decimal(9), Decimal(10))


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [{"asset": "USDT", "funding": {"locked": "1"}}],
        [{"asset": "USDT", "funding": {"free": "-1"}}],
        [{"asset": "USDT", "funding": {"free": "NaN"}}],
        [{"asset": "USDT", "funding": {"free": None}}],
        [{"asset": "USDT"}, {"asset": "USDT"}],
    ],
)
def test_a_wallet_that_cannot_be_read_is_not_empty(data: Any) -> None:
    with pytest.raises(UnexpectedReply):
        wallets.funding(with_data("get_wallet_asset", data))


def test_tokens_are_named_by_their_alpha_id() -> None:
    assert wallets.tokens(reply("alpha_wallet")) == {
        AlphaId("ALPHA_118"): (Decimal("0.0070"), Decimal(0)),
        AlphaId("ALPHA_391"): (Decimal(100), Decimal(0)),
    }


def test_spot_assets_are_left_out() -> None:
    data = body("alpha_wallet.response")["data"]
    data["list"][0] |= {"cexAsset": True, "tokenId": None}
    data["list"][1] |= {"cexAsset": True}
    assert set(wallets.tokens(with_data("alpha_wallet", data))) == {"ALPHA_391"}


@pytest.mark.parametrize(
    "change",
    [{"tokenId": "COAI"}, {"tokenId": None}, {"free": ""}, {"free": None}, {"locked": "x"}],
)
def test_a_token_that_cannot_be_read_is_not_absent(change: dict[str, Any]) -> None:
    data = body("alpha_wallet.response")["data"]
    data["list"][1] |= change
    with pytest.raises(UnexpectedReply):
        wallets.tokens(with_data("alpha_wallet", data))


def test_one_token_twice_is_refused() -> None:
    data = body("alpha_wallet.response")["data"]
    data["list"][0]["tokenId"] = "ALPHA_391"
    with pytest.raises(UnexpectedReply, match="one row"):
        wallets.tokens(with_data("alpha_wallet", data))


def test_the_listen_key_in_three_forms() -> None:
    assert wallets.listen_key(reply("listen_key")) == KEY
    for payload in body("listen_key_alternatives.response"):
        assert wallets.listen_key(reply_of(payload)) == KEY


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"listenKey": None},
        {"listenKey": "a b"},
        {"listenKey": KEY, "code": "7"},
        {"code": "000000", "success": True, "data": None},
        {"code": "000000", "success": True, "data": ""},
        {"code": "000000", "success": True, "data": {"listenKey": 5}},
        {"code": "000000", "success": True, "data": "x/../y"},
    ],
)
def test_what_is_no_listen_key(payload: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedReply):
        wallets.listen_key(reply_of(payload))


def test_a_listen_key_under_a_challenge_is_none() -> None:
    answer = Reply(200, {"risk_challenge_biz_no": "b"}, json.dumps({"listenKey": KEY}).encode())
    with pytest.raises(UnexpectedReply):
        wallets.listen_key(answer)
    with pytest.raises(NotAuthorised):
        wallets.listen_key(reply("error_100002001_login_expired"))


def test_the_volume_is_exact() -> None:
    total = body("user_volume.response")["data"]["totalVolume"]
    assert wallets.volume_today(reply("user_volume")) == Decimal(str(total))


def test_the_volume_may_be_a_fraction_a_whole_number_or_text() -> None:
    for written, total in (("0.10", "0.10"), ("1e3", "1000"), ("7", "7"), ('"1.5"', "1.5")):
        text = f'{{"code":"000000","success":true,"data":{{"totalVolume":{written}}}}}'
        assert wallets.volume_today(Reply(200, {}, text.encode())) == Decimal(total)


def test_holdings_are_listed_with_what_they_are_worth() -> None:
    assert wallets.holdings(reply("wallet_asset")) == (
        wallets.Holding("USDT", Decimal(1000), Decimal(1000), None),
        wallets.Holding(
            "BGSC",
            Decimal("8.385"),
            Decimal("0.05948356622071221"),
            Contract("0xa4b68d48d7bc6f04420e8077e6f74bdef809dea3", "56"),
        ),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "-1"},
        {"amount": 8.385},
        {"amount": None},
        {"valuationAmount": "NaN"},
        {"isCexAsset": None},
        {"isCexAsset": 0},
        {"asset": 1.5},
        {"contractAddress": None},
        {"chainId": ""},
        {"contractAddress": "a b"},
    ],
    ids=str,
)
def test_a_holding_that_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    data = body("wallet_asset.response")["data"]
    data[1] |= change
    with pytest.raises(UnexpectedReply):
        wallets.holdings(with_data("wallet_asset", data))


def test_the_recorded_score() -> None:
    def day(number: int, volume: str) -> ScoreDay:
        return ScoreDay(
            day=f"2025-07-{number}",
            points=Decimal(19),
            balance_points=Decimal(2),
            volume_points=Decimal(17),
            balance_usd=Decimal(2000),
            volume_usd=Decimal(volume),
        )

    assert user_score(reply("user_score")) == Score(
        points=Decimal(38),
        from_ms=1751414400000,
        until_ms=1752624000000,
        days=(day(16, "131874.259612"), day(15, "131344.91743")),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"sumScore": "-1"},
        {"sumScore": 38.5},
        {"startDatetime": 1752624000001},
        {"endDatetime": "1752624000000"},
        {"list": None},
        {"list": [{"date": "2025-07-16"}]},
    ],
    ids=str,
)
def test_a_score_that_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    data = body("user_score.response")["data"] | change
    with pytest.raises(UnexpectedReply):
        user_score(with_data("user_score", data))


@pytest.mark.parametrize(
    "change",
    [
        {"date": "2025-07-15"},
        {"date": "2025-13-01"},
        {"date": "2025-07-32"},
        {"date": "2025-7-16"},
        {"date": "2025-07-16\n"},
        {"date": "16 July"},
        {"date": 20250716},
        {"totalScore": ""},
        {"alphaVolume": "1e99"},
    ],
    ids=str,
)
def test_a_day_of_a_score_that_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    data = body("user_score.response")["data"]
    data["list"][0] |= change
    with pytest.raises(UnexpectedReply):
        user_score(with_data("user_score", data))


@given(st.binary(max_size=100))
def test_any_bytes_are_a_typed_error(raw: bytes) -> None:
    for read in (wallets.funding, wallets.tokens, wallets.listen_key, wallets.volume_today):
        with pytest.raises(UnexpectedReply):
            read(Reply(200, {}, raw))
