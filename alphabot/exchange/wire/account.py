"""Wallets and the listen key on the wire: protocol sections 4 and 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from alphabot.core.exact import ZERO, Exact
from alphabot.core.values import AlphaId, ListenKey
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.envelope import Reply, challenge, shaped, strict_json, unwrap
from alphabot.exchange.wire.ids import Contract, alpha_id, contract
from alphabot.exchange.wire.numbers import Figure, Number, Word, not_negative

__all__ = [
    "LISTEN_KEY_REQUEST",
    "WALLETS_REQUEST",
    "FundingUsdt",
    "Holding",
    "funding",
    "holdings",
    "listen_key",
    "shown_volume",
    "tokens",
    "volume_today",
]

LISTEN_KEY_REQUEST: Final = b"{}"
WALLETS_REQUEST: Final = b'{"includeWallets":["CARD","MAIN","SAVING"],"includeEq":true}'

_QUOTE_ASSET = "USDT"


@dataclass(frozen=True, slots=True)
class FundingUsdt(Exact):
    """USDT in the wallet a BUY pays from, and what the exchange moved from there to earn."""

    free: Decimal
    locked: Decimal
    earn: Decimal


@dataclass(frozen=True, slots=True)
class Holding(Exact):
    """An asset of the account; ``name`` is its display symbol, which is not unique."""

    name: str
    amount: Decimal
    worth_usdt: Decimal
    contract: Contract | None
    """None for a spot asset."""


def funding(reply: Reply) -> FundingUsdt:
    """Return the account's USDT; an account without any has no row, which is zero."""
    return unwrap(reply, list[_AssetRow], _funding)


def tokens(reply: Reply) -> dict[AlphaId, tuple[Decimal, Decimal]]:
    """Return free and locked tokens by alphaId; spot assets, which have none, are left out.

    ``locked`` is everything that is held but not free: locked, frozen or being withdrawn.
    """
    return unwrap(reply, _AlphaWallet, _tokens)


def listen_key(reply: Reply) -> ListenKey:
    """Return the key of the order stream, from any of the three forms on record."""
    if reply.status == 200 and challenge(reply.headers) is None:
        tree = strict_json(reply.body)
        if isinstance(tree, dict) and "code" not in tree and "listenKey" in tree:
            return shaped(tree, _NamedKey, _named_key, reply.body)
    return unwrap(reply, object, _any_key)


def volume_today(reply: Reply) -> Decimal:
    """Return the volume the exchange itself shows for today, in USDT.

    It lags fills by one to two minutes, and whether it is multiplied is not known (protocol
    section 8): a cross-check, never an input.
    """
    return unwrap(reply, _Volume, lambda found: not_negative(found.total))


def shown_volume(reply: Reply) -> Mapping[str, Decimal]:
    """Return the same by the tokens' display symbols, which are not unique: equal ones are added.

    Raises as :func:`alphabot.exchange.wire.envelope.unwrap`.
    """
    return unwrap(reply, _Volumes, _by_symbol)


def holdings(reply: Reply) -> tuple[Holding, ...]:
    """Return what ``wallet/asset`` lists: spot assets and tokens with their worth."""
    return unwrap(reply, list[_HoldingRow], lambda rows: tuple(map(_holding, rows)))


class _Bucket(msgspec.Struct):
    free: Number
    locked: Number = 0
    freeze: Number = 0
    withdrawing: Number = 0


class _AssetRow(msgspec.Struct):
    asset: str
    funding: _Bucket | None = None
    earn: _Bucket | None = None


class _TokenRow(_Bucket, kw_only=True):
    token_id: str | None = msgspec.field(name="tokenId", default=None)
    on_spot: bool = msgspec.field(name="cexAsset", default=False)


class _AlphaWallet(msgspec.Struct):
    rows: list[_TokenRow] = msgspec.field(name="list")


class _NamedKey(msgspec.Struct):
    key: Word = msgspec.field(name="listenKey")


class _HoldingRow(msgspec.Struct, rename="camel"):
    asset: str
    amount: Number
    valuation_amount: Number
    is_cex_asset: bool
    chain_id: str | None = None
    contract_address: str | None = None


class _Volume(msgspec.Struct):
    total: Figure = msgspec.field(name="totalVolume")


class _VolumeRow(msgspec.Struct):
    symbol: str = msgspec.field(name="tokenName")
    volume: Figure


class _Volumes(_Volume):
    rows: list[_VolumeRow] = msgspec.field(name="tradeVolumeInfoList")


def _by_symbol(found: _Volumes) -> Mapping[str, Decimal]:
    volumes: dict[str, Decimal] = {}
    for row in found.rows:
        volumes[row.symbol] = volumes.get(row.symbol, ZERO) + not_negative(row.volume)
    return volumes


def _held(bucket: _Bucket | None) -> tuple[Decimal, Decimal]:
    if bucket is None:
        return ZERO, ZERO
    held = (bucket.locked, bucket.freeze, bucket.withdrawing)
    return not_negative(bucket.free), sum(map(not_negative, held), ZERO)


def _funding(rows: Sequence[_AssetRow]) -> FundingUsdt:
    usdt = [row for row in rows if row.asset == _QUOTE_ASSET]
    if len(usdt) > 1:
        raise ValueError("one row of USDT was expected")
    row = usdt[0] if usdt else _AssetRow(_QUOTE_ASSET)
    free, locked = _held(row.funding)
    return FundingUsdt(free, locked, sum(_held(row.earn), ZERO))


def _tokens(wallet: _AlphaWallet) -> dict[AlphaId, tuple[Decimal, Decimal]]:
    found: dict[AlphaId, tuple[Decimal, Decimal]] = {}
    for row in wallet.rows:
        # Spot assets may be listed too; a token that is on both sides keeps its alphaId.
        if row.on_spot and not row.token_id:
            continue
        token = alpha_id(row.token_id or "")
        if token in found:
            raise ValueError(f"one row of {token} was expected")
        found[token] = _held(row)
    return found


def _holding(row: _HoldingRow) -> Holding:
    place = None
    if not row.is_cex_asset:
        place = contract(f"{row.contract_address or ''}@{row.chain_id or ''}")
    return Holding(
        name=row.asset,
        amount=not_negative(row.amount),
        worth_usdt=not_negative(row.valuation_amount),
        contract=place,
    )


def _named_key(found: _NamedKey) -> ListenKey:
    return ListenKey(found.key)


def _any_key(data: object) -> ListenKey:
    wrapped = {"listenKey": data} if isinstance(data, str) else data
    try:
        return shaped(wrapped, _NamedKey, _named_key)
    except UnexpectedReply as cause:
        # shaped() is already around us and keeps the answer's bytes.
        raise ValueError(str(cause)) from cause
