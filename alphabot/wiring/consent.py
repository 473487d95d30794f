"""What has to be there before a real order may leave, and what a person agrees to.

Four things, each missing one of which is said in one line: the mode in the file, ``--live`` on the
command line, the first four limits written by the person who bears the loss, and consent to the
terms. The terms are who is traded for, where, and within which limits: whatever of these changes
asks for consent again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Final, NoReturn

from alphabot.config import Settings
from alphabot.core.exact import multiply
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

    @property
    def worst_day_usdt(self) -> Decimal:
        """What all users together may lose in a UTC day before nothing more is bought."""
        return multiply(self.limits.max_daily_loss_usdt, Decimal(len(self.users)))

    @property
    def digest(self) -> bytes:
        """What these terms, and no others, are remembered by."""
        limits = {name: str(value) for name, value in asdict(self.limits).items()}
        text = json.dumps([self.hosts, self.users, limits], sort_keys=True)
        return hashlib.sha256(text.encode()).digest()


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
