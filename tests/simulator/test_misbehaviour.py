"""An exchange told to misbehave does so; one that is not is the same to the last byte."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import trio

from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.bulletins import Bulletin
from alphabot.simulator.misbehaviour import Behaving, Said, Visit
from alphabot.simulator.misdeeds import DrawnMisbehaviour, NewsFault, PushFault
from alphabot.simulator.oddities import ODDITIES
from alphabot.simulator.reports import Push
from alphabot.simulator.tokens import DEFAULT_TOKENS
from tests.simulator.world import VirtualClock

PLACE = Visit("POST", "/bapi/asset/v1/private/alpha-trade/oto-order/place")
TICKER = Visit("GET", "/bapi/defi/v1/public/alpha-trade/ticker")
PUSH = Push(1000, 1, {"i": "10000001", "X": "NEW"})
NEWS = Bulletin("alpha_22usdt@bookTicker", {"b": "0.2", "a": "0.3"})
ANSWER = Said(
    200,
    (),
    json.dumps(
        {
            "code": "000000",
            "success": True,
            "total": 1,
            "data": {
                "lastPrice": "0.00210000",
                "workingOrderId": 1,
                "bids": [["1.00", "2"]],
                "asks": [["1.10", "2"]],
                "symbols": [{"status": "TRADING"}],
            },
        }
    ).encode(),
)
LIST = Said(200, (), b'{"code":"000000","success":true,"data":[{"mulPoint":1,"offline":false}]}')
OF_LISTS = ("page", "mulPoint", "token off")


@pytest.mark.parametrize("name", ODDITIES)
def test_every_oddity_changes_the_answer(name: str) -> None:
    odd = ODDITIES[name]
    truth = LIST if any(part in name for part in OF_LISTS) else ANSWER
    if odd.oddity.seconds:
        assert odd.oddity.answer(truth) == truth
    else:
        assert odd.oddity.answer(truth) != truth
    # What failed anyway is not made a success of.
    refused = Said(200, (), b'{"code":"481020","success":false}')
    assert b'"success": true' not in odd.oddity.answer(refused).body


@pytest.mark.parametrize("name", ODDITIES)
def test_it_befalls_what_it_is_about(name: str) -> None:
    odd = ODDITIES[name]
    private, public = odd.befalls(PLACE), odd.befalls(TICKER)
    assert private or public or "/" in name or not (private and public)
    plan = DrawnMisbehaviour(1, {name: 1000})
    assert (plan.at_visit(PLACE) is not None) == private
    assert (plan.at_visit(TICKER) is not None) == public
    assert [misdeed.kind for misdeed in plan.misdeeds] == [name] * (private + public)


def test_what_is_paused_behaves() -> None:
    plan = DrawnMisbehaviour(1, dict.fromkeys([*ODDITIES, *PushFault, *NewsFault], 1000))
    assert plan.at_visit(PLACE) is not None
    plan.paused = True
    plan.everywhere = ODDITIES["401"].oddity
    assert plan.at_visit(PLACE) is None
    assert plan.pushes(PUSH) == (PUSH,)
    assert plan.bulletin(NEWS) is NEWS
    assert len(plan.misdeeds) == 1


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        (PushFault.TWICE, 2),
        (PushFault.LOST, 0),
        (PushFault.LATE, 1),
        (PushFault.OVERTAKEN, 1),
        (PushFault.UNKNOWN_STATUS, 1),
        (PushFault.JUNK, 2),
        (PushFault.BINARY, 2),
        (PushFault.HUGE, 2),
        (PushFault.DEEP, 2),
        (PushFault.BURST, 1000),
        (PushFault.KEY_EXPIRED, 2),
    ],
)
def test_a_push_is_spoilt(fault: PushFault, count: int) -> None:
    told = DrawnMisbehaviour(1, {fault: 1000}).pushes(PUSH)
    assert len(told) == count
    kept = (PushFault.TWICE, PushFault.BURST, PushFault.KEY_EXPIRED)
    assert fault in kept or PUSH not in told[:1]


@pytest.mark.parametrize("fault", NewsFault)
def test_a_bulletin_is_spoilt(fault: NewsFault) -> None:
    trade = Bulletin("alpha_22usdt@aggTrade", {"p": "0.00210000", "q": "1"})
    told = DrawnMisbehaviour(1, {fault: 1000}).bulletin(trade)
    assert told is None if fault is NewsFault.SILENT else told and told.data["p"] != "0.00210000"
    assert trade.data["p"] == "0.00210000"


def test_ten_times_is_ten_times() -> None:
    told = DrawnMisbehaviour(1, {NewsFault.OUTLIER: 1000}).bulletin(
        Bulletin("x@aggTrade", {"p": "0.00210000"})
    )
    assert told is not None
    assert float(told.data["p"]) == 0.021
    said = ODDITIES["ticker ten times"].oddity.answer(ANSWER)
    assert float(json.loads(said.body)["data"]["lastPrice"]) == 0.021


def test_rates_are_in_a_thousand() -> None:
    plan = DrawnMisbehaviour(7, {"401": 100})
    struck = sum(plan.at_visit(PLACE) is not None for _ in range(3000))
    assert 240 <= struck <= 360


def test_an_exchange_behaves_unless_told_otherwise() -> None:
    behaving = Behaving()
    assert behaving.at_visit(PLACE) is None
    assert behaving.pushes(PUSH) == (PUSH,)
    assert behaving.bulletin(NEWS) is NEWS


async def test_what_is_not_done_is_not_done(autojump_clock: object) -> None:
    plan = DrawnMisbehaviour(1, {"unknown code, not done": 1000})
    exchange = SimulatedExchange(ExchangeSettings(), VirtualClock(), plan)
    net = MemoryNet(exchange)
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        stream = await net.open("exchange.simulated", 80, tls=False)
        request = f"POST {PLACE.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}"
        await stream.send_all(request.encode())
        answer = bytes(await stream.receive_some())
        assert b"481098" in answer
        assert exchange.ledger.requests == []
        assert exchange.ledger.calls == []
        nursery.cancel_scope.cancel()


async def test_a_token_trades_by_other_rules_from_now_on(autojump_clock: object) -> None:
    exchange = SimulatedExchange(ExchangeSettings(), VirtualClock())
    before = DEFAULT_TOKENS[0]
    exchange.model.relist(replace(before, tick=before.tick * 100, mul_point=3))
    await trio.sleep(10)
    exchange.catch_up()
    market = exchange.model.market(before.alpha_id)
    assert market.token.mul_point == 3
    maker = next(iter(market.book.depth("BUY")))  # type: ignore[arg-type]  # a side by its name
    assert maker[0] % (before.tick * 100) == 0
