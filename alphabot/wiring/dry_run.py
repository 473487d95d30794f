"""A dry run: the real market, and accounts of our own exchange that trade on it.

There are two nets. The client asks the real hosts what anybody may ask, over one of them; users
have an account at an exchange in memory, over the other, which reaches no other host. So nothing
private can be sent to a real one, whatever a mistake elsewhere asks for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Final, NoReturn

import trio

from alphabot.config import Settings
from alphabot.core.exact import ZERO
from alphabot.core.values import AlphaId, Instrument, Level, Symbol, UserId
from alphabot.errors import ExchangeError
from alphabot.exchange.account import AccountSettings
from alphabot.exchange.market import MarketNews, PublicMarket
from alphabot.exchange.wire.depth import DepthChange
from alphabot.exchange.wire.market import symbol_of
from alphabot.exchange.wire.stream import AggTrade
from alphabot.log import say
from alphabot.ports import Net, WallClock
from alphabot.simulator import MemoryNet
from alphabot.simulator.dry_run import DryRunExchange
from alphabot.simulator.mirror import MirrorExchange
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token
from alphabot.store import AccountLines, VenueIdentity
from alphabot.store.database import damaged
from alphabot.wiring.journals import ServiceJournal
from alphabot.wiring.venues import (
    SIMULATED_SETTLE_SECONDS,
    AccountsElsewhere,
    Venue,
    simulated_credentials,
)

__all__ = ["open_dry_run"]

LOOK_SECONDS: Final = 0.5
"""Between two looks at the market of an order, for what the stream does not tell."""

_NO_LIMIT: Final = Decimal(10**15)
"""No filter tells the client of a highest price."""

_SEED: Final = 1
"""Of ids and delays. The accounts outlive the process, so it is always the same."""


@asynccontextmanager
async def open_dry_run(
    net: Net,
    rest_url: str,
    market_stream_url: str,
    identity: VenueIdentity,
    settings: Settings,
    clock: WallClock,
) -> AsyncIterator[Venue]:
    """Open the venue whose market is at these addresses; its exchange ends with this block."""
    user_ids = sorted({user_id for each in settings.strategies for user_id in each.user_ids})
    chosen = ExchangeSettings(
        seed=_SEED, tokens=(), funding_usdt=settings.dry_run_balance_usdt, split_fill_percent=0
    )
    exchange = DryRunExchange(MirrorExchange(chosen, clock.now_ms()), clock)
    accounts = MemoryNet(exchange)
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(accounts.serve)
        yield Venue(
            net=net,
            rest_url=rest_url,
            order_stream_url=addresses.order_stream_url,
            market_stream_url=market_stream_url,
            identity=identity,
            credentials=partial(simulated_credentials, _SEED),
            pace=AccountSettings(),
            settle_seconds=SIMULATED_SETTLE_SECONDS,
            accounts=AccountsElsewhere(accounts, addresses.rest_url, addresses.order_stream_url),
            attend=partial(_attend, exchange, user_ids),
        )
        nursery.cancel_scope.cancel()


async def _attend(
    exchange: DryRunExchange,
    user_ids: Sequence[UserId],
    market: PublicMarket,
    alpha_ids: Sequence[AlphaId],
    journal: ServiceJournal,
) -> Sequence[Callable[[], Awaitable[None]]]:
    """Bring the accounts back, list what is traded, and return what tells of the market.

    Raises JournalError where the accounts that were kept cannot be read.
    """
    await trio.lowlevel.checkpoint()
    lines = AccountLines(journal.database)
    try:
        exchange.remember(lines.all(), user_ids, lines.add)
    except (ValueError, ArithmeticError, KeyError, RuntimeError) as cause:
        raise damaged(f"the accounts of the dry run do not fit together: {cause}") from cause
    say("accounts.simulated", new_account_usdt=exchange.settings.funding_usdt)
    # Also what no strategy trades any more, as long as an order of it is open.
    followed = tuple(dict.fromkeys((*alpha_ids, *map(AlphaId, exchange.model.open_tokens))))
    market.watch(partial(_hear, exchange, {symbol_of(each): each for each in followed}))
    for alpha_id in followed:
        await _look(exchange, market, alpha_id)
    return [partial(_follow, exchange, market, alpha_id) for alpha_id in followed]


def _hear(exchange: DryRunExchange, followed: Mapping[Symbol, AlphaId], news: MarketNews) -> None:
    """Tell the exchange of accounts what is new of a token that is traded."""
    alpha_id = followed.get(news.symbol)
    match news:
        case Instrument() if alpha_id is not None:
            exchange.list_token(_listed(news))
        case AggTrade() if alpha_id is not None:
            exchange.see_trade(alpha_id, news.price, news.quantity)
        case DepthChange() if alpha_id is not None:
            exchange.see_book(alpha_id, _levels(news.bids), _levels(news.asks), 0.0)


async def _follow(exchange: DryRunExchange, market: PublicMarket, alpha_id: AlphaId) -> NoReturn:
    """Look at a token's market for its orders, as long as there are any."""
    while True:
        await trio.sleep(LOOK_SECONDS)
        if exchange.has_orders(alpha_id):
            await _look(exchange, market, alpha_id)


async def _look(exchange: DryRunExchange, market: PublicMarket, alpha_id: AlphaId) -> None:
    """Show a token's rules and book as they were confirmed last, asked for if that is long ago."""
    await trio.lowlevel.checkpoint()
    try:
        await market.instrument(alpha_id)
        quote = await market.quote(alpha_id, depth=True)
    except ExchangeError:
        # Orders wait: what nobody has confirmed lately, nobody trades with.
        return
    bids, asks = (_levels(side) for side in (quote.bids, quote.asks))
    exchange.see_book(alpha_id, bids, asks, quote.depth_age_seconds or 0.0)


def _listed(instrument: Instrument) -> Token:
    """Return an instrument as the exchange of accounts lists it."""
    token, grid, fees = instrument.token, instrument.grid, instrument.fees
    return Token(
        alpha_id=token.alpha_id,
        symbol=token.name,
        name=token.name,
        chain_id=token.chain_id,
        chain_name=token.chain_name,
        contract="",
        mul_point=token.mul_point,
        anchor_price=ZERO,
        tick=grid.tick_size,
        step=grid.step_size,
        price_precision=_places(grid.tick_size),
        base_precision=grid.base_precision,
        price_max=_NO_LIMIT,
        quantity_max=grid.max_quantity,
        notional_min=grid.min_notional_usdt,
        notional_max=grid.max_notional_usdt,
        buyer_fee=fees.buyer,
        seller_fee=fees.seller,
        tradable=instrument.trading,
    )


def _levels(side: Sequence[Level]) -> list[tuple[Decimal, Decimal]]:
    return [(level.price, level.quantity) for level in side]


def _places(tick: Decimal) -> int:
    """Return how many places a price on this grid has."""
    return max(-int(tick.normalize().as_tuple().exponent), 0)
