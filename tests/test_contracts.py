"""The import contracts and the async lints of pyproject.toml and .flake8 bite.

Both are configuration, and a configuration that is misread keeps silent. So each is given a small
house of its own: once as it should be, once with every rule broken.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import tomli

ROOT = Path(__file__).parent.parent
CONTRACTS = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
ROOMS = {
    word.strip(" ()") for row in CONTRACTS[0]["layers"] for word in row.replace("|", ":").split(":")
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package with every room, all empty, under our configuration."""
    for room in ["", *ROOMS, "exchange/wire"]:
        (tmp_path / "alphabot" / room).mkdir(parents=True, exist_ok=True)
        (tmp_path / "alphabot" / room / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / ".flake8").write_bytes((ROOT / ".flake8").read_bytes())
    return tmp_path


def run(house: Path, tool: str, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    return subprocess.run(command, cwd=house, capture_output=True, check=False, text=True).stdout


def write(house: Path, modules: list[tuple[str, str]]) -> None:
    for module, text in modules:
        (house / f"alphabot/{module}.py").write_text(text)


ALLOWED = [
    ("errors/__init__", "import pathlib"),
    ("core/a", "import alphabot.errors"),
    ("exchange/http", "import alphabot.core.a, httpx, h11"),
    ("simulator/door", "import h11, starlette"),
    ("cli/a", "import alphabot.wiring, rich"),
    ("log/a", "import loguru"),
]

# Importer, import, and the chain that the report must show.
FORBIDDEN = [
    ("core/b", "import alphabot.ports", "core.b -> alphabot.ports"),
    ("runtime/b", "import alphabot.store", "runtime.b -> alphabot.store"),
    ("store/b", "def f():\n    from alphabot.cli import a", "store.b -> alphabot.cli.a"),
    ("attic", "", "alphabot.attic"),
    ("core/c", "from time import time", "core.c -> time"),
    ("exchange/wire/b", "import trio", "exchange.wire.b -> trio"),
    ("exchange/wire/c", "import alphabot.log.a", "exchange.wire.c -> alphabot.log.a"),
    ("store/c", "import httpx", "store.c -> httpx"),
    ("simulator/b", "import alphabot.core.a", "simulator.b -> alphabot.core.a"),
    ("simulator/c", "import alphabot.exchange.http", "simulator.c -> alphabot.exchange.http"),
    ("exchange/b", "import hypercorn.trio", "exchange.b -> hypercorn"),
]


def test_contracts_allow_what_they_should(house: Path) -> None:
    write(house, ALLOWED)
    report = run(house, "lint-imports", "--no-logo")
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report


def test_contracts_bite(house: Path) -> None:
    write(house, [*ALLOWED, *((module, text) for module, text, _ in FORBIDDEN)])
    report = run(house, "lint-imports", "--no-logo")
    assert f"Contracts: 0 kept, {len(CONTRACTS)} broken." in report
    assert [chain for _, _, chain in FORBIDDEN if chain not in report] == []


def test_async_lint_bites(house: Path) -> None:
    (house / "alphabot/a.py").write_text(
        """
import trio

async def close_without_a_shield():
    try:
        await trio.sleep(1)
    finally:
        await trio.sleep(1)

async def swallow():
    try:
        await trio.sleep(1)
    except BaseException:
        await trio.sleep(1)

async def yield_in_a_nursery():
    async with trio.open_nursery():
        yield 1

async def never_wait():
    while True:
        pass

async def wait_perhaps(wait):
    if wait:
        await trio.sleep(1)
"""
    )
    report = run(house, "flake8")
    expected = {"ASYNC102", "ASYNC103", "ASYNC101", "ASYNC900", "ASYNC913", "ASYNC910"}
    assert {code for code in expected if code not in report} == set(), report
