"""The scripts of the README, typed into a shell, in a folder and a home of their own."""

from __future__ import annotations

import re
import subprocess
import sys

import trio

from tests.cli.processes import ENVIRONMENT, ROOT

__all__ = ["MANUALS", "script_of", "typed"]

MANUALS = ("README.md", "README.zh-CN.md")
PATIENCE_SECONDS = 150


async def script_of(manual: str, saying: str) -> str:
    """Return the one script of a manual that starts an exchange and says this."""
    text = await trio.Path(ROOT, manual).read_text("utf-8")
    scripts: list[str] = re.findall(r"```bash\n(alphabot exchange .*?)```", text, re.DOTALL)
    (script,) = (script for script in scripts if saying in script)
    return script


async def typed(script: str, home: trio.Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a new folder of a new home, where alphabot is a command."""
    await (home / "bin").mkdir(parents=True)
    await (home / "work").mkdir()
    shim = home / "bin" / "alphabot"
    await shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m alphabot "$@"\n')
    await shim.chmod(0o755)
    environment = {
        name: value for name, value in ENVIRONMENT.items() if name != "XDG_CONFIG_HOME"
    } | {"HOME": str(home), "PATH": f"{home / 'bin'}:{ENVIRONMENT['PATH']}"}
    with trio.fail_after(PATIENCE_SECONDS):
        done = await trio.run_process(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
            cwd=home / "work",
            env=environment,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
