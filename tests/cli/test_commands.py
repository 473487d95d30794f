"""The commands themselves: in processes of their own, or here where only the answer matters."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alphabot import __version__
from alphabot.__main__ import main
from alphabot.log import configure
from alphabot.simulator import credentials_for
from tests.cli.configurations import elsewhere
from tests.cli.processes import ENVIRONMENT, ROOT, alphabot

pytestmark = pytest.mark.outside

ONE_ROUND = """
language = "zh"

[exchange]
mode = "simulated"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 20
user_ids = [1]
"""

ELSEWHERE = elsewhere(1)

# What a round says, in this order; between them an order may be updated any number of times.
A_ROUND = """
策略开始执行, strategy_id=koge
代币交易量倍数, token=KOGE, mul_point=1
OTO订单下单成功, working_order_id=(?P<buy>\\d+)
等待买单成交, order_id=(?P=buy)
买单已成交, order_id=(?P=buy)
等待卖单成交, order_id=(?P<sell>\\d+)
卖单已成交, order_id=(?P=sell)
OTO订单完全成交, amount=30, filled=[\\d.]+, mul_point=1, real_trade_volume=[\\d.]+
交易成功, trade_volume=[\\d.]+, progress=[\\d.]+%
"""


Here = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    """Run a command in this process; return its exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        return main(arguments), *capsys.readouterr()

    mask = os.umask(0)
    yield run
    os.umask(mask)
    configure("zh")


@contextmanager
def exchange(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the simulated exchange and end it at last."""
    process = subprocess.Popen(
        [sys.executable, "-m", "alphabot", "exchange", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_help_names_the_commands_and_the_exit_codes() -> None:
    done = alphabot("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("run", "exchange", "reset", "130 interrupted"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "command", ["run", "exchange", "reset", "status", "pause", "resume", "drain", "stop", "halt"]
)
def test_every_command_explains_itself(here: Here, command: str) -> None:
    code, out, err = here(command, "--help")
    assert (code, err) == (0, "")
    assert f"alphabot {command}" in out


def test_version() -> None:
    done = alphabot("--version")
    assert (done.returncode, done.stdout) == (0, f"alphabot {__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["rnu"], ["run", "--cofnig", "x"]])
def test_who_only_asks_or_mistypes_does_not_wait_for_the_service(arguments: list[str]) -> None:
    script = f"""
import sys
from alphabot.__main__ import main
main({arguments!r})
heavy = {{"httpx", "trio_websocket", "starlette", "hypercorn", "apsw", "tomli"}}
ours = {{"alphabot.wiring", "alphabot.simulator", "alphabot.exchange", "alphabot.store"}}
sys.exit(" ".join((heavy | ours) & set(sys.modules)) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], ["rnu", "run", "exchange"]),
        (["--bogus"], ["--bogus"]),
        (["run", "--cofnig", "x"], ["--cofnig", "--config"]),
        (["run", "--seed", "x"], ["--seed", "x"]),
        (["run", "--config"], ["--config"]),
        (["run", "--config", "/no/such/file.toml"], ["/no/such/file.toml"]),
        (["reset"], ["strategy"]),
        (["exchange", "--rest-port", "70000"], ["--rest-port", "70000"]),
        (["exchange", "\x1b[31m\u202e"], ["\\x1b[31m\\u202e"]),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    here: Here, arguments: list[str], words: list[str]
) -> None:
    code, out, err = here(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.rstrip("\n").isprintable()
    for word in words:
        assert word in err


def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "strategies.toml").write_text(ONE_ROUND.replace("target_volume", "target_volumn"))
    done = alphabot("run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.match(r"strategies\.toml:11: .*target_volume", done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["strategies.toml"]


def test_a_run_says_the_original_lines_and_ends_with_0(tmp_path: Path) -> None:
    (tmp_path / "strategies.toml").write_text(ONE_ROUND)
    done = alphabot("run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    log, table = done.stdout.split("\n\n")
    told = "\n".join(line.split(" | ", 2)[2] for line in log.splitlines())
    rest_of_line_and_others = r"(?:, .*)?\n(?:.*\n)*?"
    assert re.search(A_ROUND.strip().replace("\n", rest_of_line_and_others), told), told
    assert "已达目标" in table
    written = [path for path in tmp_path.rglob("*") if path.name != "strategies.toml"]
    assert written
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_json_comes_alone_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(ONE_ROUND)
    done = alphabot("run", "koge", "--config", "mine.toml", "--seed", "7", "--json", cwd=tmp_path)
    assert done.returncode == 0
    (row,) = json.loads(done.stdout)
    assert (row["strategy_id"], row["ending"]) == ("koge", "reached")


def test_reset_of_the_embedded_exchange_is_refused(here: Here, tmp_path: Path) -> None:
    config = tmp_path / "strategies.toml"
    config.write_text(ONE_ROUND)
    code, _, err = here("reset", "koge", "--config", str(config))
    assert (code, err.count("\n")) == (2, 1)


def test_reset_of_an_exchange_that_stays(here: Here, tmp_path: Path) -> None:
    config = tmp_path / "strategies.toml"
    config.write_text(ELSEWHERE)
    for arguments, expected in ((), 0), (("--user", "1"), 0), (("--user", "2"), 2):
        code, _, _ = here("reset", "koge", *arguments, "--config", str(config))
        assert code == expected
    assert here("reset", "aop", "--config", str(config))[0] == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_the_exchange_serves_until_it_is_told_to_stop(number: signal.Signals, code: int) -> None:
    with exchange("--json", "--seed", "5") as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        process.send_signal(number)
        assert process.stdout.read() == ""
        assert process.wait() == code
    assert told["seed"] == 5
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["rest_url"])
    assert told["credentials"]["of_user_1"] == credentials_for(5, 1)


def test_a_port_that_is_taken_is_bad_input(here: Here) -> None:
    with exchange("--json") as process:
        assert process.stdout
        port = json.loads(process.stdout.readline())["rest_url"].rpartition(":")[2]
        refused = [here("exchange", kind, port) for kind in ("--rest-port", "--stream-port")]
    for code, out, err in refused:
        assert (code, out, err.count("\n")) == (2, "", 1)


def test_the_rule_for_credentials_is_true() -> None:
    def hexed(word: str) -> str:
        return hashlib.blake2b(f"7/{word}/42".encode(), digest_size=16).hexdigest()

    cr00 = hexed("cr00")
    assert credentials_for(7, 42) == {
        "Cookie": f"cr00={cr00}; logined=y; p20t=web.42.{hexed('login')}",
        "csrftoken": hashlib.md5(cr00.encode(), usedforsecurity=False).hexdigest(),
        "clienttype": "web",
    }
