"""The doctor as people call it: in each mode, beside a service, and with things that are broken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from alphabot.clocks import SystemClock
from alphabot.config import load
from alphabot.simulator import ExchangeSettings, SimulatedExchange, serve_sockets
from alphabot.wiring.doctor import examine
from tests.cli.conftest import Command
from tests.cli.service import CONFIG, running
from tests.cli.test_live import Folder, folder_of

pytestmark = pytest.mark.outside

ALONE = """
language = "{language}"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 20
user_ids = [1]
"""


class Told:
    """What a doctor said, by what each finding says."""

    def __init__(self, text: str) -> None:
        self.text = text
        whole = json.loads(text)
        self.would_start: bool = whole["would_start"]
        self.findings: list[dict[str, Any]] = whole["findings"]

    def of(self, grade: str) -> list[str]:
        return [f["said"] for f in self.findings if f["grade"] == grade]

    def find(self, said: str) -> dict[str, Any]:
        found: dict[str, Any] = next(f for f in self.findings if f["said"] == said)
        return found


async def doctor(folder: Folder) -> tuple[int, Told]:
    done = await folder.command("doctor", "--json")
    assert done.stderr == ""
    return done.returncode, Told(done.stdout)


def alone(tmp_path: Path, language: str = "en") -> Path:
    """Write a configuration of the embedded exchange where nobody else may write."""
    tmp_path.chmod(0o700)
    file = tmp_path / "strategies.toml"
    file.write_text(ALONE.format(language=language))
    return file


def test_the_embedded_exchange_has_nothing_to_reach(tmp_path: Path, command: Command) -> None:
    done = command("doctor", "--config", alone(tmp_path))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert "ok    host: the exchange is inside the program: nothing to reach" in lines
    assert all(line.startswith("ok  ") for line in lines[:-2])
    assert lines[-1] == "A run would start (0 warnings)."
    assert list(tmp_path.iterdir()) == [tmp_path / "strategies.toml"]


def test_it_speaks_chinese(tmp_path: Path, command: Command) -> None:
    done = command("doctor", "--config", alone(tmp_path, "zh"))
    assert done.code == 0
    assert "ok    主机: 交易所就在进程内，无需连接" in done.out.splitlines()
    assert done.out.endswith("可以运行（警告 0）。\n")


def test_a_file_that_cannot_be_used_is_bad_input(tmp_path: Path, command: Command) -> None:
    assert command("doctor", "--config", tmp_path / "none.toml").code == 2


def test_folders_and_files_that_others_may_touch_are_named(
    tmp_path: Path, command: Command
) -> None:
    config = alone(tmp_path)
    folder = tmp_path / ".alphabot"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "simulated.db").touch()
    (folder / "simulated.db").chmod(0o644)
    done = command("doctor", "--config", config)
    assert done.code == 0  # a run puts both right
    warned = [line for line in done.out.splitlines() if line.startswith("warn")]
    assert len(warned) == 2
    assert f"{folder} has mode 0777, others may touch it; 0700 was expected" in warned[0]
    assert f"chmod 0600 {folder}/simulated.db" in warned[1]


def test_a_plugin_that_does_not_load_and_a_halt_fail(tmp_path: Path, command: Command) -> None:
    config = alone(tmp_path)
    (tmp_path / "plugins").mkdir(mode=0o700)
    (tmp_path / "plugins" / "broken.py").write_text("def hook(:\n")
    config.write_text(config.read_text() + '[plugins]\npaths = ["plugins"]\nenabled = ["broken"]\n')
    assert command("halt", "--reason", "why not", "--config", config).code == 0
    done = command("doctor", "--json", "--config", config)
    told = Told(done.out)
    assert done.code == 1
    assert told.of("fail") == ["halt.on", "plugin.refused"]
    assert "SyntaxError" in told.find("plugin.refused")["found"]
    assert "halt --lift" in told.find("halt.on")["do"]


@dataclass
class SetClock:
    """This machine's clock, set wrongly."""

    ahead_seconds: float

    def now_ms(self) -> int:
        return SystemClock().now_ms() + round(self.ahead_seconds * 1000)


@asynccontextmanager
async def exchange_with(
    folder: Path, **settings: Any
) -> AsyncIterator[tuple[Folder, SimulatedExchange]]:
    """Serve a simulated exchange, and lend a folder that names it."""
    (folder / "work").mkdir(mode=0o700)
    exchange = SimulatedExchange(ExchangeSettings(**settings), SystemClock())
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve_sockets, exchange))
        (folder / "work" / "strategies.toml").write_text(
            CONFIG.format(addresses, "percent_offset", [])
        )
        yield Folder(folder / "work", exchange, addresses), exchange
        nursery.cancel_scope.cancel()


async def test_an_exchange_elsewhere_is_asked_and_nothing_is_ordered(tmp_path: Path) -> None:
    async with exchange_with(tmp_path) as (folder, exchange):
        code, told = await doctor(folder)
    assert (code, told.of("fail"), told.of("warn")) == (0, [], [])
    assert len([f for f in told.findings if f["check"] == "host"]) == 3
    assert told.of("ok").count("user.valid") == told.of("ok").count("balance.ok") == 2
    # What is judged with each order is measured on the next round of each strategy.
    spread = next(f for f in told.findings if f["about"] == "max_spread_bp")
    assert spread["said"] == "limit.ok"
    assert float(spread["fields"]["used"]) > 0
    assert exchange.ledger.requests == []
    # One private read of each user, which is that of the wallets.
    calls = [call for call in exchange.ledger.calls if call.user_id]
    assert len(calls) == 4, calls
    assert not (folder.path / ".alphabot").exists()


async def test_limits_and_amounts_are_those_of_each_user(tmp_path: Path) -> None:
    async with exchange_with(tmp_path) as (folder, _):
        config = folder.path / "strategies.toml"
        own = "[users.2]\nsingle_trade_amount_usdt = 12\n[users.2.limits]\nmax_spread_bp = 0.01\n"
        config.write_text(config.read_text() + own)
        code, told = await doctor(folder)
    assert code == 0
    spreads = {f["about"]: f for f in told.findings if "max_spread_bp" in f["about"]}
    assert spreads["max_spread_bp"]["said"] == "limit.ok"
    own_spread = spreads["users.2.limits.max_spread_bp"]
    assert (own_spread["said"], own_spread["grade"]) == ("limit.held", "warn")
    assert own_spread["fields"]["most"] == "0.01"
    assert own_spread["fields"]["holder"].startswith("2/")


@pytest.mark.parametrize(
    ("ahead_seconds", "said", "starts"),
    [(0, "clock.ok", True), (5, "clock.off", True), (-40, "clock.wrong", False)],
)
async def test_a_clock_that_is_off_is_told_and_one_that_is_wrong_fails(
    tmp_path: Path, ahead_seconds: float, said: str, starts: bool
) -> None:
    async with exchange_with(tmp_path) as (folder, _):
        settings = load(folder.path / "strategies.toml")
        found = await examine(settings, lambda: None, clock=SetClock(ahead_seconds))
    assert found.would_start == starts
    (finding,) = [each for each in found.findings if each.check == "clock"]
    assert finding.said == said
    assert abs(float(str(finding.fields["skew"])) - ahead_seconds) <= 1.5


async def test_a_host_that_is_gone_costs_seconds(tmp_path: Path) -> None:
    async with exchange_with(tmp_path) as (folder, _):
        pass
    with trio.fail_after(30):
        code, told = await doctor(folder)
    assert code == 1
    assert told.of("fail").count("host.unreachable") == 3
    assert told.of("fail").count("user.unreachable") == 2


async def test_an_empty_purse_fails_and_a_small_one_warns(tmp_path: Path) -> None:
    # User 1 runs two strategies of 30 USDT each, user 2 one.
    for place, (funds, code, said) in enumerate(
        [(20, 1, ["balance.short"] * 2), (40, 0, ["balance.low", "balance.ok"])]
    ):
        (tmp_path / str(place)).mkdir()
        async with exchange_with(tmp_path / str(place), funding_usdt=Decimal(funds)) as (folder, _):
            ended, told = await doctor(folder)
        assert ended == code
        assert [f["said"] for f in told.findings if f["check"] == "balance"] == said


async def test_beside_a_running_service_it_asks_the_service_and_nobody_else(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        done = await service.command("doctor", "--json")
        told = Told(done.stdout)
        await service.traded()
    assert (done.returncode, done.stderr) == (0, "")
    assert told.of("ok").count("user.running") == 2
    assert "user.valid" not in told.of("ok")
    assert told.find("service.running")["fields"]["pid"] == str(service.process.pid)
    assert told.find("balance.ok")
    rounds = next(f for f in told.findings if f["about"] == "max_rounds")
    assert int(rounds["fields"]["used"]) > 0


@pytest.mark.ceiling(180)
async def test_live_it_says_what_is_missing(tmp_path: Path) -> None:
    async with folder_of(tmp_path, users="[1]") as folder:
        folder.path.chmod(0o700)
        code, told = await doctor(folder)
        assert (code, told.of("fail")) == (1, ["key.none"])
        assert "alphabot users init" in told.find("key.none")["do"]
        await folder.add("anna")
        code, told = await doctor(folder)
        assert (code, told.of("fail"), told.of("warn")) == (0, [], ["consent.needed"])
        assert told.of("ok").count("user.valid") == told.of("ok").count("balance.ok") == 1
        assert folder.secrets_seen([1], told.text) == []


@pytest.mark.ceiling(180)
async def test_live_it_names_who_is_turned_away_and_a_key_that_others_read(tmp_path: Path) -> None:
    async with folder_of(tmp_path, users="[1, 2]") as folder:
        folder.path.chmod(0o700)
        await folder.add("anna")
        folder.exchange.expire_session(1)
        code, told = await doctor(folder)
        assert (code, told.of("fail")) == (1, ["user.expired", "user.missing"])
        assert told.find("user.missing")["do"] == "alphabot users add NAME --id 2"
        key = tmp_path / "key"
        key.chmod(0o644)
        before = len(folder.exchange.ledger.calls)
        code, told = await doctor(folder)
        assert (code, told.of("fail")) == (1, ["key.problem", "user.missing"])
        assert f"chmod 600 {key}" in told.find("key.problem")["found"]
        assert len(folder.exchange.ledger.calls) == before
        assert folder.secrets_seen([1], told.text) == []
