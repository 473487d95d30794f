"""How one user's account talks to the exchange."""

from __future__ import annotations

from dataclasses import dataclass

from alphabot.errors import ConfigError
from alphabot.exchange.lane import IDLE_SECONDS

__all__ = ["AccountSettings"]


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How an account talks; the defaults are slow, since no limit is documented."""

    order_family: str = "asset/v1"
    """Where orders are placed: ``asset/v1`` like the web page, or ``defi/v1`` like the phone."""
    figures_as_numbers: bool = False
    """Send prices and quantities as JSON numbers, like the web page, not as strings."""
    requests_per_second: float = 2.0
    request_burst: int = 4
    order_seconds: float = 10.0
    """How long an order request may take, waiting for its turn included."""
    lane_idle_seconds: float = IDLE_SECONDS

    def __post_init__(self) -> None:
        if self.order_family not in ("asset/v1", "defi/v1"):
            raise ConfigError("asset/v1 or defi/v1 was expected", key="order_family")
