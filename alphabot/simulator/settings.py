"""Every knob of the simulated exchange, with its unit and what it is good for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.simulator.tokens import DEFAULT_TOKENS, Token

__all__ = ["ExchangeSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """How this exchange behaves; two exchanges with equal settings behave alike.

    Pairs ``(low, high)`` are ranges from which the seed draws; equal ends make the value certain.
    """

    seed: int = 1
    """Decides prices, depth, delays, ids and the credentials of every user."""
    tokens: tuple[Token, ...] = DEFAULT_TOKENS
    """What is listed."""
    funding_usdt: Decimal = Decimal(10000)
    """What a user's funding wallet holds when the exchange first sees the user."""
    earn_usdt: Decimal = Decimal(0)
    """What lies in the user's earn wallet; orders are never paid from it."""

    step_ms: int = 250
    """Time between two moves of the price, the crowd's book and its trades."""
    volatility_percent: int = 100
    """How far the price wanders: 100 is a few percent within hours, 0 pins it to the anchor."""
    half_spread_bp: tuple[int, int] = (1, 4)
    """Distance of the best bid and ask from the middle, in basis points."""
    depth_levels: int = 12
    """Price levels of the crowd on each side of the book."""
    level_usdt: tuple[int, int] = (20, 800)
    """What one level is worth; the lower end is rarer. Smaller levels mean more partial fills."""
    traffic_percent: int = 60
    """Chance of a trade of the crowd in each step; such trades fill resting orders."""

    fill_delay_ms: tuple[int, int] = (200, 800)
    """How long a marketable order waits before it meets the book."""
    split_fill_percent: int = 10
    """Chance that a marketable order meets the book in two parts, one delay apart."""

    push_delay_ms: tuple[int, int] = (3, 15)
    """Time from a transaction to its event on the order stream."""
    push_before_reply_percent: int = 25
    """Chance that the first event of an order overtakes the reply to its placing."""
    visibility_lag_ms_max: int = 0
    """How far order lists, history and fills may be behind; drawn per order up to this."""
    listen_key_validity_ms: int = 3_600_000
    """How long a listen key carries events after it was last asked for."""
    listen_key_reuse: bool = True
    """Whether asking again returns the key that is still valid, or a new one."""
    user_volume_lag_ms: tuple[int, int] = (60_000, 120_000)
    """How long a purchase takes to show in user-volume."""
    user_volume_multiplied: bool = True
    """Whether user-volume shows points volume (times mulPoint) or money."""

    requests_per_second_max: int = 0
    """HTTP requests of all callers in one second; more are answered with 429. 0 is no limit."""
    keep_alive_ms: int = 30_000
    """How long an HTTP connection may be idle before the exchange closes it."""
    subscriber_frames_max: int = 512
    """Frames that may wait for one WebSocket; one more and the slow reader is disconnected."""
    link_delay_ms: int = 1
    """Time a byte is under way through the memory door, each way."""

    def __post_init__(self) -> None:
        """Refuse what no exchange could run on; raises ValueError naming the knob."""
        for name in (
            "half_spread_bp",
            "level_usdt",
            "fill_delay_ms",
            "push_delay_ms",
            "user_volume_lag_ms",
        ):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} was {(low, high)}, expected 0 <= low <= high")
        for name in ("step_ms", "depth_levels", "subscriber_frames_max", "keep_alive_ms"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} was {getattr(self, name)}, expected at least 1")
        if self.requests_per_second_max < 0:
            raise ValueError("requests_per_second_max was below 0")
        if len({token.alpha_id for token in self.tokens}) != len(self.tokens):
            raise ValueError("tokens named one alphaId twice")
