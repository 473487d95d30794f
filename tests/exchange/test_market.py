"""The public market: at the simulated exchange, and with hosts that misbehave on purpose."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import WebSocketConnection

from alphabot.core.values import AlphaId, Quote
from alphabot.errors import ConfigError, ExchangeError, NotSent, RateLimited, UnexpectedReply
from alphabot.exchange.http import HttpClient, open_http
from alphabot.exchange.lifeline import Phase
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.pace import Pause
from alphabot.exchange.wire.envelope import BODY_BYTES_MAX, Reply
from alphabot.ports import Net
from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.book import Side
from tests.exchange.peers import (
    Lines,
    Ports,
    RawScript,
    Script,
    answering,
    answering_each,
    ok,
    scripted,
    scripted_bytes,
)
from tests.exchange.simulated import VirtualClock
from tests.wire.recorded import body

KOGE, PIPE, AIXBT, SLX = map(AlphaId, ("ALPHA_22", "ALPHA_418", "ALPHA_5", "ALPHA_978"))
REST_PORT, STREAM_PORT = 80, 8080


class SleepyClock(VirtualClock):
    """Wall time that goes on while the machine, and trio's clock with it, sleeps."""

    def __init__(self) -> None:
        self.slept_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.slept_ms


class CountingHttp(HttpClient):
    """An HTTP client that remembers what was asked."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self.asked: list[str] = []

    async def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Reply:
        self.asked.append(path.rsplit("/", 1)[-1])
        return await self._http.get(path, query or {}, body_bytes_max=body_bytes_max)


@dataclass(slots=True)
class World:
    """A market, the exchange behind it, and the lines between them."""

    exchange: SimulatedExchange
    lines: Lines
    http: CountingHttp
    market: PublicMarket
    clock: SleepyClock


@asynccontextmanager
async def at_exchange(
    settings: ExchangeSettings | None = None, stream: Net | None = None
) -> AsyncIterator[World]:
    """Run a market at the simulated exchange, or with another stream beside its REST host."""
    clock, pause = SleepyClock(), Pause()
    exchange = SimulatedExchange(settings or ExchangeSettings(), clock)
    memory = MemoryNet(exchange)
    lines = Lines(Ports({REST_PORT: memory, STREAM_PORT: stream or memory}))
    urls = memory.addresses
    async with trio.open_nursery() as nursery:
        await nursery.start(memory.serve)
        async with open_http(lines, urls.rest_url) as client:
            http = CountingHttp(client)
            market = PublicMarket(http, lines, urls.market_stream_url, clock, pause)
            async with trio.open_nursery() as inner:
                await inner.start(market.run)
                yield World(exchange, lines, http, market, clock)
                inner.cancel_scope.cancel()
        nursery.cancel_scope.cancel()


async def streamed(world: World, alpha_id: AlphaId = KOGE) -> Quote:
    """Return a quote once the stream is what confirms it."""
    await world.market.quote(alpha_id)
    await trio.sleep(2)
    quote = await world.market.quote(alpha_id)
    assert quote.source == "stream"
    return quote


# Facts


async def test_the_token_list_is_the_exchanges(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        found = [(t.alpha_id, t.name, t.mul_point) for t in await world.market.tokens()]
        assert found == [(t.alpha_id, t.symbol, t.mul_point) for t in DEFAULT_TOKENS]


async def test_an_instrument_is_all_of_a_tokens_facts(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        slx = await world.market.instrument(SLX)
        assert (slx.symbol, slx.token.mul_point, slx.trading) == ("ALPHA_978USDT", 2, True)
        assert (slx.grid.tick_size, slx.grid.step_size) == (Decimal("1e-9"), Decimal("0.1"))
        assert slx.grid.base_precision == 2
        assert slx.fees.buyer == Decimal("0.0001")
        assert not (await world.market.instrument(AIXBT)).trading


async def test_facts_are_read_once_for_all_and_kept(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(world.market.instrument, KOGE)
        assert sorted(world.http.asked) == ["get-exchange-info", "get-fee-rate", "list"]
        await trio.sleep(29)
        await world.market.instrument(KOGE)
        assert len(world.http.asked) == 3
        await trio.sleep(2)
        await world.market.instrument(KOGE)
        assert world.http.asked[3:] == ["list"]
        await trio.sleep(600)
        await world.market.instrument(KOGE)
        assert sorted(world.http.asked[4:]) == ["get-exchange-info", "get-fee-rate", "list"]


async def test_a_mul_point_of_yesterday_is_not_used_today(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        seconds_today = VirtualClock().now_ms() / 1000 % 86_400
        await trio.sleep(86_400 - seconds_today - 5)
        assert (await world.market.instrument(PIPE)).token.mul_point == 2
        koge = world.exchange.model.market(PIPE)
        koge.token = replace(koge.token, mul_point=1)
        await trio.sleep(6)
        assert (await world.market.instrument(PIPE)).token.mul_point == 1


@pytest.mark.parametrize("alpha_id", ["ALPHA_1", "KOGE", ""])
async def test_a_token_nobody_lists(autojump_clock: MockClock, alpha_id: str) -> None:
    async with at_exchange() as world:
        with pytest.raises(UnexpectedReply):
            await world.market.instrument(AlphaId(alpha_id))
        with pytest.raises(ExchangeError):
            await world.market.quote(AlphaId(alpha_id))
        await trio.sleep(60)
        assert {port for _, port in world.lines.opened_at} == {REST_PORT}


# Quotes


async def test_the_first_quote_is_asked_for_and_brings_depth(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        quote = await world.market.quote(KOGE)
        book = world.exchange.model.market(KOGE).book
        assert (quote.source, quote.bid) == ("rest", book.touch(Side.BUY))
        assert len(quote.bids) == len(quote.asks) == ExchangeSettings().depth_levels
        assert quote.bid < quote.ask
        assert 0 < quote.age_seconds < 0.1


async def test_then_the_stream_confirms_it(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        for _ in range(20):
            quote = await streamed(world)
            model = world.exchange.model.market(KOGE)
            assert quote.ask == model.book.touch(Side.SELL)
            assert quote.last == model.last_price
            assert len(quote.bids) == len(quote.asks) == 1
            assert quote.age_seconds <= 3
        assert world.market.state.phase is Phase.LIVE
        assert world.http.asked.count("ticker") <= 3


async def test_levels_come_on_the_stream_once_somebody_asked_for_them(
    autojump_clock: MockClock,
) -> None:
    level_ages: list[float] = []
    async with at_exchange() as world:
        for _ in range(20):
            await streamed(world)
            deep = await world.market.quote(KOGE, depth=True)
            assert len(deep.bids) == len(deep.asks) == ExchangeSettings().depth_levels
            assert deep.depth_age_seconds is not None
            assert deep.depth_age_seconds <= deep.age_seconds <= 3
            level_ages.append(deep.depth_age_seconds)
        # The first question for levels is answered by REST; from then on the stream tells them.
        assert max(level_ages[1:]) < 0.6
        assert world.http.asked.count("fullDepth") <= 4


async def test_nobody_subscribes_levels_that_nobody_asks_for(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        await streamed(world)
        listeners = world.exchange.hub.listeners
        assert not listeners("alpha_22usdt@depth20@500ms")
        await world.market.quote(KOGE, depth=True)
        await trio.sleep(1)
        assert listeners("alpha_22usdt@depth20@500ms")
        assert not listeners("alpha_418usdt@depth20@500ms")


async def test_users_share_one_stream_and_one_question(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        for _ in range(5):
            async with trio.open_nursery() as nursery:
                for _ in range(50):
                    nursery.start_soon(world.market.quote, KOGE)
            await trio.sleep(1)
        assert world.http.asked.count("fullDepth") == 1
        assert [port for _, port in world.lines.opened_at].count(STREAM_PORT) == 1


async def test_a_token_that_is_asked_for_later_joins_the_stream(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        await streamed(world, KOGE)
        await streamed(world, PIPE)
        await streamed(world, KOGE)
        assert [port for _, port in world.lines.opened_at].count(STREAM_PORT) == 1


async def test_nobody_connects_before_a_price_is_wanted(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        await world.market.tokens()
        await trio.sleep(600)
        assert world.market.state.phase is Phase.CONNECTING
        assert STREAM_PORT not in {port for _, port in world.lines.opened_at}


async def test_a_token_that_nobody_trades_is_confirmed_by_rest(autojump_clock: MockClock) -> None:
    async with at_exchange(ExchangeSettings(traffic_percent=0)) as world:
        for _ in range(60):
            assert (await world.market.quote(KOGE)).age_seconds <= 3
            await trio.sleep(0.5)
        assert 8 <= world.http.asked.count("ticker") <= 12


async def test_without_the_stream_quotes_go_on_by_rest(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        await streamed(world)
        world.lines.cut(STREAM_PORT)
        await trio.sleep(4)
        quote = await world.market.quote(KOGE)
        assert (quote.source, len(quote.bids)) == ("rest", ExchangeSettings().depth_levels)
        assert quote.age_seconds < 0.1
        assert world.market.state.phase is Phase.LOST
        world.lines.refusing = False
        await trio.sleep(60)
        await streamed(world)
        assert str(world.market.state.phase) == "live"


async def test_a_stream_that_went_silent_is_noticed_and_replaced(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        await streamed(world)
        world.lines.latest(STREAM_PORT).silence()
        await trio.sleep(4)
        assert (await world.market.quote(KOGE)).source == "rest"
        await trio.sleep(15)
        await streamed(world)


async def test_a_price_is_bridged_for_ten_seconds_and_no_longer(autojump_clock: MockClock) -> None:
    async with at_exchange() as world:
        before = await streamed(world)
        world.lines.cut(STREAM_PORT)
        world.lines.cut(REST_PORT)
        await trio.sleep(5)
        quote = await world.market.quote(KOGE)
        assert quote.source == "stream"
        assert before.age_seconds + 4.9 <= quote.age_seconds <= before.age_seconds + 6
        await trio.sleep(8)
        with pytest.raises(NotSent):
            await world.market.quote(KOGE)


async def test_a_price_from_before_the_machine_slept_is_not_told(
    autojump_clock: MockClock,
) -> None:
    async with at_exchange() as world:
        await streamed(world)
        world.clock.slept_ms += 3_600_000
        quote = await world.market.quote(KOGE)
        assert (quote.source, quote.age_seconds < 0.1) == ("rest", True)


# A REST host that misbehaves


@asynccontextmanager
async def at_host(script: RawScript) -> AsyncIterator[tuple[PublicMarket, Pause, CountingHttp]]:
    """Open a market at a scripted REST host; its stream does not run."""
    pause = Pause()
    async with scripted_bytes(script) as net, open_http(net, "http://peer.test") as http:
        counting = CountingHttp(http)
        market = PublicMarket(counting, net, "ws://peer.test/", VirtualClock(), pause)
        yield market, pause, counting


async def test_a_symbol_trades_only_if_its_token_does(autojump_clock: MockClock) -> None:
    symbols = body("exchange_info.response")
    symbols["data"]["symbols"][0]["symbol"] = "ALPHA_5USDT"
    symbols["data"]["symbols"][2]["symbol"] = "ALPHA_22USDT"
    symbols["data"]["symbols"][1]["symbol"] = "ALPHA_418USDT"
    answers = {
        "list": ok(body("agg_ticker24.response")),
        "get-exchange-info": ok(symbols),
        "get-fee-rate": ok(body("fee_rate.response")),
    }
    async with at_host(answering_each(answers.__getitem__)) as (market, _, _http):
        offline, delisted = await market.instrument(AIXBT), await market.instrument(PIPE)
        assert (offline.token.tradable, offline.trading) == (False, False)
        assert (delisted.token.tradable, delisted.trading) == (True, False)
        assert (await market.instrument(KOGE)).trading


async def test_all_clients_pause_when_the_exchange_asks_for_it(autojump_clock: MockClock) -> None:
    answer = b"HTTP/1.1 429 No\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n"
    async with at_host(answering(answer)) as (market, pause, http):
        with pytest.raises(RateLimited):
            await market.tokens()
        assert pause.remaining_seconds == pytest.approx(30, abs=0.1)
        await trio.sleep(10)
        with pytest.raises(RateLimited) as limited:
            await market.tokens()
        assert limited.value.retry_after_seconds == pytest.approx(20, abs=0.1)
        assert len(http.asked) == 1


async def test_an_answer_that_never_comes_is_not_waited_for(autojump_clock: MockClock) -> None:
    async with at_host(answering(b"")) as (market, _, _http):
        with trio.fail_after(11), pytest.raises(UnexpectedReply, match="no answer"):
            await market.quote(KOGE)


@pytest.mark.parametrize("payload", [b"<html>", body("ticker.response")], ids=["html", "another's"])
async def test_an_answer_to_another_question_is_no_price(
    autojump_clock: MockClock, payload: object
) -> None:
    async with at_host(answering(ok(payload))) as (market, _, _http):
        with pytest.raises(UnexpectedReply):
            await market.quote(KOGE)


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ConfigError):
        PublicMarket(None, Ports({}), "https://a/", VirtualClock(), Pause())  # type: ignore[arg-type] # never used


# A stream that misbehaves


def koge(kind: str, **changes: str) -> str:
    """Return a recorded event made out to KOGE, with other figures."""
    data = {**body(f"ws_{kind}.frame")["data"], "s": "ALPHA_22USDT", **changes}
    return json.dumps({"stream": "s", "data": data})


def figures(quote: Quote) -> tuple[str, str, str]:
    return str(quote.bid), str(quote.ask), str(quote.last)


BOOK = koge("book_ticker", b="7", a="8")
TRADE = koge("agg_trade", p="7.5")


def telling(*messages: str, requests: list[list[str]] | None = None) -> Script:
    """Return a script that takes one subscription and says these, then confirms any other."""

    async def script(connection: WebSocketConnection) -> None:
        for message in (None, *messages):
            if message is None:
                request = json.loads(await connection.get_message())
                if requests is not None:
                    requests.append(request["params"])
                await connection.send_message(json.dumps({"id": request["id"]}))
            else:
                await connection.send_message(message)
        await trio.sleep_forever()

    return script


async def test_the_two_streams_of_a_token_are_subscribed(autojump_clock: MockClock) -> None:
    requests: list[list[str]] = []
    script = telling(BOOK, TRADE, requests=requests)
    async with scripted(script) as stream, at_exchange(stream=stream) as world:
        assert figures(await streamed(world)) == ("7", "8", "7.5")
    assert requests == [["alpha_22usdt@bookTicker", "alpha_22usdt@aggTrade"]]


async def test_each_token_is_subscribed_once(autojump_clock: MockClock) -> None:
    requests: list[list[str]] = []

    async def script(connection: WebSocketConnection) -> None:
        while True:
            requests.append(json.loads(await connection.get_message())["params"])

    async with scripted(script) as stream, at_exchange(stream=stream) as world:
        for alpha_id in (KOGE, PIPE, KOGE, SLX):
            await world.market.quote(alpha_id)
            await trio.sleep(1)
    assert [[name.split("@")[0] for name in names] for names in requests] == [
        ["alpha_22usdt"] * 2,
        ["alpha_418usdt"] * 2,
        ["alpha_978usdt"] * 2,
    ]


@pytest.mark.parametrize(
    "message",
    [
        koge("book_ticker", b="0", B="0"),
        koge("book_ticker", b="9.4"),
        koge("agg_trade", p="NaN"),
        koge("agg_trade", s="ALPHA_999USDT"),
        '{"stream": "s", "data": {"e": "kline"}}',
        "{}",
    ],
)
async def test_a_price_that_is_none_is_passed_over(autojump_clock: MockClock, message: str) -> None:
    script = telling(BOOK, TRADE, message)
    async with scripted(script) as stream, at_exchange(stream=stream) as world:
        assert figures(await streamed(world)) == ("7", "8", "7.5")
        assert world.market.state.phase is Phase.LIVE


@pytest.mark.parametrize("message", ["junk", '{"id": 1, "error": {"code": 2}}', '{"a":1,"a":2}'])
async def test_a_message_that_cannot_be_read_costs_the_connection(
    autojump_clock: MockClock, message: str
) -> None:
    requests: list[list[str]] = []
    again = telling(BOOK, TRADE, requests=requests)
    async with scripted(telling(message), again) as stream, at_exchange(stream=stream) as world:
        await world.market.quote(KOGE)
        await trio.sleep(0.5)
        assert world.market.state.phase is Phase.LOST
        assert (await world.market.quote(KOGE)).source == "rest"
        await trio.sleep(1)
        assert (await world.market.quote(KOGE)).bid == 7
    assert requests == [["alpha_22usdt@bookTicker", "alpha_22usdt@aggTrade"]]
