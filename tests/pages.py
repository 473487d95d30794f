"""Pages that tell a person what to write and type, followed to the letter in an empty folder.

A block of Python belongs to the file that the line before it names; one of TOML is a change to
``strategies.toml``; one of a shell is typed; a block of text after that is what must be seen.
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomli

__all__ = ["ROOT", "Block", "blocks", "follow", "section"]

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"(?P<before>[^\n]*)\n+```(?P<language>\w+)\n(?P<text>.*?)\n```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, and the line of prose before it."""

    before: str
    language: str
    text: str


def section(page: str, heading: str) -> str:
    """Return what stands under a heading of a page."""
    text = (ROOT / page).read_text("utf-8")
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a text."""
    for found in _BLOCK.finditer(text):
        yield Block(found["before"], found["language"], found["text"])


def follow(text: str, folder: Path) -> int:
    """Do what a text says; returns how many lines were to be seen. Fails with what was shown."""
    shown, seen = "", 0
    for block in blocks(text):
        if block.language == "python":
            (name,) = re.findall(r"`([\w/]+\.py)`", block.before)
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(block.text + "\n", "utf-8")
        elif block.language == "toml":
            _change(folder / "strategies.toml", block.text)
        elif block.language in ("sh", "console"):
            shown = "".join(_typed(line, folder) for line in block.text.splitlines())
        else:
            for line in block.text.splitlines():
                assert line in shown, f"{line!r} was to be seen:\n{shown}"
                seen += 1
    return seen


def _typed(line: str, folder: Path) -> str:
    """Run what a person types; ``./just run`` is what its recipe says."""
    command = line.removeprefix("$ ")
    recipe = (ROOT / "justfile").read_text("utf-8")
    if command == "./just run":
        assert 'run *ARGS: _setup\n    @exec .venv/bin/alphabot run "$@"' in recipe
        command = "alphabot run"
    scripts = sysconfig.get_path("scripts")
    ended = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={
            "PATH": f"{scripts}{os.pathsep}{os.defpath}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "COLUMNS": "200",
        },
        umask=0o022,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout + ended.stderr


def _change(file: Path, change: str) -> None:
    """Change these keys where their table stands in a file, or add the table at its end."""
    text = file.read_text("utf-8")
    for header in re.findall(r"(?m)^\[([\w.]+)\]$", change):
        own = change.split(f"[{header}]\n", 1)[1].split("\n[", 1)[0].strip("\n")
        if f"\n[{header}]\n" not in text:
            text += f"\n[{header}]\n{own}\n"
            continue
        before, table = text.split(f"\n[{header}]\n", 1)
        for line in own.splitlines():
            key = line.partition(" = ")[0]
            table, count = re.subn(rf"(?m)^{re.escape(key)} = .*", line, table, count=1)
            assert count, f"{key} is not in [{header}]"
        text = f"{before}\n[{header}]\n{table}"
    tomli.loads(text)
    file.write_text(text, "utf-8")
