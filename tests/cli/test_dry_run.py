"""A dry run as people run it: processes of its own, and all that it says to the real hosts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from alphabot.simulator import Addresses
from tests.cli.processes import ENVIRONMENT
from tests.cli.sessions import NOWHERE, config
from tests.cli.typing_it import MANUALS, script_of, typed
from tests.tapping import PUBLIC_PATHS, Tap, forwarding

pytestmark = pytest.mark.outside

PATIENCE_SECONDS = 100
"""For one command, on a machine with much else to do."""


def dry(addresses: Addresses, target: int = 40) -> str:
    """Return the configuration of a dry run on the market at these addresses."""
    return config(addresses, users="[1, 2]", target=target).replace('"live"', '"dry-run"')


async def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with trio.fail_after(PATIENCE_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "alphabot", *arguments],
            cwd=folder,
            env=ENVIRONMENT,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


@asynccontextmanager
async def real_hosts() -> AsyncIterator[Addresses]:
    """Serve an exchange from another process, in the place of the real hosts."""
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "alphabot", "exchange", "--json"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        line = b""
        with trio.fail_after(PATIENCE_SECONDS):
            while b"\n" not in line:
                line += await process.stdout.receive_some()
        told = json.loads(line.partition(b"\n")[0])
        names = ("rest_url", "order_stream_url", "market_stream_url")
        yield Addresses(*(told[name] for name in names))
    finally:
        process.kill()
        with trio.CancelScope(shield=True), trio.move_on_after(10):
            await process.wait()


@pytest.mark.ceiling(240)
async def test_from_check_to_journal_only_public_things_are_asked_for(tmp_path: Path) -> None:
    tap = Tap()
    file = tmp_path / "strategies.toml"
    async with real_hosts() as exchange, forwarding(exchange, tap) as addresses:
        file.write_text(dry(addresses))
        checked = await command(tmp_path, "check")
        assert checked.returncode == 0, checked.stderr
        assert "DRY RUN" in checked.stdout
        # Killed while it trades, it carries on with the accounts it had.
        file.write_text(dry(addresses, target=100_000))
        killed = await trio.lowlevel.open_process(
            [sys.executable, "-m", "alphabot", "run"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert killed.stdout is not None
        said = b""
        with trio.fail_after(PATIENCE_SECONDS):
            await trio.lowlevel.checkpoint()
            while b"Buy filled" not in said:
                said += await killed.stdout.receive_some()
        killed.kill()
        await killed.wait()
        file.write_text(dry(addresses))
        done = await command(tmp_path, "run", "--json")
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        assert [(row["ending"], row["dry_run"]) for row in rows] == [("reached", True)] * 2
        shown = await command(tmp_path, "journal", "show", "1")
        status = await command(tmp_path, "status")
        for text in (shown.stdout, status.stdout):
            assert "DRY RUN: real prices, simulated accounts and fills" in text
        flagged = await command(tmp_path, "run", "--live")
        assert flagged.returncode == 2
        assert "the mode here is dry-run" in flagged.stderr
    assert tap.strangers() == set()
    assert tap.paths == PUBLIC_PATHS
    assert tap.streams


async def test_a_market_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "strategies.toml").write_text(dry(NOWHERE))
    for arguments in (["run"], ["check"]):
        done = await command(tmp_path, *arguments)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("the exchange does not answer")
        assert "Traceback" not in done.stderr
    assert not (tmp_path / ".alphabot").exists()


@pytest.mark.ceiling(180)
@pytest.mark.parametrize("manual", MANUALS)
async def test_the_script_in_the_readme(tmp_path: Path, manual: str) -> None:
    script = await script_of(manual, 'mode = "dry-run"')
    done = await typed(script, trio.Path(tmp_path, "home"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("DRY RUN") == 3
    assert "target reached" in done.stdout
    assert "1-1 placed: BUY" in done.stdout
