"""The simulated exchange passes the cases through both doors, and a worse one does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from alphabot.clocks import SystemClock, TrioClock
from alphabot.errors import ConfigError, NotSent
from alphabot.exchange.net import SocketNet
from alphabot.exchange.secret import Credentials, Secret
from alphabot.simulator import (
    Addresses,
    ExchangeSettings,
    MemoryNet,
    SimulatedExchange,
    credentials_for,
    serve_sockets,
)
from alphabot.testing import Report, check_venue
from alphabot.testing.cases import CASES

ROOT = Path(__file__).parent.parent.parent
QUICK = ExchangeSettings(fill_delay_ms=(5, 20), step_ms=20)


def credentials(user_id: int = 9001) -> Credentials:
    """Return what a user of the exchange with seed 1 calls it with."""
    headers = {name: Secret(text) for name, text in credentials_for(1, user_id).items()}
    return Credentials(headers.pop("Cookie"), headers.pop("csrftoken"), headers)


async def check_in_memory(
    settings: ExchangeSettings, user: Credentials | None = None, *only: int
) -> Report:
    """Return what the cases find at an exchange in memory."""
    net = MemoryNet(SimulatedExchange(settings, TrioClock()))
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        report = await check_venue(net, net.addresses, user or credentials(), only=only)
        nursery.cancel_scope.cancel()
    return report


async def test_in_memory_every_case_holds(autojump_clock: MockClock) -> None:
    report = await check_in_memory(ExchangeSettings())
    assert report.passed, str(report)
    assert [result.number for result in report.results] == sorted(CASES)
    assert {case.section for case in CASES.values()} == {1, 2, 3, 4, 5, 6, 7}


async def test_over_sockets_every_case_holds() -> None:
    exchange = SimulatedExchange(QUICK, SystemClock())
    async with trio.open_nursery() as nursery:
        addresses: Addresses = await nursery.start(serve_sockets, exchange)
        report = await check_venue(SocketNet(), addresses, credentials())
        nursery.cancel_scope.cancel()
    assert report.passed, str(report)
    assert len(report.results) == len(CASES)


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


def test_called_wrongly() -> None:
    command = [sys.executable, "-m", "alphabot.testing", "http://127.0.0.1:1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 2
    assert "order_stream_url" in done.stderr
