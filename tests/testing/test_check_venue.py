"""The simulated exchange passes the cases through both doors, and a worse one does not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from alphabot.clocks import SystemClock, TrioClock
from alphabot.core.secret import Secret
from alphabot.errors import ConfigError, NotSent
from alphabot.exchange.net import SocketNet
from alphabot.exchange.secret import Credentials
from alphabot.exchange.wire.envelope import Reply
from alphabot.ports import Net, WallClock
from alphabot.simulator import (
    DEFAULT_TOKENS,
    Addresses,
    ExchangeSettings,
    MemoryNet,
    SimulatedExchange,
    credentials_for,
    serve_sockets,
)
from alphabot.testing import Report, check_venue
from alphabot.testing.__main__ import main
from alphabot.testing.cases import CASES
from alphabot.testing.session_cases import BURST
from tests.hostile.lying_net import Lie, LyingNet

ROOT = Path(__file__).parent.parent.parent
QUICK = ExchangeSettings(fill_delay_ms=(5, 20), step_ms=20)
LIMITED = ExchangeSettings(requests_per_second_max=50)
TOO_MANY = 1001


def credentials(user_id: int = 9001) -> Credentials:
    """Return what a user of the exchange with seed 1 calls it with."""
    headers = {name: Secret(text) for name, text in credentials_for(1, user_id).items()}
    return Credentials(headers.pop("Cookie"), headers.pop("csrftoken"), headers)


USER, EXPIRED, CHALLENGED = 9001, 9002, 9003


def exchange_of(settings: ExchangeSettings, clock: WallClock) -> SimulatedExchange:
    """Return an exchange with a user whose session has expired, and one under a challenge."""
    exchange = SimulatedExchange(settings, clock)
    exchange.expire_session(EXPIRED)
    exchange.raise_challenge(CHALLENGED)
    return exchange


async def check_in_memory(
    settings: ExchangeSettings,
    user: Credentials | None = None,
    *only: int,
    wrap: Callable[[Net], Net] = lambda net: net,
    states: bool = True,
) -> Report:
    """Return what the cases find at an exchange in memory; ``states`` hands over all sessions."""
    net = MemoryNet(exchange_of(settings, TrioClock()))
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        report = await check_venue(
            wrap(net),
            net.addresses,
            user or credentials(),
            only=only,
            expired=credentials(EXPIRED) if states else None,
            challenged=credentials(CHALLENGED) if states else None,
        )
        nursery.cancel_scope.cancel()
    return report


async def check_over_sockets(settings: ExchangeSettings, *only: int) -> Report:
    """Return what the cases find at an exchange behind sockets."""
    async with trio.open_nursery() as nursery:
        exchange = exchange_of(settings, SystemClock())
        addresses: Addresses = await nursery.start(serve_sockets, exchange)
        report = await check_venue(
            SocketNet(),
            addresses,
            credentials(),
            only=only,
            expired=credentials(EXPIRED),
            challenged=credentials(CHALLENGED),
        )
        nursery.cancel_scope.cancel()
    return report


async def test_in_memory_every_case_holds(autojump_clock: MockClock) -> None:
    report = await check_in_memory(ExchangeSettings())
    assert report.passed, str(report)
    assert [result.number for result in report.results] == sorted(CASES)
    assert {case.section for case in CASES.values()} == {1, 2, 3, 4, 5, 6, 7, 9, 10}
    assert [result.number for result in report.untried] == [TOO_MANY]


@pytest.mark.outside
async def test_over_sockets_every_case_holds() -> None:
    report = await check_over_sockets(QUICK)
    assert report.passed, str(report)
    assert len(report.results) == len(CASES)
    assert [result.number for result in report.untried] == [TOO_MANY]


async def test_in_memory_a_venue_with_a_limit_asks_for_a_pause(autojump_clock: MockClock) -> None:
    report = await check_in_memory(LIMITED, None, TOO_MANY)
    assert (report.problems, report.untried) == ((), ())
    assert "1 of 1 cases hold" in str(report)


@pytest.mark.outside
async def test_over_sockets_a_venue_with_a_limit_asks_for_a_pause() -> None:
    report = await check_over_sockets(LIMITED, TOO_MANY)
    assert (report.problems, report.untried) == ((), ())


async def test_what_was_not_tried_is_not_said_to_hold(autojump_clock: MockClock) -> None:
    report = await check_in_memory(ExchangeSettings(), None, 101, 107, 901, 1001, states=False)
    assert report.passed
    assert [result.number for result in report.untried] == [107, 901, 1001]
    assert str(report).count("not tried: ") == 3
    assert str(report).endswith("1 of 4 cases hold, 3 not tried")


@pytest.mark.parametrize(("broken", "code"), [(False, 0), (True, 1)])
async def test_the_command_says_so_in_its_exit_code(broken: bool, code: int) -> None:
    exchange = SimulatedExchange(QUICK, SystemClock())
    if broken:
        exchange.expire_session(9001)
    async with trio.open_nursery() as nursery:
        at: Addresses = await nursery.start(serve_sockets, exchange)
        urls = [at.rest_url, at.order_stream_url, at.market_stream_url]
        command = [sys.executable, "-m", "alphabot.testing", *urls, "--only", "101", "301"]
        done = await trio.run_process(command, cwd=ROOT, capture_stdout=True, check=False)
        nursery.cancel_scope.cancel()
    assert done.returncode == code
    assert f"{2 - code} of 2 cases hold" in done.stdout.decode()


@pytest.mark.parametrize(
    ("settings", "numbers"),
    [
        (ExchangeSettings(visibility_lag_ms_max=600_000), {311, 312, 313}),
        (ExchangeSettings(listen_key_validity_ms=1), {605, 606, 701}),
        (ExchangeSettings(push_delay_ms=(60_000, 60_000)), {605, 703}),
        (ExchangeSettings(fill_delay_ms=(60_000, 60_000)), {705, 709}),
    ],
    ids=["lists that lag", "dead keys", "late pushes", "no fills"],
)
async def test_a_worse_exchange_is_noticed(
    settings: ExchangeSettings, numbers: set[int], autojump_clock: MockClock
) -> None:
    report = await check_in_memory(settings, None, *numbers)
    assert {result.number for result in report.problems} == numbers, str(report)


async def test_a_token_without_an_order_below_the_minimum_leaves_it_open(
    autojump_clock: MockClock,
) -> None:
    coarse = tuple(replace(token, step=Decimal(1000)) for token in DEFAULT_TOKENS)
    report = await check_in_memory(ExchangeSettings(tokens=coarse), None, 305)
    assert [result.number for result in report.untried] == [305]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_read_me_says_how_many_cases_there_are(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert re.findall(r"(\d+) (?:numbered cases|个编号用例)", text) == [str(len(CASES))]


def said(data: object, **headers: str) -> Lie:
    """Return the lie of a success that carries this."""
    envelope = {"code": "000000", "message": None, "messageDetail": None, "data": data}
    text = json.dumps(envelope | {"success": True}).encode()
    return lambda _truth: Reply(200, headers, text)


def refused(status: int, code: str = "", **headers: str) -> Lie:
    """Return the lie of a refusal, in HTML if it has no code."""
    text = json.dumps({"code": code, "message": "no", "success": False}) if code else "<html>"
    spelt = {name.replace("_after", "-after"): value for name, value in headers.items()}
    return lambda _truth: Reply(status, spelt, text.encode())


NOTHING = refused(200, "100002001")
CHALLENGE = {"risk_challenge_biz_no": "7", "risk_challenge_enable_flow": "true"}
KLINE = ["60000", "1", "1", "1", "1", "0", "119999"]
USDT = {
    "asset": "USDT",
    "amount": "1",
    "valuationAmount": "1",
    "isCexAsset": True,
    "coinBusinessType": None,
    "chainId": None,
    "contractAddress": None,
}
ASSET = "/asset-service/wallet/asset"


@pytest.mark.parametrize(
    ("number", "path", "lies"),
    [
        (103, "/get-open-order", [said([])]),
        (106, "/get-open-order", [said([])]),
        (106, "/oto-order/place", [NOTHING, said({"workingOrderId": 1, "pendingOrderId": 2})]),
        (106, "/get-user-trades", [refused(200, "481020")]),
        (107, "/user-volume", [said({"totalVolume": 0, "tradeVolumeInfoList": []})]),
        (107, "/order/place", [refused(200, "481020")]),
        (901, "/get-listen-key", [said("0" * 32)]),
        (901, "/get-user-trades", [refused(200, "100001003")]),
        (901, "/get-user-trades", [refused(200, "100001003", risk_challenge_biz_no="7")]),
        (901, "/get-user-trades", [refused(200, "100001003", risk_challenge_enable_flow="true")]),
        (901, "/get-user-trades", [refused(200, "481020", **CHALLENGE)]),
        (210, "/agg-klines", [said([KLINE])]),
        (210, "/agg-klines", [said({"klineInfos": []})]),
        (210, "/agg-klines", [said({"klineInfos": [KLINE[:6]]})]),
        (210, "/agg-klines", [said({"klineInfos": [[60000, *KLINE[1:]]]})]),
        (210, "/agg-klines", [said({"klineInfos": [KLINE, KLINE]})]),
        (319, "/get-order-history-web", [said([])]),
        (319, "/get-order-history-web", [said({"rows": None})]),
        (319, "/get-order-history-web", [said({"list": [{"orderId": "1"}]})]),
        (319, "/get-order-history-merge", [said([])]),
        (405, ASSET, [said([USDT])]),
        (405, ASSET, [said([])]),
        (405, ASSET, [said([USDT | {"amount": 1}])]),
        (TOO_MANY, "/get-from-asset", [refused(429)]),
        (TOO_MANY, "/get-from-asset", [refused(429, retry_after="0")]),
        (TOO_MANY, "/get-from-asset", [refused(429, retry_after="Fri, 31 Dec 1999 23:59:59 GMT")]),
        (TOO_MANY, "/get-from-asset", [refused(429, retry_after="1")] * (BURST + 1)),
    ],
    ids=lambda value: f"{len(value)} lies" if isinstance(value, list) else str(value),
)
async def test_a_venue_that_answers_otherwise_is_noticed(
    number: int, path: str, lies: list[Lie | None], autojump_clock: MockClock
) -> None:
    def wrap(inner: Net) -> Net:
        net = LyingNet(inner)
        net.lie(path, lies)
        return net

    report = await check_in_memory(ExchangeSettings(), None, number, wrap=wrap)
    assert [result.number for result in report.problems] == [number], str(report)


@pytest.mark.parametrize(
    ("number", "path", "lies"),
    [
        (103, "/get-open-order", [refused(401)]),
        (107, "/get-open-order", [refused(403)]),
        (TOO_MANY, "/get-from-asset", [refused(429, retry_after="2")] * 3),
    ],
    ids=lambda value: f"{len(value)} lies" if isinstance(value, list) else str(value),
)
async def test_what_the_protocol_leaves_open_is_no_problem(
    number: int, path: str, lies: list[Lie | None], autojump_clock: MockClock
) -> None:
    def wrap(inner: Net) -> Net:
        net = LyingNet(inner)
        net.lie(path, lies)
        return net

    report = await check_in_memory(ExchangeSettings(), None, number, wrap=wrap)
    assert (report.problems, report.untried) == ((), ()), str(report)


async def test_a_pause_that_is_too_long_is_not_waited_out(autojump_clock: MockClock) -> None:
    def wrap(inner: Net) -> Net:
        net = LyingNet(inner)
        net.lie("/get-from-asset", [refused(429, retry_after="300")])
        return net

    report = await check_in_memory(ExchangeSettings(), None, TOO_MANY, wrap=wrap)
    assert report.passed
    assert [result.number for result in report.untried] == [TOO_MANY]
    assert "300 s" in str(report)
    assert trio.current_time() < 60


async def test_a_user_who_is_not_welcome_is_noticed(autojump_clock: MockClock) -> None:
    report = await check_in_memory(ExchangeSettings(), Credentials(), 101, 301, 501)
    assert {result.number for result in report.problems} == {301, 501}
    assert "100002001" in str(report)


async def test_nobody_there_is_not_sent(autojump_clock: MockClock) -> None:
    net = MemoryNet(SimulatedExchange(ExchangeSettings(), TrioClock()))
    with pytest.raises(NotSent):
        await check_venue(net, net.addresses, credentials())


@pytest.mark.parametrize("host", ["https://www.binance.com", "https://BINANCE.com:443"])
async def test_never_the_real_exchange(host: str) -> None:
    net = MemoryNet(SimulatedExchange(ExchangeSettings(), TrioClock()))
    addresses = Addresses(host, net.addresses.order_stream_url, net.addresses.market_stream_url)
    with pytest.raises(ConfigError, match="real exchange"):
        await check_venue(net, addresses, credentials())


async def test_the_command_takes_sessions_from_files(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.json" for name in ("expired", "challenged")}
    for user_id, path in zip((EXPIRED, CHALLENGED), files.values(), strict=True):
        path.write_text(json.dumps(credentials_for(1, user_id)))
    async with trio.open_nursery() as nursery:
        at: Addresses = await nursery.start(serve_sockets, exchange_of(QUICK, SystemClock()))
        urls = [at.rest_url, at.order_stream_url, at.market_stream_url]
        given = [part for name, path in files.items() for part in (f"--{name}-headers", path)]
        command = [sys.executable, "-m", "alphabot.testing", *urls, *given, "--only", "107", "901"]
        done = await trio.run_process(command, cwd=ROOT, capture_stdout=True, check=False)
        nursery.cancel_scope.cancel()
    assert (done.returncode, done.stdout.decode().splitlines()[-1]) == (0, "2 of 2 cases hold")


@pytest.mark.parametrize(
    "content", [None, "{", "[]", '{"Cookie":1}', '{"Cookie":"secret\\u0007x"}'], ids=str
)
@pytest.mark.parametrize("option", ["--headers", "--expired-headers", "--challenged-headers"])
def test_a_session_that_cannot_be_read_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], option: str, content: str | None
) -> None:
    path = tmp_path / "session.json"
    if content is not None:
        path.write_text(content)
    assert (
        main(["http://127.0.0.1:1", "ws://127.0.0.1:1", "ws://127.0.0.1:1", option, f"{path}"]) == 2
    )
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "secret" not in told


def test_called_wrongly() -> None:
    command = [sys.executable, "-m", "alphabot.testing", "http://127.0.0.1:1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 2
    assert "order_stream_url" in done.stderr
