"""The wheel, as somebody installs it: built, looked into, installed where nothing else is, and run.

Nothing here needs a network. The build backend is the environment's own. The new environment gets
the wheel by its own pip (which Python brings along), and what the wheel depends on from the
environment that runs the tests, put behind everything that was installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
TARGET = 20
"""USDT: one round of each strategy."""

pytestmark = [pytest.mark.ceiling(240), pytest.mark.outside]


def done(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command with almost no environment; return what it printed, fail if it failed."""
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"PATH": os.defpath, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment; return the folder of its programs."""
    pytest.importorskip("ensurepip", reason="this Python cannot make an environment with pip")
    folder = tmp_path_factory.mktemp("installed")
    done(sys.executable, "-m", "venv", "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    done(python, "-m", "pip", "install", "--no-index", "--no-deps", wheel, cwd=folder)
    site = done(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    # A path in a .pth file comes last, and the .pth files over there are not read: our own
    # editable installation is not seen.
    Path(site.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def test_it_carries_the_package_the_plugins_and_the_configuration(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "alphabot").rglob("*.py")}
    assert package <= names
    assert "alphabot/_strategies.toml" in names
    for path in (ROOT / "plugins").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert f"alphabot/_plugins/{path.relative_to(ROOT / 'plugins')}" in names


def test_it_carries_nothing_that_only_we_need(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    folders = {name.split("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"alphabot"}
    assert [n for n in names if re.search(r"__pycache__|\.pyc$|\.db$|/\.[^/]", n)] == []


def test_none_of_its_files_mentions_this_machine(wheel: Path) -> None:
    here = {str(ROOT), str(Path.home()), sys.prefix} - {"/"}
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert [path for path in here if path.encode() in content] == [], name


def test_what_is_installed_is_the_wheel_and_not_this_folder(environment: Path) -> None:
    asked = "import alphabot; print(alphabot.__file__)"
    found = done(environment / "python", "-c", asked, cwd=environment.parent)
    assert Path(found.strip()).is_relative_to(environment.parent)


def test_two_commands_in_an_empty_folder_trade_to_the_target(
    environment: Path, tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    program = environment / "alphabot"
    done(program, "init", cwd=folder, HOME=str(home))
    file = folder / "strategies.toml"
    text, count = re.subn(
        r"(?m)^target_volume = \d+", f"target_volume = {TARGET}", file.read_text()
    )
    assert count >= 1
    file.write_text(text)
    done(program, "run", cwd=folder, HOME=str(home))
    assert (folder / ".alphabot" / "simulated.db").is_file()
    assert list(home.iterdir()) == []
