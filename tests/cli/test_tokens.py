"""``alphabot tokens``: the ranking as a table and as JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

from alphabot.cli.tokens_text import PROBLEMS, Ranking, as_json, as_text
from alphabot.core.ranking import Cost, RankedToken
from alphabot.messages import Language
from tests.cli.boards import HOSTILE
from tests.cli.conftest import Command
from tests.cli.processes import alphabot
from tests.core.samples import NOON_MS, token

pytestmark = pytest.mark.outside

LANGUAGES: list[Language] = ["zh", "en"]
CHEAP = Cost(Decimal("4.05"), Decimal("0.1"), Decimal(2), Decimal("0.02"), Decimal("29.99"))
DEAR = Cost(Decimal(12345), Decimal(6789), Decimal(2), Decimal(999), Decimal("999999.99"))

ONE = """
language = "en"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 20
user_ids = [1]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "strategies.toml"
    path.write_text(ONE)
    return path


def ranking(*tokens: RankedToken) -> Ranking:
    return Ranking(Decimal(30), "divide", tokens, NOON_MS)


def several() -> Ranking:
    fresh = token("ALPHA_978", "SLX", mul_point=4, listed_at_ms=NOON_MS - 86_400_000 * 5)
    return ranking(
        RankedToken(token(), CHEAP, Decimal("29.99")),
        RankedToken(fresh, DEAR, Decimal("0.00000001")),
        RankedToken(token("ALPHA_9999999", HOSTILE * 3), None, Decimal(0), "not_trading"),
        RankedToken(token("ALPHA_1", "长" * 30), None, Decimal(0), "something_new"),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_80_columns_and_no_name_is_obeyed(language: Language) -> None:
    text = as_text(several(), language)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in "".join(text.split())


def test_the_figures() -> None:
    (line,) = (line for line in as_text(several(), "en").splitlines() if "KOGE" in line)
    assert line.split() == [
        *("KOGE", "BSC", "ALPHA_22", "1", "-", "4.1", "0.1", "2.0", "0.0", "6.2", "0.62"),
    ]
    (line,) = (line for line in as_text(several(), "en").splitlines() if "SLX" in line)
    assert line.split()[3:] == ["4", "25.0", "12,345", "6,789", "2.0", "999.0", "20,135", ">99,999"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_there_is_no_cost(language: Language) -> None:
    tokens = [RankedToken(token(), None, Decimal(0), problem) for problem in PROBLEMS]
    text = as_text(ranking(*tokens), language)
    for words in PROBLEMS.values():
        assert words[LANGUAGES.index(language)] in text


def test_json_has_every_figure_as_text() -> None:
    facts = json.loads(as_json(several()))
    first, second, third, _ = facts["tokens"]
    assert facts["multiplier"] == "divide"
    assert first["cost"]["total_bp"] == "6.17"
    assert (first["usdt_per_1000_credited"], first["window_days_left"]) == ("0.617", None)
    assert second["window_days_left"] == "25"
    assert (third["trades"], third["problem"], third["cost"]) == (False, "not_trading", None)


def test_tokens_of_the_embedded_exchange(command: Command, config: Path) -> None:
    done = command("tokens", "--config", config)
    assert (done.code, done.err) == (0, "")
    labels, *lines = done.out.partition("\n\n")[2].splitlines()
    assert labels.split()[0] == "token"
    assert len(lines) == 6
    assert lines[-1].endswith("not trading")
    assert [path.name for path in config.parent.iterdir()] == ["strategies.toml"]


def test_options(command: Command, config: Path) -> None:
    done = command(
        *("tokens", "--config", config, "--amount", "100.5", "--limit", "2", "--json"),
        *("--multiplier", "points", "--seed", "7"),
    )
    assert (done.code, done.err) == (0, "")
    facts = json.loads(done.out)
    assert (facts["amount_usdt"], facts["multiplier"]) == ("100.5", "points")
    first, second = facts["tokens"]
    # Prices move while they are asked for; that the dearer comes second does not change.
    per_1000 = [Decimal(each["usdt_per_1000_credited"]) for each in (first, second)]
    assert per_1000 == sorted(per_1000)
    cost = Decimal(first["cost"]["cost_usdt"])
    # Rounded to eight places each.
    expected = cost / Decimal(first["credited"]) * 1000
    assert abs(per_1000[0] - expected) < Decimal("0.000001")
    assert first["mul_point"] > 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--amount", "0"],
        ["--amount", "-1"],
        ["--amount", "1000001"],
        ["--amount", "x"],
        ["--amount", "NaN"],
        ["--limit", "0"],
        ["--multiplier", "divid"],
        ["KOGE"],
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    command: Command, config: Path, arguments: list[str]
) -> None:
    done = command("tokens", "--config", config, *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_an_exchange_that_does_not_answer(command: Command, config: Path) -> None:
    nowhere = """
[exchange]
mode = "simulated"
rest_url = "http://127.0.0.1:1"
order_stream_url = "ws://127.0.0.1:1/w3w/stream"
market_stream_url = "ws://127.0.0.1:1/w3w/wsa/stream"
"""
    config.write_text(ONE + nowhere)
    done = command("tokens", "--config", config)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("the exchange does not answer: ")
    assert done.err.count("\n") == 1


def test_as_a_process(config: Path) -> None:
    done = alphabot("tokens", "--limit", "1", cwd=config.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 5
