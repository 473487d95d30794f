"""Two terminals: a service in one, and what is asked of it from the other."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import time
from pathlib import Path

import pytest
import trio

from tests.cli.conftest import Command
from tests.cli.processes import ENVIRONMENT
from tests.cli.service import Service, running
from tests.cli.test_clear import LATCHED, Journal
from tests.core.samples import pair, placed

pytestmark = pytest.mark.outside

HALTED_MS = 250
"""An order that a halt did not catch arrives within this, or never."""
HANGS = """
import os, time
from decimal import Decimal
from alphabot import Proposal, hookimpl

def of_a_test(request):
    if os.path.exists("hang"):
        os.rename("hang", "hanging")
        time.sleep(float(open("hanging").read()))
    last = request.quote.last
    return Proposal(buy_price=last * Decimal("1.1"), sell_price=last * Decimal("0.99"))

@hookimpl
def register_pricing_rules(register):
    register("of_a_test", of_a_test)
"""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


# --- asking -----------------------------------------------------------------------------------


@pytest.mark.ceiling(120)
async def test_a_service_is_asked_paused_resumed_and_stopped(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        (sock,) = (tmp_path / ".alphabot").glob("*.sock")
        assert stat.S_IMODE(sock.stat().st_mode) == 0o600

        shown = await service.command("status")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert f"process {service.process.pid}" in shown.stdout
        for words in ("koge", "aop", "exposure", "orders/min", "User 2 · live"):
            assert words in shown.stdout
        assert max(map(len, shown.stdout.splitlines())) <= 80
        told = json.loads((await service.command("status", "--json")).stdout)
        assert (told["running"], told["pid"]) == (True, service.process.pid)
        assert {u["user_id"]: len(u["strategies"]) for u in told["users"]} == {1: 2, 2: 1}

        assert (await service.command("pause", "--user", "1")).returncode == 0
        await trio.sleep(1)
        paused_ms = now_ms()
        await service.traded()
        assert {r.user_id for r in service.placings(paused_ms)} == {2}
        assert "paused" in (await service.command("status")).stdout
        assert (await service.command("resume")).returncode == 0
        resumed_ms = now_ms()
        await service.seen(lambda: {r.user_id for r in service.placings(resumed_ms)} == {1, 2})

        nobody = await service.command("stop", "--strategy", "kogge")
        assert (nobody.returncode, nobody.stderr.count("\n")) == (2, 1)
        assert (await service.command("drain", "--strategy", "aop")).returncode == 0
        assert (await service.command("stop")).returncode == 0
        with trio.fail_after(20):
            assert await service.process.wait() == 0
    assert not sock.exists()


@pytest.mark.ceiling(120)
async def test_hostile_clients_change_no_trading(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        (sock,) = (tmp_path / ".alphabot").glob("*.sock")
        clients = []
        for number in range(300):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            try:
                client.connect(os.fspath(sock))
                client.send(
                    (b"x" * 5000, b'{"comm', b"\0\xff\n", b'{"command":"status"}\n')[number % 4]
                )
            except OSError:
                await trio.sleep(0.01)
            clients.append(client)
        began_ms = now_ms()
        await trio.sleep(3)
        during = len(service.placings(began_ms))
        for client in clients:
            client.close()
        began_ms = now_ms()
        await trio.sleep(3)
        after = len(service.placings(began_ms))
        assert during > after / 2 > 2
        assert (await service.command("status")).returncode == 0


@pytest.mark.parametrize("verb", ["pause", "resume", "drain", "stop"])
def test_without_a_service_there_is_nobody_to_ask(
    verb: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    for dead in False, True:
        if dead:
            journal.write(LATCHED)
            monkeypatch.chdir(tmp_path / ".alphabot")  # the whole path may be too long to bind
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind("simulated-127.0.0.1-1.sock")
        done = command(verb, "--config", journal.config)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert "no service is running" in done.err


def test_status_without_a_service_says_what_the_journal_says(
    command: Command, tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    done = command("status", "--config", journal.config)
    assert (done.code, done.err) == (0, "")
    assert "No service is running" in done.out
    assert not (tmp_path / ".alphabot").exists()

    journal.write(pair(), placed())
    journal.write(LATCHED, user=2)
    before = {path: path.read_bytes() for path in (tmp_path / ".alphabot").iterdir()}
    done = command("status", "--config", journal.config)
    assert (done.code, done.err) == (3, "")
    assert {path: path.read_bytes() for path in before} == before  # who looks becomes no owner
    for words in ("LATCHED", "risk challenge\\x1b[31m", "alphabot clear 1", "placed", "koge"):
        assert words in done.out
    done = command("status", "--json", "--config", journal.config)
    told = json.loads(done.out)
    assert (done.code, told["running"], len(told["users"])) == (3, False, 2)
    (entry,) = told["users"][0]["open_intents"]
    assert (entry["state"], told["users"][1]["latched"]["at_ms"]) == ("placed", LATCHED.at_ms)


def test_a_journal_that_is_gone_is_not_shown_as_nothing(command: Command, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(pair(), placed())
    (database,) = (tmp_path / ".alphabot").glob("*.db")
    database.unlink()
    done = command("status", "--config", journal.config)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert database.name in done.err


def test_a_name_that_is_no_text_is_nobodys(command: Command, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    done = command("pause", "--strategy", "\udcff", "--config", journal.config)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(r"a name is no text: '\udcff'")


# --- halting ----------------------------------------------------------------------------------


async def halts(service: Service) -> None:
    """Halt, and see that no order arrives any more."""
    done = await service.command("halt", "--reason", "a test")
    halted_ms = now_ms()
    assert (done.returncode, done.stderr) == (0, "")
    await trio.sleep(2)
    assert service.placings(halted_ms + HALTED_MS) == []


async def lifts(service: Service) -> None:
    assert (await service.command("halt", "--lift", "--yes")).returncode == 0


@pytest.mark.ceiling(180)
async def test_a_halt_stops_orders_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        for _ in range(2):
            await halts(service)
            assert "a test" in (await service.command("status")).stdout
            await lifts(service)
            await service.traded()
        # The configuration, the socket and the journal may be broken as they like.
        (tmp_path / "strategies.toml").write_text("[[[")
        for file in (tmp_path / ".alphabot").iterdir():
            if file.suffix == ".sock":
                file.unlink()
            elif file.suffix == ".db":
                file.write_bytes(b"\xff" * file.stat().st_size)
        await halts(service)


@pytest.mark.ceiling(120)
async def test_a_halt_is_in_force_when_a_plugin_lets_go_of_the_loop(tmp_path: Path) -> None:
    async with running(tmp_path, HANGS) as service:
        (tmp_path / "hang").write_text("3")
        while not (tmp_path / "hanging").exists():
            await trio.sleep(0.01)
        await halts(service)
        await trio.sleep(3)
        assert service.placings(now_ms() - 3000) == []


@pytest.mark.ceiling(120)
async def test_a_service_that_starts_halted_says_so_and_waits(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await halts(service)
        service.process.send_signal(signal.SIGKILL)
        await service.process.wait()
        with (tmp_path / "again").open("wb") as output:
            again = await trio.lowlevel.open_process(
                [sys.executable, "-m", "alphabot", "run"],
                cwd=tmp_path,
                env=ENVIRONMENT,
                stdout=output,
                stderr=output,
            )
        began_ms = now_ms()
        with trio.fail_after(20):
            await trio.lowlevel.checkpoint()
            while "a test" not in (tmp_path / "again").read_text("utf-8"):
                await trio.sleep(0.1)
        await trio.sleep(2)
        assert "Halted" in (tmp_path / "again").read_text("utf-8")
        assert service.placings(began_ms) == []
        again.send_signal(signal.SIGTERM)
        with trio.fail_after(20):
            assert await again.wait() == 0


def test_a_halt_is_lifted_by_a_person_alone(command: Command, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert "Nothing is halted" in command("halt", "--lift", "--config", journal.config).out
    assert command("halt", "--config", journal.config).code == 0
    done = command("halt", "--lift", "--config", journal.config)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert (tmp_path / ".alphabot" / "halted").exists()
    assert command("halt", "--lift", "--yes", "--config", journal.config).code == 0
    assert not (tmp_path / ".alphabot" / "halted").exists()


def test_a_halt_where_no_service_can_be_is_refused(command: Command, tmp_path: Path) -> None:
    done = command("halt", "--config", tmp_path / "strategies.toml")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []
