"""The public REST answers about tokens, prices and fees (protocol section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec

from alphabot.core.exact import Exact
from alphabot.core.values import AlphaId, FeeRate, Level, Symbol, Token
from alphabot.exchange.wire.envelope import Reply, open_long, shaped, unwrap
from alphabot.exchange.wire.ids import alpha_id
from alphabot.exchange.wire.listing import Listing, read_rows
from alphabot.exchange.wire.numbers import Number, Word, not_negative, positive
from alphabot.exchange.wire.pieces import Bounds
from alphabot.exchange.wire.steps import Steps

__all__ = [
    "ALPHA_LIST_BYTES_MAX",
    "ALPHA_LIST_PATH",
    "FEE_RATE_PATH",
    "FULL_DEPTH_PATH",
    "TICKER_PATH",
    "Depth",
    "fee_rate",
    "full_depth",
    "last_price",
    "payment_assets",
    "symbol_of",
    "token_list",
]

_ALPHA_TRADE = "/bapi/defi/v1/public/alpha-trade"
ALPHA_LIST_PATH: Final = "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list"
TICKER_PATH: Final = f"{_ALPHA_TRADE}/ticker"
FULL_DEPTH_PATH: Final = f"{_ALPHA_TRADE}/fullDepth"
FEE_RATE_PATH: Final = f"{_ALPHA_TRADE}/get-fee-rate"

ALPHA_LIST_BYTES_MAX: Final = 4 << 20
_ALPHA_LIST: Final = Bounds(ALPHA_LIST_BYTES_MAX, values_max=160_000, levels=2)
"""The 403 rows of 2025 are near half a megabyte and 16,000 values, and tokens are listed weekly."""

_QUOTE_ASSET = "USDT"
_FEE_UNIT_PLACES = 6


@dataclass(frozen=True, slots=True)
class Depth(Exact):
    """Both sides of a book, best first; a snapshot may be crossed (protocol section 2)."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def symbol_of(token: AlphaId) -> Symbol:
    """Return the symbol in which a token trades against USDT."""
    return Symbol(token + _QUOTE_ASSET)


def token_list(reply: Reply) -> Steps[Listing[AlphaId, Token]]:
    """Return the tokens of the token list or of aggTicker24, which share one row; in steps.

    A row without ``mulPoint`` means 1 (rows of 2025-07); one whose ``mulPoint`` is not a whole
    number of at least 1 is refused. Raises UnexpectedReply if there is no list.
    """
    envelope = yield from open_long(reply, _ALPHA_LIST)
    rows = shaped(envelope.data, list[Any], list, reply.body)
    return (yield from read_rows(rows, "alphaId", _TokenRow, _token))


def full_depth(reply: Reply, symbol: Symbol) -> Depth:
    """Return the levels of a symbol's book; quantities are in tokens.

    Raises UnexpectedReply for another symbol's book, an empty side, and prices or quantities
    that are none. A crossed book is returned as it is: one was recorded.
    """

    def build(found: _FullDepth) -> Depth:
        _same_symbol(found.symbol, symbol)
        bids = sorted(_levels(found.bids), key=lambda level: level.price, reverse=True)
        asks = sorted(_levels(found.asks), key=lambda level: level.price)
        if not bids or not asks:
            raise ValueError("one side of the book was empty")
        return Depth(tuple(bids), tuple(asks))

    return unwrap(reply, _FullDepth, build)


def last_price(reply: Reply, symbol: Symbol) -> Decimal:
    """Return the price of a symbol's last trade, from ``ticker``.

    Raises UnexpectedReply for another symbol's, and for a price that is not above zero.
    """

    def build(found: _Ticker) -> Decimal:
        _same_symbol(found.symbol, symbol)
        return positive(found.last_price)

    return unwrap(reply, _Ticker, build)


def fee_rate(reply: Reply) -> FeeRate:
    """Return the fees as fractions; on the wire they are in units of 1e-6."""
    return unwrap(
        reply,
        _FeeRate,
        lambda found: FeeRate(_fraction(found.buyer), _fraction(found.seller)),
    )


def payment_assets(reply: Reply) -> tuple[str, ...]:
    """Return the assets that tokens can be paid with, from ``get-from-asset``."""
    return unwrap(reply, list[Word], tuple)


class _TokenRow(msgspec.Struct, rename="camel"):
    alpha_id: str
    symbol: str
    chain_id: Word
    offline: bool
    offsell: bool
    chain_name: str | None = None
    mul_point: Annotated[int, msgspec.Meta(ge=1)] | msgspec.UnsetType = msgspec.UNSET
    fully_delisted: bool | None = None
    listing_time: int | None = None


class _FullDepth(msgspec.Struct):
    symbol: str
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]


class _Ticker(msgspec.Struct, rename="camel"):
    symbol: str
    last_price: Number


class _FeeRate(msgspec.Struct):
    buyer: Number = msgspec.field(name="buyerCommission")
    seller: Number = msgspec.field(name="sellerCommission")


def _token(row: _TokenRow) -> Token:
    return Token(
        alpha_id=alpha_id(row.alpha_id),
        name=row.symbol,
        chain_id=row.chain_id,
        chain_name=row.chain_name or "",
        # Rows of 2025 lacked it and meant 1 (protocol section 2), but what is missing today may
        # have been 4: such a row is shown, and nothing is bought by it.
        mul_point=1 if row.mul_point is msgspec.UNSET else row.mul_point,
        tradable=row.mul_point is not msgspec.UNSET
        and not (row.offline or row.offsell or row.fully_delisted),
        listed_at_ms=row.listing_time or 0,
    )


def _levels(rows: Sequence[tuple[Number, Number]]) -> list[Level]:
    levels = [Level(positive(price), not_negative(quantity)) for price, quantity in rows]
    return [level for level in levels if level.quantity]


def _same_symbol(found: str, asked: Symbol) -> None:
    if found != asked:
        raise ValueError(f"{asked} was asked for, the answer was about {found[:40]}")


def _fraction(value: Number) -> Decimal:
    fraction = not_negative(value).scaleb(-_FEE_UNIT_PLACES)
    if fraction >= 1:
        raise ValueError(f"a fee of less than everything was expected, was {fraction}")
    return fraction
