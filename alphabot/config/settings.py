"""What a configuration file becomes: frozen values that the rest of the program reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from alphabot.config.complaints import KeyPath
from alphabot.config.document import Document
from alphabot.config.keys import CHAINS, SHARED
from alphabot.core.choosing import Wishes
from alphabot.core.goals import Goal, points_volume
from alphabot.core.limit_values import Limits
from alphabot.core.values import StrategyId, UserId
from alphabot.errors import ConfigError

__all__ = [
    "ChatSettings",
    "ExchangeSettings",
    "LogSettings",
    "NoticeSettings",
    "OwnSettings",
    "PluginSettings",
    "Settings",
    "StrategySettings",
    "in_points",
]

_SHARED_NAMES = {key.name: key.shared or key.name for key in SHARED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """Which exchange to trade on.

    In live mode and in a dry run all three addresses are there; else all three, or none for the
    embedded one.
    """

    mode: Literal["simulated", "dry-run", "live"]
    rest_url: str | None
    order_stream_url: str | None
    market_stream_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySettings:
    """One strategy with everything that holds for it, its own or from ``[global_settings]``."""

    strategy_id: StrategyId
    target_token: str
    """A display symbol or an alphaId; which token that is, the exchange's list decides."""
    target_chain: str
    target_volume: Decimal
    """Of points, the volume that they take."""
    target_points: int | None
    user_ids: tuple[UserId, ...]
    buy_offset_percentage: Decimal
    sell_profit_percentage: Decimal
    trade_interval_seconds: float
    single_trade_amount_usdt: Decimal
    order_timeout_seconds: float
    failure_backoff_factor: float
    pricing: str
    multiplier: str
    volume_basis: Literal["filled", "ordered"]
    on_sell_timeout: Literal["wait", "ladder"]
    schedule: Literal["once", "daily"]
    start_time_utc: str

    @property
    def chain_id(self) -> str:
        """The exchange's id of ``target_chain``."""
        return CHAINS[self.target_chain]

    @property
    def goal(self) -> Goal:
        """What is to be reached, and when it is traded for."""
        hours, minutes = map(int, self.start_time_utc.split(":"))
        daily = self.schedule == "daily"
        return Goal(self.target_volume, daily, (hours * 60 + minutes) * 60_000 if daily else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSettings:
    """What holds for one user, in every strategy, where it is not as for all."""

    single_trade_amount_usdt: Decimal | None = None
    target_volume: Decimal | None = None
    target_points: int | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    """By name, those of ``[limits]`` that this user has of its own."""

    def of_strategy(self, strategy: StrategySettings) -> StrategySettings:
        """Return the strategy as it is for this user."""
        if self.single_trade_amount_usdt is not None:
            strategy = replace(strategy, single_trade_amount_usdt=self.single_trade_amount_usdt)
        if self.target_points is not None:
            return replace(strategy, **in_points(self.target_points))
        if self.target_volume is not None:
            return replace(strategy, target_volume=self.target_volume, target_points=None)
        return strategy


def in_points(points: int) -> dict[str, Any]:
    """Return what of a strategy follows from a target in points: they are counted one way only."""
    return {
        "target_points": points,
        "target_volume": points_volume(points),
        "multiplier": "points",
        "volume_basis": "filled",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """Which plugins to load, and their own tables, unread."""

    paths: tuple[Path, ...]
    enabled: tuple[str, ...]
    bench_after: int
    """How often in a row a rule may fail for one strategy before nobody asks it any more."""
    off: bool = False
    """Whether those that are enabled stay out of this run all the same."""
    tables: Mapping[str, Mapping[str, object]] = field(repr=False)
    """``[plugins.NAME]`` by NAME, read-only; lists are tuples and fractions Decimals.

    Kept out of the repr: a plugin's settings may hold its token.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where log lines are kept besides the terminal or pipe, and how they look."""

    file: Path | None = None
    rotate_bytes: int = 10_000_000
    keep_files: int = 5
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """Who may ask in a private chat, by the chat service's ids of people."""

    owners: tuple[int, ...] = ()
    users: Mapping[int, tuple[UserId, ...]] = field(default_factory=dict)
    """By sender: the users that person may ask about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """What people are told, by which notifiers, and who may ask back."""

    notifiers: tuple[str, ...] = ()
    everyone: Wishes = field(default_factory=Wishes)
    users: Mapping[UserId, Wishes] = field(default_factory=dict)
    """Where a user's are not those of everyone."""
    chat: ChatSettings = field(default_factory=ChatSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole configuration, checked; strategies are in the order of the file."""

    source: Document = field(repr=False, compare=False)
    language: Literal["zh", "en"]
    exchange: ExchangeSettings
    limits: Limits
    """Of every user who has none of its own."""
    strategies: tuple[StrategySettings, ...]
    users: Mapping[UserId, OwnSettings] = field(default_factory=dict)
    """What is not for them as it is for all."""
    plugins: PluginSettings
    notices: NoticeSettings
    log: LogSettings
    grace_seconds: float
    settle_seconds: float | None
    """None leaves it to the exchange's own figure."""
    stream_required: bool
    on_volume_mismatch: Literal["notify", "halt"]
    journal_on_network_disk: bool
    dry_run_balance_usdt: Decimal
    """What a new account of a dry run begins with."""

    def without_plugins(self) -> Settings:
        """Return the same, but that no plugin the file enables is loaded."""
        return replace(self, plugins=replace(self.plugins, off=True))

    @property
    def live(self) -> bool:
        """Whether orders are real."""
        return self.exchange.mode == "live"

    @property
    def dry_run(self) -> bool:
        """Whether prices are real and accounts are not."""
        return self.exchange.mode == "dry-run"

    @property
    def path(self) -> Path:
        """The file all this was read from."""
        return self.source.path

    def limits_of(self, user_id: UserId) -> Limits:
        """Return the limits of a user's orders."""
        own = self.users.get(user_id)
        return self.limits if own is None else replace(self.limits, **own.limits)

    def strategy_of(self, strategy: StrategySettings, user_id: UserId) -> StrategySettings:
        """Return a strategy as it is for one of its users."""
        own = self.users.get(user_id)
        return strategy if own is None else own.of_strategy(strategy)

    def variants(self, strategy: StrategySettings) -> tuple[StrategySettings, ...]:
        """Return a strategy once for all users to whom everything in it applies alike."""
        alike: dict[tuple[StrategySettings, Limits], list[UserId]] = {}
        for user_id in strategy.user_ids:
            key = self.strategy_of(strategy, user_id), self.limits_of(user_id)
            alike.setdefault(key, []).append(user_id)
        return tuple(
            replace(variant, user_ids=tuple(user_ids)) for (variant, _), user_ids in alike.items()
        )

    def guards(self) -> bool:
        """Return whether any user is kept from trading with another of ours."""
        users = {user_id for strategy in self.strategies for user_id in strategy.user_ids}
        return any(self.limits_of(user_id).self_trade_guard for user_id in users)

    def where(self, *key: str | int) -> tuple[Path, int]:
        """Return file and line that decided a value: ``where("strategies", 0, "pricing")``.

        That is the strategy's own key, else that of ``[global_settings]``, else, for a default,
        the header of the table in which the key could stand.
        """
        return self.path, self.source.line(self._origin(key))

    def is_written(self, *key: str | int) -> bool:
        """Return whether the file says it, here or in ``[global_settings]``; no default does."""
        return self._origin(key) in self.source.lines

    def complaint(self, *key: str | int, problem: str, hint: str | None = None) -> ConfigError:
        """Return the error that names file, line and key of a value that cannot be used."""
        return self.source.complaint(self._origin(key), problem, hint)

    def _origin(self, key: KeyPath) -> KeyPath:
        match key:
            case ("strategies", int(), str(name), *_) if key not in self.source.lines:
                shared = ("global_settings", _SHARED_NAMES.get(name, ""))
                return shared if shared in self.source.lines else key
            case _:
                return key
