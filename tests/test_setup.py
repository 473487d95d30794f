"""The set-up: `./just` on a machine that is made up, the locks, and the wheel.

The real one, from nothing and over the network, is what `.ci/run` does.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))

# Stand-ins that write into ../log what they were asked to do. Python is real, but for its pip.
PYTHON = """#!/bin/sh
case "$*" in
"-m pip --version") ;;
"-m pip install "*)
    echo pip >>../log
    mkdir -p .tools/bin
    cp ../machine/uv .tools/bin/uv
    [ ! -e ../no-network ] || exit 1
    sleep 0.1
    cp ../machine/just .tools/bin/just ;;
*) exec '{python}' "$@" ;;
esac
"""
UV = """#!/bin/sh
echo "uv $1 $2" >>../log
[ ! -e ../no-network ] || exit 1
case "$1" in venv) rm -rf .venv; mkdir -p .venv/bin; cp ../machine/uv .venv/bin/python ;; esac
"""
JUST = """#!/bin/sh
shift 2
echo "just $*" >>../log
"""
FROM_NOTHING = ["uv venv --quiet", "uv pip sync", "uv pip install"]
IN_PLACE = ["uv pip sync", "uv pip install"]


class Clone:
    """A clone of the repository on a machine of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "log"
        self.no_network = folder.parent / "no-network"
        machine = folder.parent / "machine"
        machine.mkdir()
        for name, text in [
            ("python3", PYTHON.format(python=sys.executable)),
            ("uv", UV),
            ("just", JUST),
        ]:
            (machine / name).write_text(text)
            (machine / name).chmod(0o755)
        self.environment = {"PATH": f"{machine}:{os.environ['PATH']}", "HOME": str(machine)}
        folder.mkdir()
        for name in ["just", "tools.lock", "requirements.lock", "pyproject.toml"]:
            shutil.copy(ROOT / name, folder)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.folder / "just", *arguments],
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and what was complained about."""
        process = self.start(*arguments)
        complaint = process.communicate()[1]
        return process.returncode, complaint

    def did(self) -> list[str]:
        """Return what was done since the last time."""
        done = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return done


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "a clone")


def test_tools_are_fetched_once(clone: Clone) -> None:
    assert clone.call("test", "-x") == (0, "Fetching just and uv into .tools\n")
    assert clone.did() == ["pip", "just test -x"]
    assert clone.call("run") == (0, "")
    assert clone.did() == ["just run"]


def test_venv_is_made_once(clone: Clone) -> None:
    assert clone.call("--setup")[0] == 0
    assert clone.did() == ["pip", *FROM_NOTHING]
    assert clone.call("--setup") == (0, "")
    assert clone.did() == []


def test_new_lock_is_installed_in_place(clone: Clone) -> None:
    clone.call("--setup")
    clone.did()
    with (clone.folder / "requirements.lock").open("a") as lock:
        lock.write("# newer\n")
    assert clone.call("--setup")[0] == 0
    assert clone.did() == IN_PLACE


def test_moved_clone_gets_a_new_venv(clone: Clone) -> None:
    clone.call("--setup")
    clone.did()
    clone.folder = clone.folder.rename(clone.folder.with_name("moved"))
    assert clone.call("--setup")[0] == 0
    assert clone.did() == FROM_NOTHING


@pytest.mark.parametrize("lost", [".tools/stamp", ".tools/bin/just", ".tools"])
def test_broken_tools_are_repaired(clone: Clone, lost: str) -> None:
    clone.call("--setup")
    clone.did()
    path = clone.folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert clone.call("run")[0] == 0
    assert clone.did() == ["pip", "just run"]


@pytest.mark.parametrize("lost", [".venv/stamp", ".venv/bin/python", ".venv"])
def test_broken_venv_is_repaired(clone: Clone, lost: str) -> None:
    clone.call("--setup")
    clone.did()
    path = clone.folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert clone.call("--setup")[0] == 0
    assert clone.did() == FROM_NOTHING


def test_failed_set_up_is_repaired_by_the_next_call(clone: Clone) -> None:
    clone.no_network.touch()
    assert clone.call("run")[0] != 0
    assert clone.did() == ["pip"]  # and no recipe ran
    clone.no_network.unlink()
    assert clone.call("run")[0] == 0
    assert clone.did() == ["pip", "just run"]

    clone.no_network.touch()
    assert clone.call("--setup")[0] != 0
    clone.no_network.unlink()
    clone.did()
    assert clone.call("--setup")[0] == 0
    assert clone.did() == FROM_NOTHING


def test_calls_at_once_set_up_once(clone: Clone) -> None:
    calls = [clone.start("--setup") for _ in range(4)]
    for call in calls:
        call.communicate()
    assert [call.returncode for call in calls] == [0, 0, 0, 0]
    assert clone.did() == ["pip", *FROM_NOTHING]


@pytest.mark.parametrize(
    ("python", "complaint"),
    [
        (None, "alphabot: fake was not found; Python 3.11 or newer is needed"),
        ("exit 1", "alphabot: fake does not start; Python 3.11 or newer is needed"),
        ("echo 3.9", "alphabot: fake is Python 3.9; 3.11 or newer is needed"),
        ("echo 2.7", "alphabot: fake is Python 2.7; 3.11 or newer is needed"),
        (
            f'[ "$2" = pip ] || exec \'{sys.executable}\' "$@"; exit 1',
            "alphabot: fake has no pip; install it",
        ),
    ],
    ids=["missing", "broken", "3.9", "2.7", "no pip"],
)
def test_unfit_python_is_named_in_one_line(
    clone: Clone, python: str | None, complaint: str
) -> None:
    clone.environment["PYTHON"] = "fake"
    if python:
        fake = clone.folder.parent / "machine/fake"
        fake.write_text(f"#!/bin/sh\n{python}\n")
        fake.chmod(0o755)
    code, said = clone.call("run")
    assert code == 1
    assert said.startswith(complaint)
    assert said.count("\n") == 1
    assert clone.did() == []


def pinned(lock: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, version and the rest of every entry of a lock."""
    for entry in (ROOT / lock).read_text("utf-8").replace("\\\n", " ").splitlines():
        found = re.match(r"([a-z0-9-]+)==(\S+)(.*)", entry)
        assert found, f"not pinned: {entry}"
        yield found[1], found[2], found[3]


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        (
            "requirements.lock",
            PROJECT["project"]["dependencies"]
            + PROJECT["dependency-groups"]["dev"]
            + PROJECT["build-system"]["requires"],
        ),
        ("tools.lock", PROJECT["dependency-groups"]["tools"]),
    ],
)
def test_lock_holds_what_was_asked_for(lock: str, asked: list[str]) -> None:
    versions = {name: version for name, version, _ in pinned(lock)}
    for requirement in map(Requirement, asked):
        assert requirement.name in versions, f"`just lock` was forgotten: {requirement}"
        assert versions[requirement.name] in requirement.specifier


@pytest.mark.parametrize("lock", ["requirements.lock", "tools.lock"])
def test_lock_is_hashed(lock: str) -> None:
    assert [name for name, _, rest in pinned(lock) if "--hash=sha256:" not in rest] == []


def test_wheel_carries_plugins_and_configuration(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    beside = {
        f"alphabot/_plugins/{file.relative_to(ROOT / 'plugins').as_posix()}"
        for file in ROOT.glob("plugins/**/*")
        if file.suffix in {".py", ".md"}
    }
    assert beside | {"alphabot/_strategies.toml", "alphabot/__main__.py"} <= names
    assert not [name for name in names if name.startswith(("tests", "plugins"))]
