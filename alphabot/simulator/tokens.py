"""The tokens of the simulated market: who they are and on which grid they trade.

KOGE is the token of the shipped configuration. The others are there because a client must cope
with them: a multiplier of four and of two, another chain, a coarser grid, one symbol on two
chains, and a token that no longer trades. Contracts and ids of KOGE, PIPE and AIXBT are those of
the recorded token list; prices and sizes are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.simulator.amounts import FEE_RATE

__all__ = ["DEFAULT_TOKENS", "QUOTE_ASSET", "Token"]

QUOTE_ASSET = "USDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token and the filters of its USDT symbol (protocol: token list, exchange info).

    ``anchor_price`` is what the price path returns to. ``base_precision`` is the number of places
    to which a fee in the token is rounded down.
    """

    alpha_id: str
    symbol: str
    name: str
    chain_id: str
    chain_name: str
    contract: str
    mul_point: int
    anchor_price: Decimal
    tick: Decimal = Decimal("0.00000001")
    step: Decimal = Decimal("0.01")
    price_precision: int = 8
    base_precision: int = 8
    price_max: Decimal = Decimal(10000)
    quantity_max: Decimal = Decimal(99999999)
    notional_min: Decimal = Decimal("0.1")
    notional_max: Decimal = Decimal(1000000)
    open_orders_max: int = 200
    buyer_fee: Decimal = FEE_RATE
    seller_fee: Decimal = FEE_RATE
    total_supply: Decimal = Decimal(1000000000)
    circulating_supply: Decimal = Decimal(350000000)
    holders: int = 10291
    decimals: int = 18
    score: int = 100
    listed_days: int = 640
    """How long before the exchange opened it was listed; a mulPoint above 1 ends after 30."""
    daily_volume_usdt: Decimal = Decimal(25000000)
    tradable: bool = True
    on_spot: bool = False

    @property
    def pair(self) -> str:
        """The symbol an order names: ``ALPHA_22USDT``."""
        return self.alpha_id + QUOTE_ASSET

    @property
    def stream_prefix(self) -> str:
        """The symbol as stream names have it: ``alpha_22usdt``."""
        return self.pair.lower()


_KOGE = Token(
    alpha_id="ALPHA_22",
    symbol="KOGE",
    name="48 Club Token",
    chain_id="56",
    chain_name="BSC",
    contract="0xe6df05ce8c8301223373cf5b969afcb1498c5528",
    mul_point=1,
    anchor_price=Decimal("0.002"),
    total_supply=Decimal("3388228433.995"),
    circulating_supply=Decimal("3388228430"),
    holders=63726,
    score=101,
    on_spot=True,
)

_AOP = Token(
    alpha_id="ALPHA_382",
    symbol="AOP",
    name="Ark of Panda",
    chain_id="56",
    chain_name="BSC",
    contract="0xd5df4d260d7a0145f655bcbf3b398076f21016c7",
    mul_point=4,
    anchor_price=Decimal("0.05"),
    score=1901,
    listed_days=12,
)

_PIPE = Token(
    alpha_id="ALPHA_418",
    symbol="PIPE",
    name="Pipe Network",
    chain_id="CT_501",
    chain_name="Solana",
    contract="7s9MoSt7VV1J3jVNnw2AyocsQDBdCkPYz5apQDPKy9i5",
    mul_point=2,
    anchor_price=Decimal("0.158"),
    step=Decimal("0.001"),
    base_precision=6,
    circulating_supply=Decimal(100000000),
    holders=1043,
    decimals=9,
    score=1900,
    listed_days=5,
)

_SLX_BSC = Token(
    alpha_id="ALPHA_417",
    symbol="SLX",
    name="SLX Protocol",
    chain_id="56",
    chain_name="BSC",
    contract="0x21f2b55e2a4d2d8a9f0c8f9d0b1b1f9d6f2e4171",
    mul_point=1,
    anchor_price=Decimal("0.083"),
)

_SLX_BASE = Token(
    alpha_id="ALPHA_978",
    symbol="SLX",
    name="Solaxy",
    chain_id="8453",
    chain_name="Base",
    contract="0x365de036a1f7dccb621530d517133521debb2978",
    mul_point=2,
    listed_days=20,
    anchor_price=Decimal("0.0000058"),
    tick=Decimal("0.000000001"),
    step=Decimal("0.10"),
    price_precision=9,
    base_precision=2,
    price_max=Decimal(1000),
    quantity_max=Decimal(9999999999),
    total_supply=Decimal(138046000000),
    circulating_supply=Decimal(60000000000),
)

_AIXBT = Token(
    alpha_id="ALPHA_5",
    symbol="AIXBT",
    name="aixbt by Virtuals",
    chain_id="8453",
    chain_name="Base",
    contract="0x4f9fd6be4a90f2620860d680c0d4d5fb53d1a825",
    mul_point=1,
    anchor_price=Decimal("0.092"),
    holders=404938,
    score=60,
    tradable=False,
    on_spot=True,
)

DEFAULT_TOKENS = (_KOGE, _AOP, _PIPE, _SLX_BSC, _SLX_BASE, _AIXBT)
