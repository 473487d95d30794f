"""What has to be there before a real order may leave, and what a person agrees to.

Four things, each missing one of which is said in one line: the mode in the file, ``--live`` on the
command line, the first four limits written by the person who bears the loss, and consent to the
terms. The terms are who is traded for, where, and within which limits: whatever of these changes
asks for consent again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Final, NoReturn

from alphabot.config import Settings
from alphabot.core.exact import ZERO
from alphabot.core.limit_values import Limits
from alphabot.core.values import UserId
from alphabot.errors import ConfigError
from alphabot.wiring.environment import tls_keys_are_logged

__all__ = ["LIMITS_TO_WRITE", "Terms", "check_live", "refuse_flag", "refuse_key_log"]

LIMITS_TO_WRITE: Final = (
    "max_daily_loss_usdt",
    "max_exposure_usdt",
    "max_total_exposure_usdt",
    "max_round_loss_percent",
)
"""Live mode has no default for these."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person agrees to."""

    hosts: tuple[str, ...]
    users: tuple[tuple[UserId, str], ...]
    """Ids and names."""
    limits: Limits
    own_limits: Mapping[UserId, Limits] = field(default_factory=dict)
    """Of those users who have their own."""

    @property
    def worst_day_usdt(self) -> Decimal:
        """What all users together may lose in a UTC day before nothing more is bought."""
        each = (self.own_limits.get(user_id, self.limits) for user_id, _ in self.users)
        return sum((limits.max_daily_loss_usdt for limits in each), ZERO)

    @property
    def digest(self) -> bytes:
        """What these terms, and no others, are remembered by."""
        terms: list[object] = [self.hosts, self.users, _written(self.limits)]
        if self.own_limits:
            # Without any, what was agreed to before there could be any is still agreed to.
            own = {str(user_id): _written(each) for user_id, each in self.own_limits.items()}
            terms.append(own)
        text = json.dumps(terms, sort_keys=True)
        return hashlib.sha256(text.encode()).digest()


def _written(limits: Limits) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(limits).items()}


def refuse_flag(settings: Settings) -> NoReturn:
    """Raise ConfigError for ``--live`` with a file that does not say live mode."""
    raise settings.complaint(
        "exchange",
        "mode",
        problem=f"--live was given, and the mode here is {settings.exchange.mode}",
        hint='mode = "live" trades with real money',
    )


def check_live(settings: Settings, *, flag: bool) -> None:
    """Raise ConfigError for the first thing that live mode misses, consent and users excepted."""
    if not flag:
        raise settings.complaint(
            "exchange",
            "mode",
            problem="live mode trades with real money and also needs --live on the command line",
        )
    missing = [name for name in LIMITS_TO_WRITE if not settings.is_written("limits", name)]
    if missing:
        raise settings.complaint(
            "limits",
            missing[0],
            problem=f"live mode has no default for {', '.join(missing)}",
            hint="write what you can bear to lose",
        )
    refuse_key_log()


def refuse_key_log() -> None:
    """Raise ConfigError where the keys of every TLS session would be written to a file."""
    if tls_keys_are_logged():
        raise ConfigError(
            "SSLKEYLOGFILE is set and would write the keys of every session to a file",
            hint="unset it and start again",
        )
