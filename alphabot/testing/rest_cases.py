"""Protocol 1, 4 and 5: the envelope, the account, the listen key."""

from __future__ import annotations

import re
from decimal import Decimal
from types import NoneType

from alphabot.testing.bench import ASSET, DEFI, PUBLIC, WALLET, Bench
from alphabot.testing.cases import case, demand, shaped

__all__: list[str] = []

_WALLETS = "/bapi/asset/v3/private/asset-service/asset/get-wallet-asset"
_HOLDINGS = "/bapi/asset/v2/private/asset-service/wallet/asset"
_ALL_WALLETS = {"includeWallets": ["CARD", "MAIN", "SAVING"], "includeEq": True}


@case(101, "a success has code 000000, success true, message, messageDetail and data")
async def _success_envelope(bench: Bench) -> None:
    answer = await bench.public.get(f"{PUBLIC}/get-fee-rate", symbol=bench.grid.symbol)
    demand(answer.status == 200, f"HTTP {answer.status}")
    shaped(
        answer.envelope,
        {
            "code": str,
            "message": (str, NoneType),
            "messageDetail": (str, NoneType, dict),
            "data": dict,
            "success": bool,
        },
        "the envelope",
    )
    demand(answer.accepted, f"{answer.envelope!r:.200}")


@case(102, "a refusal comes with HTTP 200, a code that is a string, and success false")
async def _refusal_envelope(bench: Bench) -> None:
    answer = await bench.user.post(f"{ASSET}/order/place", {"side": "BUY"})
    answer.refused()
    demand(answer.status == 200, f"HTTP {answer.status}")
    shaped(answer.envelope, {"code": str, "success": bool}, "the envelope")


@case(105, "a body that is no JSON object is refused, not broken by")
async def _no_json(bench: Bench) -> None:
    for body in (b"", b"[]", b"{", b'"x"', b"\xff", b"[" * 5000):
        answer = await bench.user.post(f"{ASSET}/oto-order/place", body)
        answer.refused()
        demand(answer.status == 200, f"HTTP {answer.status} for {body!r:.20}")


@case(401, "the funding wallet shows USDT in strings, and what a resting BUY has locked")
async def _funding(bench: Bench) -> None:
    before = await _funding_of(bench)
    order_id = await bench.rest()
    during = await _funding_of(bench)
    row = (await bench.open_orders())[order_id]
    await bench.cancel(order_id)
    after = await _funding_of(bench)
    worth = Decimal(row["price"]) * Decimal(row["origQty"])
    locked = during[1] - before[1]
    demand(abs(locked - worth) < Decimal("1e-7"), f"{locked} was locked for {worth}")
    demand(during[0] + locked == before[0], f"free went from {before[0]} to {during[0]}")
    demand(after == before, f"{before} before, {after} after the cancellation")


async def _funding_of(bench: Bench) -> tuple[Decimal, Decimal]:
    rows = (await bench.user.post(_WALLETS, _ALL_WALLETS)).data
    usdt = [row for row in rows if row["asset"] == "USDT"]
    demand(len(usdt) == 1, f"USDT is there {len(usdt)} times")
    texts = dict.fromkeys(("free", "locked", "freeze", "withdrawing"), str)
    bucket = shaped(usdt[0]["funding"], texts, "funding")
    return Decimal(bucket["free"]), Decimal(bucket["locked"])


@case(402, "the Alpha wallet names tokens by their alphaId, with amounts in strings")
async def _alpha_wallet(bench: Bench) -> None:
    await _buy_some(bench)
    data = (await bench.user.get(f"{WALLET}/cloud-wallet/alpha")).data
    shaped(data, {"totalValuation": str, "list": list}, "the wallet")
    rows = [row for row in data["list"] if row["tokenId"] == bench.grid.asset]
    demand(len(rows) == 1, f"{bench.grid.asset} is there {len(rows)} times after a purchase")
    texts = ("chainId", "contractAddress", "name", "symbol", "tokenId", "free", "freeze")
    more = ("locked", "withdrawing", "amount", "valuation")
    shaped(rows[0], dict.fromkeys((*texts, *more), str) | {"cexAsset": bool}, "a row")
    demand(Decimal(rows[0]["free"]) > 0, "nothing is free after a purchase")


@case(403, "today's volume is in numbers")
async def _user_volume(bench: Bench) -> None:
    data = (await bench.user.get(f"{WALLET}/buw/wallet/today/user-volume")).data
    number = (int, Decimal)
    shaped(data, {"totalVolume": number, "tradeVolumeInfoList": list}, "the volume")
    for row in data["tradeVolumeInfoList"]:
        shaped(row, {"tokenName": str, "volume": number}, "a row")


@case(404, "the score is in strings, day by day")
async def _user_score(bench: Bench) -> None:
    data = (await bench.user.get(f"{WALLET}/buw/tge/common/user-score")).data
    shaped(data, {"sumScore": str, "list": list, "startDatetime": int, "endDatetime": int}, "score")
    texts = ("date", "totalScore", "balanceScore", "alphaVolumeScore", "alphaVolume")
    for row in data["list"]:
        shaped(row, dict.fromkeys(texts, str), "a day")


@case(405, "wallet/asset lists USDT and each token held, by its contract, amounts in strings")
async def _wallet_asset(bench: Bench) -> None:
    await _buy_some(bench)
    rows = (await bench.user.get(_HOLDINGS, needAlphaAsset=1, quoteAsset="USDT")).data
    demand(isinstance(rows, list), f"the data was {rows!r:.80}")
    texts = dict.fromkeys(("asset", "amount", "valuationAmount"), str)
    perhaps = dict.fromkeys(("coinBusinessType", "chainId", "contractAddress"), (str, NoneType))
    for row in rows:
        shaped(row, {**texts, **perhaps, "isCexAsset": bool}, "a row")
    demand("USDT" in [row["asset"] for row in rows if row["isCexAsset"]], "USDT is not there")
    place = (bench.grid.contract, bench.grid.chain_id)
    held = [row for row in rows if (row["contractAddress"], row["chainId"]) == place]
    demand(len(held) == 1, f"{bench.grid.asset} is there {len(held)} times after a purchase")
    demand(not held[0]["isCexAsset"], "the token is listed as a spot asset")
    demand(Decimal(held[0]["amount"]) > 0, "there is nothing of it after a purchase")


@case(501, "a listen key is 32 hex digits, and asking again gives one as well")
async def _listen_key(bench: Bench) -> None:
    for _ in range(2):
        key = (await bench.user.post(f"{DEFI}/get-listen-key", {})).data
        demand(isinstance(key, str), f"the key was {key!r}")
        demand(re.fullmatch(r"[0-9a-f]{32}", key) is not None, "the key is not 32 hex digits")


async def _buy_some(bench: Bench) -> None:
    """Buy a little at the market and return once it is there."""
    price = await bench.price(105)
    body = bench.buy(price, bench.quantity(price, usdt=5))
    order_id = str((await bench.user.post(f"{ASSET}/order/place", body)).data)
    await bench.traded(order_id)
