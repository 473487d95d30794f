"""An account at the simulated exchange, in memory: what the tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

import trio

from alphabot.core.records import Intended
from alphabot.core.secret import Secret
from alphabot.core.values import AlphaId, IntentId, StrategyId, Symbol
from alphabot.exchange.account import Account, AccountSettings, open_account
from alphabot.exchange.pace import Pause
from alphabot.exchange.secret import Credentials
from alphabot.ports import CommittedIntent, Net
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange, credentials_for

FAST = AccountSettings(requests_per_second=1000, request_burst=100)
EPOCH_MS = 1_790_000_000_000
USER = 7


class VirtualClock:
    """Wall time that follows trio's clock."""

    def now_ms(self) -> int:
        return EPOCH_MS + round(trio.current_time() * 1000)


@dataclass(frozen=True, slots=True)
class World:
    exchange: SimulatedExchange
    net: MemoryNet
    door: Net
    account: Account
    pause: Pause


def credentials(seed: int = 1, user_id: int = USER) -> Credentials:
    headers = credentials_for(seed, user_id)
    return Credentials(
        cookie=Secret(headers.pop("Cookie")),
        csrftoken=Secret(headers.pop("csrftoken")),
        headers={name: Secret(value) for name, value in headers.items()},
    )


@asynccontextmanager
async def simulated(
    settings: ExchangeSettings | None = None,
    account_settings: AccountSettings = FAST,
    user: Credentials | None = None,
    wrap: Callable[[Net], Net] = lambda net: net,
) -> AsyncIterator[World]:
    """Open an account at a fresh exchange; it ends with the block."""
    settings = settings or ExchangeSettings()
    clock = VirtualClock()
    exchange = SimulatedExchange(settings, clock)
    net = MemoryNet(exchange)
    door = wrap(net)
    pause = Pause()
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        async with open_account(
            door,
            net.addresses.rest_url,
            user or credentials(settings.seed),
            pause=pause,
            clock=clock,
            settings=account_settings,
        ) as account:
            yield World(exchange, net, door, account, pause)
        nursery.cancel_scope.cancel()


def pair_intent(
    symbol: str, buy: str, sell: str, quantity: str, amount: str, number: int = 1
) -> CommittedIntent:
    """Return the proof of a pair's intent, as a journal would."""
    return CommittedIntent(
        Intended(
            at_ms=EPOCH_MS,
            intent_id=IntentId(f"i{number}"),
            strategy_id=StrategyId("s"),
            alpha_id=AlphaId(symbol.removesuffix("USDT")),
            symbol=Symbol(symbol),
            quantity=Decimal(quantity),
            buy_price=Decimal(buy),
            sell_price=Decimal(sell),
            amount_usdt=Decimal(amount),
            round_amount_usdt=Decimal(amount),
        ),
        sequence=number,
    )


def sale_intent(symbol: str, price: str, quantity: str, number: int = 2) -> CommittedIntent:
    """Return the proof of a sale's intent, as a journal would."""
    return CommittedIntent(
        Intended(
            at_ms=EPOCH_MS,
            intent_id=IntentId(f"i{number}"),
            strategy_id=StrategyId("s"),
            alpha_id=AlphaId(symbol.removesuffix("USDT")),
            symbol=Symbol(symbol),
            quantity=Decimal(quantity),
            sell_price=Decimal(price),
        ),
        sequence=number,
    )
