"""What the client can read without trading on it: candles, trades, tickers, changes of a book."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from alphabot.core.values import Level, Symbol
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.candles import Candle, CandleEvent, agg_candles, candles
from alphabot.exchange.wire.depth import DepthChange
from alphabot.exchange.wire.ids import Contract
from alphabot.exchange.wire.public_events import public_event
from alphabot.exchange.wire.stream import AggTrade, BookTicker, Event, read_frame
from alphabot.exchange.wire.tickers import MiniTicker, Ticker, TokenTicker
from alphabot.exchange.wire.trades import Trade, TradeEvent, agg_trades
from tests.wire.recorded import body, reply, reply_of, samples

SAMPLES = samples()
B116 = Symbol("ALPHA_116USDT")
D = Decimal

MINI = MiniTicker(
    symbol=B116,
    at_ms=1773109449908,
    open=D("8.4"),
    high=D("8.5"),
    low=D("8.3"),
    last=D("8.4"),
    volume=D("64739.039789"),
    quote_volume=D("543810.3600509"),
)
SAID: dict[str, object] = {
    "24hr_mini_ticker": MINI,
    "24hr_ticker": Ticker(
        day=MiniTicker(
            symbol=B116,
            at_ms=1773109631569,
            open=D("8.4"),
            high=D("8.5"),
            low=D("8.3"),
            last=D("8.4"),
            volume=D("64750.634185"),
            quote_volume=D("543907.3516925"),
        ),
        change=D(0),
        change_percent=D(0),
        weighted_average=D("8.40003127"),
        last_quantity=D("0.492932"),
        opened_at_ms=1773023220000,
        closed_at_ms=1773109631555,
        first_id=19847634,
        last_id=19911287,
        trades=217505,
    ),
    "agg_trade": AggTrade(Symbol("ALPHA_373USDT"), D("0.22690468"), D("26959.29")),
    "book_ticker": BookTicker(B116, D("8.3"), D("0.910769"), D("9.3"), D("2.003532")),
    "fulldepth": DepthChange(
        symbol=Symbol("ALPHA_971USDT"),
        at_ms=1779369537256,
        first_id=59178703253,
        last_id=59178704340,
        previous_id=59178703146,
        bids=(Level(D("0.00000553"), D("34940853.2")),),
        asks=(Level(D("0.00000554"), D(9802441)),),
    ),
    "kline_came_2025": CandleEvent(
        of=Contract("0xff7d6a96ae471bbcd7713af9cb1feeb16cf56b41", "56"),
        interval="1s",
        candle=Candle(
            opened_at_ms=1752172979000,
            closed_at_ms=1752172980000,
            open=D("0.07156"),
            high=D("0.07162070848390285"),
            low=D("0.07156"),
            # More digits than a float could hold.
            close=D("0.07156472358283535693430646555729"),
            volume=D("4535.899309725156"),
        ),
    ),
    "kline_came_2026": CandleEvent(
        of=Contract("0x365de036a1f7dccb621530d517133521debb2013", "56"),
        interval="1s",
        candle=Candle(
            opened_at_ms=1779369468000,
            closed_at_ms=1779369469000,
            open=D("0.000005466"),
            high=D("0.000005482"),
            low=D("0.000005466"),
            close=D("0.00000548"),
            volume=D("2255.554101049"),
        ),
    ),
    "kline_symbol": CandleEvent(
        of=B116,
        interval="1m",
        candle=Candle(
            opened_at_ms=1773111000000,
            closed_at_ms=1773111059999,
            open=D("8.4"),
            high=D("8.4"),
            low=D("8.4"),
            close=D("8.4"),
            volume=D("63.648763"),
            quote_volume=D("534.6496092"),
            trades=218,
        ),
    ),
    "ticker24": (
        TokenTicker(
            contract=Contract("0x365de036a1f7dccb621530d517133521debb2013", "56"),
            at_ms=1779369537000,
            price=D("0.000005526719345531"),
            change_percent=D("268.24"),
            volume_usd=D("125298349.046330522979916999983"),
            market_cap_usd=D("331231499.15938996"),
            fully_diluted_usd=D("552052498.59898326"),
            liquidity_usd=D("1806496.7257867568696384"),
            holders=2726,
            trades=834471,
        ),
    ),
    "trade": TradeEvent(
        B116,
        Trade(
            trade_id=19911650,
            price=D("8.4"),
            quantity=D("0.979157"),
            at_ms=1773110023877,
            buyer_is_maker=False,
        ),
    ),
}


def event(name: str) -> Event:
    """Return a recorded event, as it came."""
    (text,) = SAMPLES[f"ws_{name}.frame"].texts
    found = read_frame(text.decode())
    assert isinstance(found, Event)
    return found


def changed(name: str, changes: dict[str, Any]) -> Event:
    """Return a recorded event with other values; a key changed to ... is taken away."""
    data = json.loads(json.dumps(body(f"ws_{name}.frame")))["data"]
    inner = data["k"] if name.startswith("kline") else data
    inner = inner["d"][0] if name == "ticker24" else inner
    inner.update(changes)
    for key in [key for key, value in changes.items() if value is ...]:
        del inner[key]
    found = read_frame(json.dumps({"stream": "s", "data": data}))
    assert isinstance(found, Event)
    return found


@pytest.mark.parametrize("name", SAID)
def test_every_recorded_event_of_the_market_says_this(name: str) -> None:
    assert public_event(event(name)) == SAID[name]


def test_an_event_of_another_kind_is_none_of_these() -> None:
    assert public_event(Event("executionReport", {})) is None
    assert public_event(Event("", {})) is None


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("24hr_mini_ticker", {"c": "8.6"}),
        ("24hr_mini_ticker", {"l": "0"}),
        ("24hr_mini_ticker", {"s": "a b"}),
        ("24hr_mini_ticker", {"v": "-1"}),
        ("24hr_mini_ticker", {"E": "1"}),
        ("24hr_mini_ticker", {"q": ...}),
        ("24hr_ticker", {"P": "NaN"}),
        ("24hr_ticker", {"p": 0.5}),
        ("24hr_ticker", {"n": -1}),
        ("24hr_ticker", {"c": "8.2"}),
        ("fulldepth", {"pu": 59178703253}),
        ("fulldepth", {"u": 59178703252}),
        ("fulldepth", {"b": [["0", "1"]]}),
        ("fulldepth", {"a": [["1", "-1"]]}),
        ("fulldepth", {"a": [["1"]]}),
        ("fulldepth", {"b": None}),
        ("kline_came_2025", {"h": "0.01"}),
        ("kline_came_2025", {"o": True}),
        ("kline_came_2025", {"o": None}),
        ("kline_came_2025", {"v": [1]}),
        ("kline_came_2025", {"v": "1_000"}),
        ("kline_came_2026", {"ot": 1779369469001}),
        ("kline_came_2026", {"i": ""}),
        ("kline_symbol", {"l": "9"}),
        ("kline_symbol", {"o": 8.4}),
        ("kline_symbol", {"n": ...}),
        ("ticker24", {"ca": "0x36"}),
        ("ticker24", {"ca": "@56"}),
        ("ticker24", {"hc": "many"}),
        ("ticker24", {"hc": "-1"}),
        ("ticker24", {"t": 1.5}),
        ("ticker24", {"p": "0"}),
        ("trade", {"m": "false"}),
        ("trade", {"p": "0"}),
        ("trade", {"q": "0"}),
        ("trade", {"t": "1"}),
    ],
    ids=str,
)
def test_an_event_that_cannot_be_read_is_refused(name: str, changes: dict[str, Any]) -> None:
    assert public_event(changed(name, {})) is not None
    with pytest.raises(UnexpectedReply):
        public_event(changed(name, changes))


def test_the_recorded_candles() -> None:
    assert candles(reply("klines")) == (
        Candle(
            opened_at_ms=1752642000000,
            closed_at_ms=1752645599999,
            open=D("0.00171473"),
            high=D("0.00172515"),
            low=D("0.00171473"),
            close=D("0.00172515"),
            volume=D("1771.86"),
            quote_volume=D("3.05093481"),
            trades=2,
        ),
    )
    assert agg_candles(reply("agg_klines")) == (
        Candle(
            opened_at_ms=1779367591000,
            closed_at_ms=1779367591999,
            open=D("0.0000058977543828696305"),
            high=D("0.0000058977543828696305"),
            low=D("0.000005867974520167907"),
            close=D("0.000005867974520167907"),
            volume=D("10029.33748471122"),
        ),
    )


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, 1752642000000),
        (0, "soon"),
        (0, "9999999999999"),
        (1, "0"),
        (2, "0.001"),
        (3, 0.5),
        (5, "-1"),
        (5, None),
        (7, "x"),
        (8, 2),
        (8, "1" * 19),
    ],
)
def test_a_candle_that_cannot_be_read_is_refused(position: int, value: object) -> None:
    payload = body("klines.response")
    payload["data"][0][position] = value
    with pytest.raises(UnexpectedReply):
        candles(reply_of(payload))


def test_nothing_may_have_traded_in_an_interval() -> None:
    payload = body("klines.response")
    row = payload["data"][0]
    row[1:6] = ["1", "1", "1", "1", "0"]
    row[7:9] = ["0", "0"]
    (candle,) = candles(reply_of(payload))
    assert (candle.volume, candle.quote_volume, candle.trades) == (D(0), D(0), 0)


@pytest.mark.parametrize("name", ["klines", "agg_klines"])
def test_a_row_may_be_longer_but_not_shorter(name: str) -> None:
    read = {"klines": candles, "agg_klines": agg_candles}[name]
    payload = body(f"{name}.response")
    data = payload["data"]
    row = (data["klineInfos"] if isinstance(data, dict) else data)[0]
    row.append({"new": 1})
    assert read(reply_of(payload)) == read(reply(name))
    del row[6:]
    with pytest.raises(UnexpectedReply):
        read(reply_of(payload))


def test_the_recorded_trades() -> None:
    assert agg_trades(reply("agg_trades")) == (
        Trade(
            trade_id=161336,
            price=D("0.000005854"),
            quantity=D("93876860.6"),
            at_ms=1779368241069,
            buyer_is_maker=False,
        ),
    )


def test_trades_rise() -> None:
    payload = body("agg_trades.response")
    (row,) = payload["data"]
    payload["data"] = [row, row | {"a": row["a"] + 1}]
    assert len(agg_trades(reply_of(payload))) == 2
    for wrong in ([row, row], payload["data"][::-1], [row | {"p": "0"}], [row | {"T": "1"}]):
        with pytest.raises(UnexpectedReply):
            agg_trades(reply_of(payload | {"data": wrong}))
