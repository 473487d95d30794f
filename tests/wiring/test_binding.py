"""What the names of a configuration mean, and with which line a wrong one is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings, loads
from alphabot.errors import AlphabotError, ConfigError, ExchangeError, JournalError, PluginError
from alphabot.runtime.board import Board
from alphabot.runtime.stop import Stop
from alphabot.wiring import trade
from alphabot.wiring.binding import resolve
from alphabot.wiring.unwrapping import unwrapped
from tests.runtime.world import open_world, settings_of

TWICE = """
[[strategies]]
strategy_id = "by_name"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 20
user_ids = [1, 2]

[[strategies]]
strategy_id = "by_id"
target_token = "ALPHA_22"
target_chain = "BSC"
target_volume = 20
user_ids = [3, 2]
"""


def changed(old: str, new: str) -> Settings:
    """Return the settings of a text with one more or another line."""
    return loads(TWICE.replace(old, new, 1), Path("strategies.toml"))


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises((ConfigError, PluginError)) as caught:
        ask()
    return str(caught.value)


def test_names_are_resolved_in_the_order_of_the_file() -> None:
    names = resolve(settings_of(), ["aop", "koge"])
    assert [strategy.strategy_id for strategy in names.strategies] == ["koge", "aop"]
    assert names.plugins.multiplier("points")(Decimal(30), 4) == 120


def test_an_unknown_strategy_comes_with_the_nearest() -> None:
    assert refused(lambda: resolve(settings_of(), ["kog"])) == (
        "strategies.toml: there is no strategy 'kog' (did you mean koge?)"
    )


@pytest.mark.parametrize("key", ["pricing", "multiplier"])
def test_an_unknown_rule_is_named_with_its_line(key: str) -> None:
    settings = changed("target_volume = 20", f'target_volume = 20\n{key} = "divdie"')
    said = refused(lambda: resolve(settings, []))
    assert said.startswith(f"strategies.toml:7: strategies.{key}: there is no")


def test_a_plugin_that_is_not_there() -> None:
    settings = changed("[[strategies]]", '[plugins]\nenabled = ["mine"]\n[[strategies]]')
    assert "plugin mine: load: no mine.py" in str(resolve(settings, []).plugins.refused["mine"])


async def test_one_user_trades_one_token_once(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        with pytest.raises(ConfigError) as caught:
            await world.run(loads(TWICE, Path("strategies.toml")))
    assert str(caught.value) == (
        "strategies.toml:14: strategies.user_ids: user 2 trades ALPHA_22 in 'by_name' already"
    )


@pytest.mark.parametrize(
    ("only", "old", "new"),
    [
        (["nothing"], "", ""),
        ([], "target_volume = 20", 'target_volume = 20\npricing = "x"'),
    ],
)
def test_what_needs_no_exchange_is_refused_before_one_is_started(
    only: list[str], old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = loads(TWICE.replace(old, new, 1), tmp_path / "strategies.toml")
    run = partial(trade, settings, only=only, stop=Stop(grace_seconds=1), board=Board())
    with pytest.raises(ConfigError):
        trio.run(run)
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


# --- errors without their groups ----------------------------------------------------------------


def raised(error: Exception) -> Exception:
    """Return what becomes of an error under ``unwrapped``."""
    with pytest.raises(Exception) as caught, unwrapped():  # noqa: PT011 - which one is the question
        raise error
    assert isinstance(caught.value, Exception)
    return caught.value


def test_groups_of_our_errors_are_unwrapped() -> None:
    first: AlphabotError = JournalError("one")
    inner = ExceptionGroup("inner", [first, ExchangeError("two")])
    assert raised(ExceptionGroup("outer", [inner])) is first
    assert raised(first) is first


def test_a_bug_stays_in_its_group() -> None:
    group = ExceptionGroup("outer", [JournalError("one"), TypeError("two")])
    assert raised(group) is group
    bug = ExceptionGroup("outer", [TypeError("two")])
    assert raised(bug) is bug
