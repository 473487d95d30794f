"""What must fit together: rules over more than one key, each a small function of the settings.

They refuse a configuration that could only ever wait or fail, before it does so at night.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.config.complaints import KeyPath, nearest, shown
from alphabot.config.settings import OwnSettings, Settings, StrategySettings
from alphabot.core.choosing import Wishes
from alphabot.core.exact import multiply, percent_of
from alphabot.core.limit_values import Limits
from alphabot.core.values import UserId
from alphabot.errors import ConfigError

__all__ = ["check"]

_ORIGINAL_RULE = "percent_offset"
"""The pricing rule whose limits follow from the two percentages alone."""


def check(settings: Settings) -> None:
    """Raise ConfigError for the first thing that does not fit."""
    for rule in _RULES:
        for complaint in rule(settings):
            raise complaint


def _addresses_together(settings: Settings) -> Iterator[ConfigError]:
    names = ("rest_url", "order_stream_url", "market_stream_url")
    missing = [name for name in names if not settings.is_written("exchange", name)]
    real = settings.live or settings.dry_run
    otherwise = "the real exchange" if real else "the simulated exchange inside"
    if missing and len(missing) < len(names):
        yield settings.complaint(
            "exchange",
            missing[0],
            problem="an address was expected, was missing",
            hint=f"{', '.join(names)}: all three, or none for {otherwise}",
        )


def _ids_differ(settings: Settings) -> Iterator[ConfigError]:
    seen: dict[str, int] = {}
    for index, strategy in enumerate(settings.strategies):
        first = seen.setdefault(strategy.strategy_id, index)
        if first != index:
            _, line = settings.where("strategies", first, "strategy_id")
            yield settings.complaint(
                "strategies",
                index,
                "strategy_id",
                problem=f"'{strategy.strategy_id}' is the id of another strategy (line {line})",
            )


def _one_strategy_per_token_and_user(settings: Settings) -> Iterator[ConfigError]:
    # Two would take turns with one balance and one leftover, and neither could tell whose it is.
    seen: dict[tuple[int, str, str], StrategySettings] = {}
    for index, strategy in enumerate(settings.strategies):
        for place, user_id in enumerate(strategy.user_ids):
            traded = (user_id, strategy.target_token, strategy.target_chain)
            first = seen.setdefault(traded, strategy)
            if first is not strategy:
                yield settings.complaint(
                    "strategies",
                    index,
                    "user_ids",
                    place,
                    problem=f"user {user_id} trades this token in '{first.strategy_id}' already",
                )


@dataclass(frozen=True, slots=True)
class _Part:
    """A strategy as it is for one user, or (None) for those who have nothing of their own."""

    index: int
    strategy: StrategySettings
    limits: Limits
    user_id: UserId | None
    own: OwnSettings

    def key(self, name: str) -> KeyPath:
        """Return where a value of the strategy is decided."""
        if getattr(self.own, name, None) is not None:
            return ("users", str(self.user_id), name)
        return ("strategies", self.index, name)

    def limit(self, name: str) -> KeyPath:
        """Return where a limit is decided."""
        if name in self.own.limits:
            return ("users", str(self.user_id), "limits", name)
        return ("limits", name)


def _parts(settings: Settings) -> Iterator[_Part]:
    for index, strategy in enumerate(settings.strategies):
        plain_users = [user_id for user_id in strategy.user_ids if user_id not in settings.users]
        if plain_users:
            yield _Part(index, strategy, settings.limits, None, OwnSettings())
        for user_id in strategy.user_ids:
            if user_id in settings.users:
                own, limits = settings.users[user_id], settings.limits_of(user_id)
                yield _Part(index, own.of_strategy(strategy), limits, user_id, own)


def _own_settings_of_somebody(settings: Settings) -> Iterator[ConfigError]:
    known = {user_id for strategy in settings.strategies for user_id in strategy.user_ids}
    for user_id in settings.users:
        if user_id not in known:
            problem = f"user {user_id} runs no strategy"
            yield settings.complaint("users", str(user_id), problem=problem)


def _round_within_limits(settings: Settings) -> Iterator[ConfigError]:
    for part in _parts(settings):
        amount = part.key("single_trade_amount_usdt")
        for name in ("max_exposure_usdt", "max_total_exposure_usdt"):
            if part.strategy.single_trade_amount_usdt > getattr(part.limits, name):
                yield _contradiction(settings, amount, "is above", part.limit(name))
    for part in _parts(settings):
        if part.limits.max_exposure_usdt > part.limits.max_total_exposure_usdt:
            total = part.limit("max_total_exposure_usdt")
            yield _contradiction(settings, part.limit("max_exposure_usdt"), "is above", total)


def _original_rule_within_limits(settings: Settings) -> Iterator[ConfigError]:
    # Other rules may use the percentages as they like, so nothing follows from them.
    for part in _parts(settings):
        if part.strategy.pricing == _ORIGINAL_RULE:
            yield from _percentages_within_limits(settings, part)


def _percentages_within_limits(settings: Settings, part: _Part) -> Iterator[ConfigError]:
    strategy, limits = part.strategy, part.limits
    price = Decimal(100)
    buy = percent_of(price, strategy.buy_offset_percentage)
    sell = percent_of(buy, -strategy.sell_profit_percentage)
    for name, limit, leg in (
        ("buy_offset_percentage", buy, "BUY"),
        ("sell_profit_percentage", sell, "SELL"),
    ):
        if abs(limit - price) > limits.price_collar_percent:
            says = f"puts every {leg} limit outside"
            collar = part.limit("price_collar_percent")
            yield _contradiction(settings, part.key(name), says, collar)
    loss_percent = strategy.sell_profit_percentage
    if loss_percent > limits.max_round_loss_percent:
        most = part.limit("max_round_loss_percent")
        yield _contradiction(settings, part.key("sell_profit_percentage"), "is above", most)
    loss_usdt = multiply(strategy.single_trade_amount_usdt, loss_percent).scaleb(-2)
    if loss_usdt > limits.max_daily_loss_usdt:
        amount, most = part.key("single_trade_amount_usdt"), part.limit("max_daily_loss_usdt")
        yield _contradiction(settings, amount, "can lose in one round more than", most)


def _start_time_of_a_day(settings: Settings) -> Iterator[ConfigError]:
    for index, strategy in enumerate(settings.strategies):
        key = ("strategies", index, "start_time_utc")
        written = settings.source.lines
        if strategy.schedule == "once" and key in written:
            problem = 'has no effect with schedule = "once", which begins when it is started'
            yield settings.complaint(*key, problem=problem)


def _tables_of_plugins(settings: Settings) -> Iterator[ConfigError]:
    # The table of a plugin that is switched off may stay; one beside the name would be ignored.
    enabled = settings.plugins.enabled
    for name in settings.plugins.tables:
        near = nearest(name, [other for other in enabled if other not in settings.plugins.tables])
        if name not in enabled and near is not None:
            yield settings.complaint(
                "plugins",
                name,
                problem="no plugin of this name is enabled",
                hint=f"did you mean {near}?",
            )


def _notices_reach_somebody(settings: Settings) -> Iterator[ConfigError]:
    notices, chat = settings.notices, settings.notices.chat
    known = {user_id for strategy in settings.strategies for user_id in strategy.user_ids}
    for user_id in notices.users:
        if user_id not in known:
            problem = f"user {user_id} runs no strategy"
            yield settings.complaint("notices", "users", str(user_id), problem=problem)
    for sender_id, accounts in chat.users.items():
        for place, user_id in enumerate(accounts):
            if user_id not in known:
                key = ("notices", "chat", "users", str(sender_id), place)
                yield settings.complaint(*key, problem=f"user {user_id} runs no strategy")
    if (chat.owners or chat.users) and not notices.notifiers:
        problem = "nobody listens to a chat without a notifier"
        yield settings.complaint("notices", "chat", problem=problem)
    tables: list[tuple[KeyPath, Wishes]] = [(("notices",), notices.everyone)]
    tables += [(("notices", "users", str(user)), own) for user, own in notices.users.items()]
    for table, wishes in tables:
        if wishes.quiet and settings.is_written(*table, "kinds"):
            problem = "has no effect while quiet = true, which tells the daily summary alone"
            yield settings.complaint(*table, "kinds", problem=problem)


def _contradiction(settings: Settings, key: KeyPath, says: str, other: KeyPath) -> ConfigError:
    """Return the complaint about two keys, at the one of them that the file writes."""
    place = key if settings.is_written(*key) else other
    return settings.complaint(
        *place, problem=f"{_described(settings, key)} {says} {_described(settings, other)}"
    )


def _described(settings: Settings, key: KeyPath) -> str:
    """Return a key with its value and where that comes from: ``max_rounds = 5 (line 7)``."""
    _, line = settings.where(*key)
    source = f"line {line}" if settings.is_written(*key) else "default"
    return f"{key[-1]} = {shown(_value(settings, key))} ({source})"


def _value(settings: Settings, key: KeyPath) -> Any:
    if key[0] == "users":
        own = settings.users[UserId(int(key[1]))]
        return own.limits[str(key[3])] if key[2] == "limits" else getattr(own, str(key[2]))
    value: Any = settings
    for step in key:
        value = value[step] if isinstance(step, int) else getattr(value, step)
    return value


_RULES: tuple[Callable[[Settings], Iterator[ConfigError]], ...] = (
    _addresses_together,
    _ids_differ,
    _one_strategy_per_token_and_user,
    _own_settings_of_somebody,
    _round_within_limits,
    _original_rule_within_limits,
    _start_time_of_a_day,
    _tables_of_plugins,
    _notices_reach_somebody,
)
