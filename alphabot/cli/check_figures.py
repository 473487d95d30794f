"""What ``alphabot check`` found, put together; and the same as JSON.

In JSON every amount is text, because many readers round numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from alphabot.config import SECTIONS, KeyPath, Settings
from alphabot.config.kinds import Number
from alphabot.core import obstacles
from alphabot.core.day_fit import short_day
from alphabot.core.exact import ZERO, plain, round_half_up
from alphabot.core.forecast import Forecast, Undertaking, UserForecast, Way, by_user, forecast
from alphabot.core.limit_values import Limits
from alphabot.core.obstacles import Obstacle
from alphabot.core.values import StrategyId, UserId
from alphabot.wiring import Prospect, RefusedStrategy

__all__ = ["Found", "Report", "as_json", "report_of"]

_PLACES = 12
"""As many as a price has on the finest grid."""


@dataclass(frozen=True, slots=True)
class Found:
    """An obstacle, whose it is, and what the file says there now.

    With neither strategy nor users it concerns all users together.
    """

    obstacle: Obstacle
    strategy_id: StrategyId | None = None
    user_ids: tuple[UserId, ...] = ()
    key: str | None = None
    """The key of the configuration that would have to change, if one would help."""
    value: object = None
    """What it is now."""
    line: int | None = None
    """Where the file says so; None for a default."""
    needed: Decimal | None = None
    """The smallest value that would do; None where none that the key may have would."""
    variant: tuple[UserId, ...] = ()
    """Of a strategy's users those whom it concerns, where it is not the same for all."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything there is to tell, in the order of the file."""

    settings: Settings
    round_seconds: float
    prospects: tuple[Prospect, ...]
    forecasts: tuple[Forecast, ...]
    """Of those prospects that a round could be planned for."""
    users: tuple[UserForecast, ...]
    obstacles: tuple[Found, ...]
    refused: tuple[RefusedStrategy, ...]
    """Strategies whose rules belong to a plugin that cannot be used."""

    @property
    def possible(self) -> bool:
        """Whether every strategy can reach its target as far as anyone can tell."""
        return not self.obstacles and not self.refused

    def forecast_of(self, prospect: Prospect) -> Forecast | None:
        """Return what was forecast for a strategy, if a round of it could be planned."""
        return next((f for f in self.forecasts if f.undertaking is prospect.round), None)


def report_of(
    settings: Settings,
    prospects: Sequence[Prospect],
    refused: Sequence[RefusedStrategy],
    round_seconds: float,
) -> Report:
    """Return what would happen, and every obstacle to it."""
    undertakings = [p.round for p in prospects if isinstance(p.round, Undertaking)]
    forecasts = forecast(undertakings, settings.limits, round_seconds)
    users = by_user(forecasts)
    found = (
        *(one for prospect in prospects for one in _before_a_round(settings, prospect)),
        *(one for each in forecasts for one in _before_the_target(settings, each)),
        *_before_the_users(settings, users),
        *(
            _found(settings, obstacle)
            for obstacle in obstacles.of_everybody(users, settings.limits)
        ),
        *_before_everybody_as(settings, users),
    )
    return Report(
        settings, round_seconds, tuple(prospects), forecasts, users, found, tuple(refused)
    )


def as_json(report: Report) -> str:
    """Return the report as one JSON object on one line, in plain ASCII."""
    facts = {
        "config": str(report.settings.path),
        "exchange": report.settings.exchange.rest_url or "embedded",
        "mode": report.settings.exchange.mode,
        "round_seconds": report.round_seconds,
        "possible": report.possible,
        "strategies": [_strategy_facts(report, prospect) for prospect in report.prospects],
        "users": [
            _user_facts(user, report.settings.limits_of(user.user_id)) for user in report.users
        ],
        "refused": [
            {"strategy_id": each.strategy.strategy_id, "reason": each.reason}
            for each in report.refused
        ],
        "obstacles": [_obstacle_facts(found) for found in report.obstacles],
    }
    return json.dumps(facts, default=_text)


# --- obstacles --------------------------------------------------------------------------------


def _before_a_round(settings: Settings, prospect: Prospect) -> Iterator[Found]:
    strategy = prospect.settings
    user_id = strategy.user_ids[0]
    if isinstance(prospect.round, Obstacle):
        found: Iterator[Obstacle] = iter((prospect.round,))
    else:
        found = obstacles.in_a_round(prospect.round, settings.limits_of(user_id))
    for obstacle in found:
        found_here = _found(settings, obstacle, strategy_id=strategy.strategy_id, of_user=user_id)
        yield replace(found_here, variant=strategy.user_ids)


def _before_the_target(settings: Settings, forecast: Forecast) -> Iterator[Found]:
    strategy_id, user_id = forecast.undertaking.strategy_id, forecast.undertaking.user_ids[0]
    for obstacle in obstacles.in_all_rounds(forecast, settings.limits_of(user_id)):
        found = _found(settings, obstacle, strategy_id=strategy_id, of_user=user_id)
        yield replace(found, variant=forecast.undertaking.user_ids)


def _before_the_users(settings: Settings, users: Sequence[UserForecast]) -> Iterator[Found]:
    """Yield each limit once, with every user who meets it and what the neediest of them needs."""
    met: dict[KeyPath, list[tuple[Obstacle, UserId]]] = {}
    for user in users:
        user_id = user.user_id
        for obstacle in obstacles.of_a_user(user, settings.limits_of(user_id)):
            met.setdefault(_limit_at(settings, obstacle.name, user_id), []).append(
                (obstacle, user_id)
            )
    for cases in met.values():
        neediest = max((obstacle for obstacle, _ in cases), key=lambda one: one.needed or ZERO)
        user_ids = tuple(user_id for _, user_id in cases)
        yield _found(settings, neediest, user_ids=user_ids, of_user=user_ids[0])


def _before_everybody_as(settings: Settings, users: Sequence[UserForecast]) -> Iterator[Found]:
    """Yield the limit over all users where one of them has another than all."""
    for user_id, own in settings.users.items():
        if "max_total_exposure_usdt" in own.limits:
            for obstacle in obstacles.of_everybody(users, settings.limits_of(user_id)):
                yield _found(settings, obstacle, user_ids=(user_id,), of_user=user_id)


def _limit_at(settings: Settings, name: str, user_id: UserId | None) -> KeyPath:
    """Return where it is decided how far a limit goes for a user."""
    own = None if user_id is None else settings.users.get(user_id)
    if own is not None and name in own.limits:
        return ("users", str(user_id), "limits", name)
    return ("limits", name)


def _found(
    settings: Settings,
    obstacle: Obstacle,
    *,
    strategy_id: StrategyId | None = None,
    user_ids: tuple[UserId, ...] = (),
    of_user: UserId | None = None,
) -> Found:
    """Return the obstacle with the place in the file of the key that it is about.

    ``of_user`` is one of those for whom that key holds.
    """
    name = obstacle.name
    at: KeyPath
    if (key := SECTIONS["limits"].key(name)) is not None:
        at = _limit_at(settings, name, of_user)
        limits = settings.limits if of_user is None else settings.limits_of(of_user)
        value = getattr(limits, name)
    elif (key := SECTIONS["strategies"].key(name)) is not None:
        ids = [strategy.strategy_id for strategy in settings.strategies]
        index = ids.index(strategy_id) if strategy_id in ids else 0
        at, strategy = ("strategies", index, name), settings.strategies[index]
        if of_user is not None:
            strategy = settings.strategy_of(strategy, of_user)
            own = settings.users.get(of_user)
            at = ("users", str(of_user), name) if getattr(own, name, None) is not None else at
        value = getattr(strategy, name)
    else:
        return Found(obstacle, strategy_id, user_ids)
    needed = obstacle.needed
    if needed is not None and isinstance(key.kind, Number) and needed > key.kind.most:
        needed = None
    line = settings.where(*at)[1] if settings.is_written(*at) else None
    shown = ".".join(map(str, at)) if at[0] == "users" else name
    return Found(obstacle, strategy_id, user_ids, shown, value, line, needed)


# --- as JSON ----------------------------------------------------------------------------------


def _strategy_facts(report: Report, prospect: Prospect) -> dict[str, Any]:
    strategy, token = prospect.settings, prospect.instrument.token
    facts: dict[str, Any] = {
        "strategy_id": strategy.strategy_id,
        "user_ids": strategy.user_ids,
        "token": token.name,
        "alpha_id": token.alpha_id,
        "chain": strategy.target_chain,
        "mul_point": token.mul_point,
        "target_volume": strategy.target_volume,
        "waits": prospect.waits,
        "price": {name: getattr(prospect.quote, name) for name in ("last", "bid", "ask")},
        "round": None,
    }
    forecast = report.forecast_of(prospect)
    if forecast is None:
        return facts
    undertaking, trip = forecast.undertaking, forecast.undertaking.trip
    plan, short = undertaking.plan, short_day(strategy.goal, forecast)
    return facts | {
        "round": {
            "buy_price": plan.buy_price,
            "sell_price": plan.sell_price,
            "quantity": plan.quantity,
            "ordered_usdt": plan.amount_usdt,
            "bought_usdt": trip.bought_usdt,
            "cost_usdt": trip.cost_usdt,
            "cost_bp": trip.cost_bp,
            "spread_usdt": trip.spread_usdt,
            "fees_usdt": trip.fees_usdt,
            "dust": trip.dust,
            "dust_usdt": trip.dust_usdt,
            "worst_usdt": undertaking.worst_usdt,
            "waiting_tokens": trip.waiting,
            "unsold_tokens": trip.unsold,
        },
        "basis": strategy.volume_basis,
        "multiplier": forecast.way.multiplier,
        "by_multiplier": {way.multiplier: _way_facts(way) for way in forecast.ways},
        "pace": asdict(forecast.pace)
        | {
            "cycle_seconds": round(forecast.pace.cycle_seconds, 3),
            "seconds": round(forecast.pace.seconds, 3),
        },
        "short_day": short and asdict(short),
    }


def _way_facts(way: Way) -> dict[str, Any]:
    facts = asdict(way)
    del facts["multiplier"]
    return facts


def _user_facts(user: UserForecast, limits: Limits) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "strategy_ids": [f.undertaking.strategy_id for f in user.forecasts],
        "rounds": user.rounds,
        "volume_usdt": user.volume_usdt,
        "cost_usdt": user.cost_usdt,
        "worst_usdt": user.worst_usdt,
        "worst_held_usdt": user.worst_held_usdt(limits),
        "seconds": round(user.seconds, 3),
    }


def _obstacle_facts(found: Found) -> dict[str, Any]:
    return {
        "name": found.obstacle.name,
        "needed": found.needed,
        "detail": found.obstacle.detail,
        "strategy_id": found.strategy_id,
        "user_ids": found.user_ids,
        "key": found.key,
        "value": None if found.value is None else str(found.value),
        "line": found.line,
    }


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(round_half_up(value, _PLACES))
    raise TypeError(f"{type(value).__name__} has no place in JSON")
