"""A world, drawn from a seed and printed with it: who trades what, where, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from alphabot.rehearsal.life import Kill

__all__ = ["Mode", "Moment", "Profile", "StrategyProfile"]

_HERE = Path(__file__).parent
"""Where the drop-ins lie: rules that misbehave, the same mended, and notifiers of both sorts."""


def _listed(items: Iterable[object]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


class Mode(StrEnum):
    """What is asked of a world."""

    SAFETY = "safety"
    """Faults until the end; nothing forbidden may happen."""
    LIVENESS = "liveness"
    """Faults end; everyone must be done, in time, and the books must agree."""


@dataclass(frozen=True, slots=True)
class StrategyProfile:
    """One strategy of the configuration."""

    strategy_id: str
    token: str
    chain: str
    user_ids: tuple[int, ...]
    amount_usdt: str
    target_volume: str
    volume_basis: str = "filled"
    multiplier: str = "divide"
    pricing: str = "percent_offset"
    interval_seconds: str = "1"
    order_timeout_seconds: str = "60"
    sell_profit: str = "10"
    on_sell_timeout: str = "wait"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens at a time, to one user where it concerns one."""

    at_seconds: float
    kind: str
    user_id: int

    def __str__(self) -> str:
        return f"{self.at_seconds:.1f} s {self.kind} (user {self.user_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything about a world that its seed decides before it begins; times in seconds."""

    seed: int
    mode: Mode
    strategies: tuple[StrategyProfile, ...]
    limits: dict[str, str]
    grace_seconds: str
    stream_required: bool = True
    exchange: dict[str, Any]
    faults: dict[str, float]
    moments: tuple[Moment, ...] = ()
    kills: tuple[Kill, ...] = ()
    faults_end_at: float = 300.0
    settled_within: float = 2400.0
    """In liveness mode: how soon after the faults everyone must be done."""
    held_seconds_max: float = 3.0
    plugin_kinds: tuple[str, ...] = field(default=())
    notifier_kinds: tuple[str, ...] = ()

    @property
    def user_ids(self) -> tuple[int, ...]:
        """Everybody, in order."""
        return tuple(sorted({user for each in self.strategies for user in each.user_ids}))

    @property
    def notifiers(self) -> tuple[str, ...]:
        """How people are reached: one notifier that does what it should, and those drawn."""
        return ("messenger", *(kind.replace(" ", "_") for kind in self.notifier_kinds))

    @property
    def is_mended(self) -> bool:
        """Whether a person changes the configuration once the faults have ended."""
        rules = bool(self.plugin_kinds) or any(each.sell_profit != "10" for each in self.strategies)
        return rules or bool(self.limits)

    def __str__(self) -> str:
        lines = []
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, tuple) and value and not isinstance(value[0], str):
                lines += [f"{each.name}: {item}" for item in value]
            elif isinstance(value, dict):
                inside = ", ".join(f"{name}={item}" for name, item in value.items())
                lines.append(f"{each.name}: {inside}")
            else:
                lines.append(f"{each.name}: {value}")
        return "\n".join(lines)

    def strategy_id(self, each: StrategyProfile, life: int) -> str:
        """Return a strategy's name in a life; where it is renamed, that is in the second."""
        is_new = "strategy renamed" in self.faults and life > 1
        return each.strategy_id + "_again" * is_new

    def configuration(self, *, life: int = 1, calm: bool = False) -> str:
        """Return the world's strategies.toml; ``calm`` is what a person makes of it afterwards.

        Calm, its rules are our own and its limits those of the shipped configuration.
        """
        lines = ["[exchange]", 'mode = "simulated"', "[global_settings]"]
        lines += [f"grace_seconds = {self.grace_seconds}", "failure_backoff_factor = 2"]
        lines += [f"stream_required = {str(self.stream_required).lower()}", "[limits]"]
        if not calm:
            lines += [f"{name} = {value}" for name, value in self.limits.items()]
        folders = [_HERE / ("mended" if calm else "unruly"), _HERE / "messengers"]
        enabled = ["unruly", "messengers"] if self.plugin_kinds else ["messengers"]
        lines += ["[plugins]", f"paths = {_listed(folders)}", f"enabled = {_listed(enabled)}"]
        # Rounds with a rule that fails are what is rehearsed, not how it is taken out.
        lines += ["bench_after = 1000"]
        lines += ["[notices]", f"notifiers = {_listed(self.notifiers)}"]
        for each in self.strategies:
            lines += [
                "[[strategies]]",
                f'strategy_id = "{self.strategy_id(each, life)}"',
                f'target_token = "{each.token}"',
                f'target_chain = "{each.chain}"',
                f"target_volume = {each.target_volume}",
                f"user_ids = {list(each.user_ids)}",
                f"single_trade_amount_usdt = {each.amount_usdt}",
                f"trade_interval_seconds = {each.interval_seconds}",
                f"order_timeout_seconds = {each.order_timeout_seconds}",
                f"sell_profit_percentage = {'10' if calm else each.sell_profit}",
                f'on_sell_timeout = "{each.on_sell_timeout}"',
                f'volume_basis = "{each.volume_basis}"',
                f'multiplier = "{"divide" if calm else each.multiplier}"',
                f'pricing = "{"percent_offset" if calm else each.pricing}"',
            ]
        return "\n".join(lines)
