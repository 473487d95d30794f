"""What a run leaves on the disk and in memory is its user's alone, whatever the umask."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from tests.cli.processes import alphabot
from tests.cli.service import running
from tests.cli.test_live import folder_of

pytestmark = pytest.mark.outside

LOG = '\n[log]\nfile = "logs/a.log"\nrotate_bytes = 10000\njson = true\n'
UNDER_WATCH = """
import ctypes, json, os, resource, sys
from alphabot.__main__ import main
code = main(["run", "--live", "--yes-i-know"])
found = [code, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE)]
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
"""


def modes(folder: Path) -> dict[str, int]:
    """Return the mode of everything in a folder, and of that."""
    paths = [folder, *folder.rglob("*")]
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.lstat().st_mode) for path in paths
    }


async def test_every_file_of_a_run_is_its_users_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        async with running(tmp_path, log=LOG) as service:
            await service.seen((tmp_path / "logs" / "a.log.1").exists)
            assert (await service.command("halt")).returncode == 0
            found = modes(tmp_path / ".alphabot")
            logs = modes(tmp_path / "logs")
    finally:
        os.umask(mask)
    endings = {Path(name).suffix for name in found}
    assert {".db", ".db-wal", ".db-shm", ".lock", ".mark", ".sock"} <= endings
    assert "halted" in found
    assert {name: mode for name, mode in found.items() if name != "." and mode != 0o600} == {}
    assert found["."] == logs.pop(".") == 0o700
    assert set(logs.values()) == {0o600}
    lines = (tmp_path / "logs" / "a.log.1").read_text().splitlines()
    assert all(json.loads(line)["time"] for line in lines)


def test_a_log_that_cannot_be_written_is_said_once_and_the_target_is_reached(
    tmp_path: Path,
) -> None:
    (tmp_path / "logs").touch()  # in the way of the folder
    (tmp_path / "strategies.toml").write_text(
        'language = "en"\n[log]\nfile = "logs/a.log"\n'
        '[[strategies]]\nstrategy_id = "koge"\ntarget_token = "KOGE"\ntarget_chain = "BSC"\n'
        "target_volume = 20\nuser_ids = [1]\n"
    )
    done = alphabot("run", "--log-json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    entries = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    keys = [entry["key"] for entry in entries]
    assert keys.count("log.file_failed") == 1
    assert "strategy.target_reached" in keys


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.ceiling(180)
async def test_a_live_run_leaves_no_core_and_lets_nobody_look(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0 or ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) != 1:
        pytest.skip("this process may leave no core file itself")
    async with folder_of(tmp_path) as folder:
        await folder.add("anna")
        with trio.fail_after(120):
            await trio.run_process(
                [sys.executable, "-c", UNDER_WATCH, str(tmp_path / "found")],
                cwd=folder.path,
                env=folder.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        assert json.loads((tmp_path / "found").read_text()) == [0, 0, 0, 0]
        key = folder.path.parent / "key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
