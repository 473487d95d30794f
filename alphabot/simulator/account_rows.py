"""The ``data`` of the private REST answers, to the letter of the recorded replies."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from alphabot.simulator.accounts import Account, Balance
from alphabot.simulator.amounts import average_price, fixed, plain, product, round_places
from alphabot.simulator.orders import Order, OrderState
from alphabot.simulator.tokens import QUOTE_ASSET, Token

__all__ = ["alpha_wallet", "order_row", "trade_rows", "wallet_assets", "wallet_list"]

_AVERAGE_PLACES = 9
_QUOTE_PLACES = 8
_USDT_ICON = "https://bin.bnbstatic.com/image/usdt.png"
_NO_LIST = "-1"


def order_row(order: Order, state: OrderState) -> dict[str, Any]:
    """Return an order as history and open orders show it (protocol: history)."""
    places = max(_AVERAGE_PLACES, order.token.price_precision)
    # Rounded here, though the stream cuts: 9.9865158 / 1685487.9 was listed as 0.000005925.
    average = round_places(average_price(state.quote, state.executed), places)
    pair = order.pair
    return {
        "kind": "LIMIT",
        "orderId": str(order.order_id),
        "symbol": order.token.pair,
        "status": str(state.status),
        "price": plain(order.price),
        "avgPrice": plain(average),
        "origQty": plain(state.quantity),
        "executedQty": plain(state.executed),
        "cumQuote": plain(state.quote),
        "type": "LIMIT",
        "side": str(order.side),
        "stopPrice": "0",
        "time": order.created_ms,
        "updateTime": state.at_ms,
        "orderListId": str(pair.list_id) if pair else _NO_LIST,
        "baseAsset": order.token.alpha_id,
        "quoteAsset": QUOTE_ASSET,
        "alphaId": order.token.alpha_id,
        "contingencyType": "OTO" if pair else None,
        "contingencyOrderPosition": str(pair.leg) if pair else None,
        "workingTime": state.working_ms,
        "targetStrategy": None,
    }


def trade_rows(order: Order, state: OrderState) -> list[dict[str, Any]]:
    """Return the fills of an order that a state knows of, newest first (protocol: fills)."""
    places = order.token.base_precision
    buying = order.side == "BUY"
    return [
        {
            "symbol": order.token.pair,
            "id": str(fill.trade_id),
            "orderId": str(order.order_id),
            "tradeId": str(fill.trade_id),
            "side": str(order.side),
            "price": fixed(fill.price, order.token.price_precision),
            "qty": fixed(fill.quantity, places),
            "quoteQty": fixed(fill.quote, _QUOTE_PLACES),
            "commission": fixed(fill.fee, places if buying else _QUOTE_PLACES),
            "commissionAsset": fill.fee_asset,
            "time": fill.at_ms,
            "pageId": str(fill.page_id),
            "buyer": buying,
            "baseAsset": order.token.alpha_id,
            "quoteAsset": QUOTE_ASSET,
            "orderType": "LIMIT",
            "lastTrade": fill.completes,
        }
        for fill in reversed(order.fills[: state.fills])
    ]


def wallet_assets(account: Account, wallets: set[str]) -> list[dict[str, Any]]:
    """Return the USDT of the asked-for wallets; CARD is the funding wallet, SAVING is earn."""
    earn = _bucket(account.earn) if "SAVING" in wallets and account.earn.total else None
    return [
        {
            "asset": QUOTE_ASSET,
            "coinBusinessType": "CRYPTO",
            "spot": None,
            "funding": _bucket(account.funding) if "CARD" in wallets else None,
            "earn": earn,
        }
    ]


def alpha_wallet(
    account: Account, tokens: Mapping[str, Token], prices: Mapping[str, Decimal]
) -> dict[str, Any]:
    """Return the tokens held; ``tokenId`` is the alphaId here (protocol: account)."""
    rows = [
        _alpha_row(tokens[alpha_id], balance, prices[alpha_id])
        for alpha_id, balance in account.alpha.items()
        if balance.total
    ]
    total = sum((Decimal(row["valuation"]) for row in rows), Decimal(0))
    return {"totalValuation": plain(total), "list": rows}


def wallet_list(
    account: Account, tokens: Mapping[str, Token], prices: Mapping[str, Decimal]
) -> list[dict[str, Any]]:
    """Return USDT and every token held, with what they are worth in USDT."""
    usdt = fixed(account.funding.total + account.earn.total, _QUOTE_PLACES)
    rows = [_asset_row(QUOTE_ASSET, usdt, usdt) | {"assetName": "TetherUS", "logoUrl": _USDT_ICON}]
    for alpha_id, balance in account.alpha.items():
        if not balance.total:
            continue
        token = tokens[alpha_id]
        worth = plain(product(balance.total, prices[alpha_id]))
        rows.append(
            _asset_row(token.symbol, plain(balance.total), worth)
            | {
                "isCexAsset": False,
                "coinBusinessType": "ALPHA",
                "chainId": token.chain_id,
                "contractAddress": token.contract,
            }
        )
    return rows


def _asset_row(asset: str, amount: str, worth: str) -> dict[str, Any]:
    return {
        "asset": asset,
        "assetName": None,
        "amount": amount,
        "logoUrl": None,
        "valuationAmount": worth,
        "profit": None,
        "profitRatio": None,
        "avgCost": None,
        "avgBuyCost": None,
        "isCexAsset": True,
        "coinBusinessType": None,
        "chainId": None,
        "contractAddress": None,
    }


def _alpha_row(token: Token, balance: Balance, price: Decimal) -> dict[str, Any]:
    return {
        "chainId": token.chain_id,
        "contractAddress": token.contract,
        "cexAsset": False,
        "name": token.name,
        "symbol": token.symbol,
        "tokenId": token.alpha_id,
        "free": plain(balance.free),
        "freeze": "0",
        "locked": plain(balance.locked),
        "withdrawing": "0",
        "amount": plain(balance.total),
        "valuation": plain(round_places(product(balance.total, price), _QUOTE_PLACES)),
    }


def _bucket(balance: Balance) -> dict[str, str]:
    return {
        "free": fixed(balance.free, _QUOTE_PLACES),
        "locked": fixed(balance.locked, _QUOTE_PLACES) if balance.locked else "0",
        "freeze": "0",
        "withdrawing": "0",
    }
