"""Live mode as people run it: a process of its own, sealed users, an exchange behind sockets.

The exchange is the simulated one, and this process judges by what it saw.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import trio

from alphabot.clocks import SystemClock
from alphabot.simulator import (
    Addresses,
    ExchangeSettings,
    SimulatedExchange,
    credentials_for,
    serve_sockets,
)
from tests.cli.processes import ENVIRONMENT
from tests.cli.sessions import LIMITS, config, pasted
from tests.cli.typing_it import MANUALS, script_of, typed

pytestmark = pytest.mark.outside

FAST = ExchangeSettings(fill_delay_ms=(5, 20), step_ms=100)
PATIENCE_SECONDS = 60


def secrets_of(user_id: int) -> list[str]:
    """Return what must not be seen of a user."""
    headers = credentials_for(1, user_id)
    values = [part.rpartition("=")[2] for part in headers["Cookie"].split("; ")]
    return [value for value in (*values, headers["csrftoken"]) if len(value) > 8]


@dataclass
class Folder:
    """Where somebody trades live from, and the exchange that is traded on."""

    path: Path
    exchange: SimulatedExchange
    addresses: Addresses

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command, in which the key lies elsewhere."""
        return {**ENVIRONMENT, "ALPHABOT_KEY_FILE": str(self.path.parent / "key")}

    def configure(self, **values: object) -> None:
        """Write the configuration."""
        (self.path / "strategies.toml").write_text(config(self.addresses, **values))  # type: ignore[arg-type]

    async def command(
        self, *arguments: str, text: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with this on its standard input."""
        with trio.fail_after(PATIENCE_SECONDS):
            done = await trio.run_process(
                [sys.executable, "-m", "alphabot", *arguments],
                cwd=self.path,
                env=self.environment | environment,
                stdin=text.encode(),
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    @asynccontextmanager
    async def running(
        self, output: Path, seconds: float = PATIENCE_SECONDS
    ) -> AsyncIterator[trio.Process]:
        """Run the service beside the block, which has a minute unless it says otherwise."""
        with output.open("wb") as file:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", "alphabot", "run", "--live", "--yes-i-know"],
                cwd=self.path,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        try:
            with trio.fail_after(seconds):
                await trio.lowlevel.checkpoint()
                yield process
        finally:
            if process.poll() is None:
                process.kill()
            with trio.CancelScope(shield=True), trio.move_on_after(10):
                await process.wait()

    async def add(self, *names: str) -> None:
        """Make a key, and a user of each name."""
        assert (await self.command("users", "init")).returncode == 0
        for user_id, name in enumerate(names, 1):
            text = pasted(user_id, self.addresses)
            done = await self.command("users", "add", name, text=text)
            assert done.returncode == 0, done.stderr

    def private_calls(self, user_id: int | None, after_ms: int = 0) -> int:
        """Return how many private calls came from a user; None are those it did not know."""
        calls = self.exchange.ledger.calls
        return sum(call.user_id == user_id and call.at_ms > after_ms for call in calls)

    def secrets_seen(self, users: Sequence[int], *texts: str) -> list[str]:
        """Return the secrets that are in these texts, or in clear in any file of the folder."""
        files = [path for path in self.path.rglob("*") if path.is_file()]
        places = [*(text.encode() for text in texts), *(path.read_bytes() for path in files)]
        values = [value for user in users for value in secrets_of(user)]
        return [value for value in values if any(value.encode() in raw for raw in places)]


@asynccontextmanager
async def folder_of(tmp_path: Path, **values: object) -> AsyncIterator[Folder]:
    """Lend a folder whose configuration names an exchange that is served here."""
    (tmp_path / "work").mkdir()
    exchange = SimulatedExchange(FAST, SystemClock())
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve_sockets, exchange))
        folder = Folder(tmp_path / "work", exchange, addresses)
        folder.configure(**values)
        yield folder
        nursery.cancel_scope.cancel()


async def test_from_the_first_user_to_the_final_table(tmp_path: Path) -> None:
    async with folder_of(tmp_path, users="[1, 2]") as folder:
        await folder.add("anna", "bert")
        checked = await folder.command("users", "check", "anna")
        assert checked.returncode == 0, checked.stderr
        asked = await folder.command("run", "--live")
        assert asked.returncode == 2
        assert "1 (anna), 2 (bert)" in asked.stderr
        assert "10.00 USDT by all users together" in asked.stderr
        assert not folder.exchange.ledger.requests
        done = await folder.command("run", "--live", "--yes-i-know", "--json")
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        assert [row["ending"] for row in rows] == ["reached", "reached"]
        assert {r.user_id for r in folder.exchange.ledger.requests if r.accepted} == {1, 2}
        # The same users and limits were agreed to once; other limits were not.
        again = await folder.command("run", "--live")
        assert again.returncode == 0, again.stderr
        assert "already" in again.stdout
        folder.configure(users="[1, 2]", limits=LIMITS.replace("= 500", "= 600"))
        other = await folder.command("run", "--live")
        assert other.returncode == 2
        assert folder.secrets_seen([1, 2], done.stdout, done.stderr, again.stdout) == []


@pytest.mark.parametrize("trouble", ["expiry", "challenge"])
async def test_who_is_turned_away_is_silent_and_the_others_go_on(
    tmp_path: Path, trouble: str
) -> None:
    async with folder_of(tmp_path, users="[1, 2]", target=120) as folder:
        await folder.add("anna", "bert")
        exchange, output = folder.exchange, tmp_path / "output"
        async with folder.running(output) as process:
            while not any(r.user_id == 1 and r.accepted for r in exchange.ledger.requests):
                assert process.poll() is None, output.read_text()
                await trio.sleep(0.01)
            refused = 1 if trouble == "challenge" else None
            before = folder.private_calls(refused)
            (exchange.expire_session if trouble == "expiry" else exchange.raise_challenge)(1)
            while folder.private_calls(refused) == before:
                await trio.sleep(0.01)
            told_ms = exchange.ledger.calls[-1].at_ms
            placed = len([r for r in exchange.ledger.requests if r.user_id == 1])
            assert await process.wait() == 1
        # At most one call was under way beside the one that was refused first.
        assert folder.private_calls(refused, told_ms) <= 1
        assert len([r for r in exchange.ledger.requests if r.user_id == 1]) == placed
        said = output.read_text("utf-8")
        assert "needs a person" in said
        assert "target reached" in said
        assert folder.secrets_seen([1, 2], said) == []
        standing = await folder.command("users", "check", "anna", "--json")
        word, code = ("challenge", 3) if trouble == "challenge" else ("expired", 2)
        assert (json.loads(standing.stdout)["standing"], standing.returncode) == (word, code)


async def test_whatever_is_missing_is_said_and_nothing_leaves(tmp_path: Path) -> None:
    async with folder_of(tmp_path) as folder:
        await folder.add("anna")
        file = folder.path / "strategies.toml"
        text = file.read_text("utf-8")

        async def refusal(*arguments: str, **environment: str) -> str:
            done = await folder.command("run", *arguments, **environment)
            assert (done.returncode, done.stdout) == (2, ""), done.stderr
            assert "Traceback" not in done.stderr
            return done.stderr.splitlines()[-1]

        assert "--live" in await refusal()
        assert "--live" in await refusal("--yes-i-know")
        assert "agreed" in await refusal("--live")
        file.write_text(text.replace('"live"', '"simulated"'))
        assert "mode" in await refusal("--live", "--yes-i-know")
        file.write_text(text.replace("max_exposure_usdt = 100\n", ""))
        line = await refusal("--live", "--yes-i-know")
        assert "strategies.toml:" in line
        assert "no default for max_exposure_usdt" in line
        file.write_text(text.replace("user_ids = [1]", "user_ids = [1, 5]"))
        line = await refusal("--live", "--yes-i-know")
        assert line.startswith("strategies.toml:")
        assert "no such user was added: 5" in line
        file.write_text(text)
        keys = str(tmp_path / "keys")
        line = await refusal("--live", "--yes-i-know", SSLKEYLOGFILE=keys)
        assert "SSLKEYLOGFILE" in line
        assert (await folder.command("users", "disable", "anna")).returncode == 0
        assert "disabled" in await refusal("--live", "--yes-i-know")
        assert not await trio.Path(keys).exists()
        assert not folder.exchange.ledger.calls
        for command in (["check"], ["tokens", "--limit", "1"]):
            done = await folder.command(*command)
            assert done.returncode == 0, done.stderr
        assert not folder.exchange.ledger.calls


async def test_a_running_service_has_the_database(tmp_path: Path) -> None:
    async with folder_of(tmp_path, target=100_000) as folder:
        await folder.add("anna")
        async with folder.running(tmp_path / "output") as process:
            while not folder.exchange.ledger.requests:
                assert process.poll() is None
                await trio.sleep(0.02)
            done = await folder.command("users", "list")
            assert done.returncode == 1
            assert f"in use by process {process.pid}" in done.stderr
            limits = await trio.Path(f"/proc/{process.pid}/limits").read_text()
            assert re.search(r"Max core file size +0 +0 ", limits)


@pytest.mark.ceiling(180)
@pytest.mark.parametrize("manual", MANUALS)
async def test_the_script_in_the_readme(tmp_path: Path, manual: str) -> None:
    """What the manual shows is what happens, typed into a shell line by line."""
    home = trio.Path(tmp_path, "home")
    done = await typed(await script_of(manual, "--live"), home)
    assert done.returncode == 0, done.stderr
    assert "anna" in done.stdout
    assert "target reached" in done.stdout
    assert await (home / ".config" / "alphabot" / "key").exists()
