"""What the settings say: values, whose value counts, and where it stands."""

import dataclasses
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NewType, get_args, get_origin, get_type_hints

import pytest

from alphabot.config import (
    CHAINS,
    ExchangeSettings,
    PluginSettings,
    Settings,
    load,
    loads,
    nearest,
)

PASSES = Path(__file__).parent / "corpus" / "passes"

TEXT = """\
[global_settings]
default_buy_offset_percentage = 7.5
pricing = "book_touch"
grace_seconds = 12

[limits]
max_dust_bp = 2.50

[[strategies]]
strategy_id = "first"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 16384
user_ids = [2, 1]

[[strategies]]
strategy_id = "second"
target_token = "PIPE"
target_chain = "Solana"
target_volume = 0.30
user_ids = [
    1,
    3,
]
buy_offset_percentage = -1
pricing = "percent_offset"
failure_backoff_factor = 2.5
"""


@pytest.fixture
def settings() -> Settings:
    return loads(TEXT, Path("/etc/alphabot/s.toml"))


def test_a_strategys_own_value_counts_first(settings: Settings) -> None:
    first, second = settings.strategies
    assert first.buy_offset_percentage == Decimal("7.5")
    assert second.buy_offset_percentage == -1
    assert (first.pricing, second.pricing) == ("book_touch", "percent_offset")
    assert (first.failure_backoff_factor, second.failure_backoff_factor) == (20.0, 2.5)


def test_some_settings_are_of_the_whole_service(settings: Settings) -> None:
    assert (settings.grace_seconds, settings.settle_seconds) == (12.0, None)
    assert load(PASSES / "own_settings_of_the_service.toml").settle_seconds == 12.5


def test_what_is_left_out_has_its_default(settings: Settings) -> None:
    assert settings.language == "zh"
    assert settings.exchange == ExchangeSettings(
        mode="simulated", rest_url=None, order_stream_url=None, market_stream_url=None
    )
    assert settings.stream_required is True
    assert settings.limits.max_daily_loss_usdt == 20
    assert settings.limits.self_trade_guard is True
    assert settings.strategies[0].sell_profit_percentage == 10
    assert settings.strategies[1].volume_basis == "filled"
    assert settings.plugins == PluginSettings(paths=(), enabled=(), bench_after=5, tables={})


def test_numbers_keep_every_digit(settings: Settings) -> None:
    assert str(settings.limits.max_dust_bp) == "2.50"
    assert str(settings.strategies[1].target_volume) == "0.30"
    exact = load(PASSES / "exact_fraction.toml").strategies[0].target_volume
    assert str(exact) == "0.1234567890123456789012345678901234567"


def test_order_is_that_of_the_file(settings: Settings) -> None:
    assert [strategy.strategy_id for strategy in settings.strategies] == ["first", "second"]
    assert settings.strategies[0].user_ids == (2, 1)


def test_chain_id(settings: Settings) -> None:
    assert [strategy.chain_id for strategy in settings.strategies] == ["56", "CT_501"]


def test_where(settings: Settings) -> None:
    def line(*key: str | int) -> int:
        path, line = settings.where(*key)
        assert path == settings.path == Path("/etc/alphabot/s.toml")
        return line

    assert line("strategies", 1, "target_token") == 18
    assert line("strategies", 1, "user_ids", 1) == 23
    # From [global_settings], under the name it has there.
    assert line("strategies", 0, "buy_offset_percentage") == 2
    assert line("strategies", 1, "buy_offset_percentage") == 25
    assert line("strategies", 0, "pricing") == 3
    # Defaults: the table in which they could stand.
    assert line("strategies", 1, "volume_basis") == 16
    assert line("limits", "max_rounds") == 6
    assert line("exchange", "mode") == 1
    assert line("nowhere", 7, "at all") == 1


def test_is_written(settings: Settings) -> None:
    assert settings.is_written("strategies", 0, "pricing")
    assert settings.is_written("limits", "max_dust_bp")
    assert not settings.is_written("strategies", 0, "multiplier")
    assert not settings.is_written("limits", "max_rounds")


def test_complaint_of_someone_else(settings: Settings) -> None:
    key = ("strategies", 0, "pricing")
    error = settings.complaint(*key, problem="no plugin has this rule", hint="ask")
    assert str(error) == (
        "/etc/alphabot/s.toml:3: global_settings.pricing: no plugin has this rule (ask)"
    )
    missing = settings.complaint("strategies", 1, "multiplier", problem="unknown rule")
    assert str(missing) == "/etc/alphabot/s.toml:16: strategies.multiplier: unknown rule"


def test_addresses() -> None:
    exchange = load(PASSES / "external_exchange.toml").exchange
    assert exchange.rest_url == "http://127.0.0.1:8600"
    assert exchange.order_stream_url == "ws://localhost:8600/w3w/stream"
    assert exchange.market_stream_url == "ws://[::1]:8601/w3w/wsa/stream"


def test_plugins() -> None:
    plugins = load(PASSES / "plugin_tables.toml").plugins
    assert plugins.paths == (PASSES.absolute() / "plugins", Path("/opt/rules"))
    assert plugins.enabled == ("telegram",)
    assert set(plugins.tables) == {"telegram", "slack"}
    telegram = plugins.tables["telegram"]
    assert telegram["bot_token"] == {"env": "TELEGRAM_BOT_TOKEN"}
    assert telegram["chats"] == (1, 2)
    assert telegram["rate"] == Decimal("0.5")
    assert "TELEGRAM" not in repr(plugins)


def test_plugin_folders_stay_where_they_are_when_the_process_moves() -> None:
    text = TEXT + '[plugins]\npaths = ["plugins"]\n'
    assert loads(text, Path("s.toml")).plugins.paths == (Path.cwd() / "plugins",)


def test_nothing_can_be_changed(settings: Settings) -> None:
    for value in (settings, settings.exchange, settings.limits, settings.strategies[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)
    tables: Any = load(PASSES / "plugin_tables.toml").plugins.tables
    with pytest.raises(TypeError):
        tables["telegram"] = {}
    with pytest.raises(TypeError):
        tables["telegram"]["bot_token"]["env"] = "PATH"


def test_equal_texts_give_equal_settings(settings: Settings) -> None:
    other = loads("# moved down by a line\n" + TEXT, settings.path)
    assert other == settings
    assert other.where("limits") != settings.where("limits")


def fits(value: object, hint: Any) -> bool:
    """Whether a value is exactly of the type that its field promises."""
    if isinstance(hint, NewType):
        return fits(value, hint.__supertype__)
    if isinstance(hint, UnionType):
        return any(fits(value, option) for option in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(fits(item, get_args(hint)[0]) for item in value)
    return type(value) is hint


@pytest.mark.parametrize("name", ["own_settings", "external_exchange", "bounds_reached"])
def test_values_are_of_their_types(name: str) -> None:
    settings = load(PASSES / f"{name}.toml")
    for value in (settings.exchange, settings.limits, *settings.strategies):
        for field, hint in get_type_hints(type(value)).items():
            if not field.startswith("_"):
                assert fits(getattr(value, field), hint), field


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("bsc", "BSC"),
        ("Etherium", "Ethereum"),
        ("solona", "Solana"),
        ("Bitcoin", None),
        ("", None),
        ("x" * 60_000, None),
    ],
)
def test_nearest(name: str, near: str | None) -> None:
    assert nearest(name, CHAINS) == near


def test_live_mode_knows_the_real_hosts() -> None:
    exchange = load(PASSES / "live.toml").exchange
    assert exchange == ExchangeSettings(
        mode="live",
        rest_url="https://www.binance.com",
        order_stream_url="wss://nbstream.binance.com/w3w/stream",
        market_stream_url="wss://nbstream.binance.com/w3w/wsa/stream",
    )
