"""Public questions by REST, each asked once for all who need its answer at the same time.

Answers are kept for a while. How long is a trade-off between a stale fact and the cost of reading
it, and says what a stale one would do: trading rules and fees seldom change, and the exchange
refuses an order that breaks them, so minutes are safe; ``mulPoint`` decides what a round is worth
and changes at midnight UTC (protocol section 8), so its list is read every half minute and an
answer of yesterday is never used today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TypeVar

import trio

from alphabot.core.values import AlphaId, FeeRate, Symbol, Token
from alphabot.errors import RateLimited, UnexpectedReply
from alphabot.exchange.http import HttpClient
from alphabot.exchange.pace import Pause
from alphabot.exchange.parts import open_parts
from alphabot.exchange.shared import Shared
from alphabot.exchange.wire import market as wire
from alphabot.exchange.wire.envelope import BODY_BYTES_MAX, Reply
from alphabot.exchange.wire.listing import Listing
from alphabot.exchange.wire.rules import (
    EXCHANGE_INFO_BYTES_MAX,
    EXCHANGE_INFO_PATH,
    SymbolRules,
    exchange_info,
)
from alphabot.ports import WallClock

__all__ = ["PublicFacts"]

TOKENS_SECONDS = 30.0
RULES_SECONDS = 600.0
FEES_SECONDS = 600.0
ANSWER_SECONDS = 10.0
"""How long one answer may take."""
DEPTH_LEVELS = 20

_DAY_MS = 86_400_000

T = TypeVar("T")


class PublicFacts:
    """What the exchange answers to anybody; every method raises the tree of ExchangeError.

    ``pause`` is the one that all clients of this process share: while it lasts nothing is asked
    and RateLimited is raised at once.
    """

    def __init__(self, http: HttpClient, clock: WallClock, pause: Pause) -> None:
        self._http = http
        self._clock = clock
        self._pause = pause
        self._tokens = Shared(
            partial(
                self._ask,
                wire.ALPHA_LIST_PATH,
                wire.token_list,
                body_bytes_max=wire.ALPHA_LIST_BYTES_MAX,
            ),
            clock,
        )
        self._rules = Shared(
            partial(
                self._ask,
                EXCHANGE_INFO_PATH,
                exchange_info,
                body_bytes_max=EXCHANGE_INFO_BYTES_MAX,
            ),
            clock,
        )
        self._fees: dict[Symbol, Shared[FeeRate]] = {}

    async def tokens(self) -> Listing[AlphaId, Token]:
        """Return the token list, at most half a minute old and of this UTC day."""
        seconds_today = self._clock.now_ms() % _DAY_MS / 1000
        return await self._tokens.get(min(TOKENS_SECONDS, seconds_today))

    async def rules(self, symbol: Symbol) -> SymbolRules:
        """Return a symbol's trading rules."""
        return (await self._rules.get(RULES_SECONDS)).find(symbol)

    async def fees(self, symbol: Symbol) -> FeeRate:
        """Return a symbol's fees."""
        if symbol not in self._fees:
            ask = partial(self._ask, wire.FEE_RATE_PATH, wire.fee_rate, {"symbol": symbol})
            self._fees[symbol] = Shared(ask, self._clock)
        return await self._fees[symbol].get(FEES_SECONDS)

    async def last_and_depth(self, symbol: Symbol) -> tuple[Decimal, wire.Depth]:
        """Return the price of the last trade and the best levels of the book, asked at once."""
        last: list[Decimal] = []
        depth: list[wire.Depth] = []
        async with open_parts() as nursery:
            nursery.start_soon(self._last_price, symbol, last.append)
            nursery.start_soon(self._depth, symbol, depth.append)
        return last[0], depth[0]

    async def _last_price(self, symbol: Symbol, found: Callable[[Decimal], None]) -> None:
        read = partial(wire.last_price, symbol=symbol)
        found(await self._ask(wire.TICKER_PATH, read, {"symbol": symbol}))

    async def _depth(self, symbol: Symbol, found: Callable[[wire.Depth], None]) -> None:
        read = partial(wire.full_depth, symbol=symbol)
        query = {"symbol": symbol, "limit": str(DEPTH_LEVELS)}
        found(await self._ask(wire.FULL_DEPTH_PATH, read, query))

    async def _ask(
        self,
        path: str,
        read: Callable[[Reply], T],
        query: Mapping[str, str] | None = None,
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> T:
        if (remaining := self._pause.remaining_seconds) > 0:
            raise RateLimited("the exchange asked everybody here to wait", remaining)
        try:
            with trio.fail_after(ANSWER_SECONDS):
                reply = await self._http.get(path, query or {}, body_bytes_max=body_bytes_max)
        except trio.TooSlowError as cause:
            raise UnexpectedReply(f"no answer within {ANSWER_SECONDS:g} s") from cause
        try:
            return read(reply)
        except RateLimited as limited:
            self._pause.begin(limited.retry_after_seconds)
            raise
