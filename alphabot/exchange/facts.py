"""Public questions by REST, each asked once for all who need its answer at the same time.

Answers are kept for a while. How long is a trade-off between a stale fact and the cost of reading
it, and says what a stale one would do: trading rules and fees seldom change, and the exchange
refuses an order that breaks them, so minutes are safe; ``mulPoint`` decides what a round is worth
and changes at midnight UTC (protocol section 8), so its list is read every half minute and an
answer of yesterday is never used today.

Both lists grow with every token. They are read in steps, with a pass of the loop between two, so
that nobody's order waits for the reading of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from alphabot.exchange.wire.steps import Steps
from alphabot.ports import WallClock

__all__ = ["PublicFacts"]

TOKENS_SECONDS = 30.0
RULES_SECONDS = 600.0
MISSED_RULES_SECONDS = 60.0
"""For a symbol that the list lacks, or has in a way that cannot be read: it may be mended soon."""
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
                self._ask_in_steps, wire.ALPHA_LIST_PATH, wire.token_list, wire.ALPHA_LIST_BYTES_MAX
            ),
            clock,
        )
        self._rules = Shared(
            partial(self._ask_in_steps, EXCHANGE_INFO_PATH, exchange_info, EXCHANGE_INFO_BYTES_MAX),
            clock,
        )
        self._fees: dict[Symbol, Shared[FeeRate]] = {}

    async def tokens(self) -> Listing[AlphaId, Token]:
        """Return the token list, at most half a minute old and of this UTC day."""
        seconds_today = self._clock.now_ms() % _DAY_MS / 1000
        return await self._tokens.get(min(TOKENS_SECONDS, seconds_today))

    async def rules(self, symbol: Symbol) -> SymbolRules:
        """Return a symbol's trading rules.

        What the list does not hold is refused, and asked for again by whoever wants it a minute
        later; other symbols stay with the list there is.
        """
        listing = await self._rules.get(RULES_SECONDS)
        if not listing.holds(symbol):
            listing = await self._rules.get(MISSED_RULES_SECONDS)
        return listing.find(symbol)

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
        self, path: str, read: Callable[[Reply], T], query: Mapping[str, str] | None = None
    ) -> T:
        reply = await self._get(path, query or {}, BODY_BYTES_MAX)
        with self._pausing():
            return read(reply)

    async def _ask_in_steps(
        self, path: str, read: Callable[[Reply], Steps[T]], body_bytes_max: int
    ) -> T:
        reply = await self._get(path, {}, body_bytes_max)
        with self._pausing():
            return await _in_steps(read(reply))

    async def _get(self, path: str, query: Mapping[str, str], body_bytes_max: int) -> Reply:
        if (remaining := self._pause.remaining_seconds) > 0:
            raise RateLimited("the exchange asked everybody here to wait", remaining)
        try:
            with trio.fail_after(ANSWER_SECONDS):
                return await self._http.get(path, query, body_bytes_max=body_bytes_max)
        except trio.TooSlowError as cause:
            raise UnexpectedReply(f"no answer within {ANSWER_SECONDS:g} s") from cause

    @contextmanager
    def _pausing(self) -> Iterator[None]:
        """Have everybody wait if that is what an answer asks for."""
        try:
            yield
        except RateLimited as limited:
            self._pause.begin(limited.retry_after_seconds)
            raise


async def _in_steps(steps: Steps[T]) -> T:
    """Take the steps, with a pass of the loop between two of them."""
    while True:
        await trio.lowlevel.checkpoint()
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
