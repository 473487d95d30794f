"""What ``alphabot status`` tells: one value for a running service and for a journal at rest.

Everything in it is read where it is kept, at the moment of the question; nothing is decided by it.
Money is in USDT; ``*_ms`` are wall time in milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from alphabot.core.exact import ZERO, plain
from alphabot.core.goals import Goal
from alphabot.core.ledger import ledger
from alphabot.core.limit_values import Limits
from alphabot.core.progress import OpenIntent, StrategyProgress, UserState
from alphabot.core.standing import Stake
from alphabot.core.values import AlphaId, StrategyId, UserId
from alphabot.runtime.notice_status import NoticesStatus

__all__ = [
    "LatchStatus",
    "LimitStatus",
    "OpenIntentStatus",
    "Status",
    "StrategyStatus",
    "TokenStatus",
    "UserStatus",
    "figure",
    "is_open",
    "open_intents",
    "strategy_at_rest",
    "strategy_limits",
    "tokens",
    "total_exposure",
    "user_limits",
    "user_status",
]


class LimitStatus(msgspec.Struct, frozen=True):
    """How much of a limit is used, and how much is left of it; never less than nothing.

    What is used is what the gate would judge the next order by: of money, also what is held or
    open at its worst.
    """

    name: str
    used: Decimal
    most: Decimal
    headroom: Decimal


class LatchStatus(msgspec.Struct, frozen=True):
    """Why a user was stopped until a person acts, since when, and what clears it."""

    reason: str
    at_ms: int
    clears: str


class OpenIntentStatus(msgspec.Struct, frozen=True):
    """An order of ours that has not ended, or whose fate is not known."""

    intent_id: str
    strategy_id: str
    alpha_id: str
    at_ms: int
    state: str
    """``sending``, ``unknown``, ``placed``, or ``bought`` once only the SELL is open."""


class TokenStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything is that a user bought of a token; see :class:`~alphabot.core.ledger`."""

    alpha_id: str
    bought: Decimal
    sold: Decimal
    on_sells: Decimal
    leftover: Decimal
    """On no order, dust included."""
    unknown: Decimal
    cost_usdt: Decimal
    leftover_cost_usdt: Decimal
    bid: Decimal | None = None
    """What the leftover is valued at; without one it counts as lost."""


class StrategyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy of a user does, what it waits for, and how far it has come."""

    strategy_id: str
    token: str = ""
    state: str = ""
    """What it is doing, or waiting for; empty where no service runs."""
    waits_for: str = ""
    seconds_left: float | None = None
    """How long the present wait may last, if it is bounded."""
    until_ms: int | None = None
    paused: bool = False
    """Whether a person holds new rounds back; the one under way goes on."""
    stopping: bool = False
    target: Decimal
    credited: Decimal
    volume_usdt: Decimal
    wear_usdt: Decimal
    rounds: int
    failed_rounds: int = 0
    leftover: Decimal = ZERO
    leftover_cost_usdt: Decimal = ZERO
    limits: Sequence[LimitStatus] = ()
    refusals: dict[str, int] = {}
    """How often each rule of the gate refused an order, in this run."""
    daily: bool = False
    """Whether target and credited are those of this UTC day."""
    shown_volume: Decimal | None = None
    """The exchange's own figure for today under the token's symbol, once it was read."""
    shown_difference: str = ""
    """Why it is not ours; see :class:`alphabot.core.shown_volume.Difference`."""
    missing_at_midnight: Decimal | None = None
    """What the target will be short of when the day ends, at the present pace."""
    ending: str | None = None
    reason: str = ""


class UserStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One user: its connection, what stops it, what it has open, and its strategies."""

    user_id: int
    running: bool = False
    connection: str = ""
    latched: LatchStatus | None = None
    abandoned: dict[str, Decimal] = {}
    """Tokens whose SELL ended without our asking; they are not sold before ``alphabot clear``."""
    open_intents: Sequence[OpenIntentStatus] = ()
    tokens: Sequence[TokenStatus] = ()
    limits: Sequence[LimitStatus] = ()
    free_usdt: Decimal | None = None
    """What the wallet that pays held free when it was last read, if a running service has."""
    realised_loss_usdt: Decimal = ZERO
    """Of the loss that the limit of the day counts, what SELLs of today have realised."""
    strategies: Sequence[StrategyStatus] = ()


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A service, or what its journal says of it."""

    running: bool
    venue: str
    now_ms: int
    pid: int | None = None
    started_ms: int | None = None
    halted: str = ""
    """Why no order of anyone leaves, if so."""
    exchange_pause_seconds: float = 0.0
    """For how long the exchange has asked all of us to wait."""
    limits: Sequence[LimitStatus] = ()
    users: Sequence[UserStatus] = ()
    notices: NoticesStatus = NoticesStatus()

    @property
    def dry_run(self) -> bool:
        """Whether prices are real and accounts are not; so a venue is named, in any language."""
        return self.venue.startswith("dry-run ")


def figure(value: Decimal | int) -> Decimal:
    """Return the same number in the shortest writing, for a person's eyes."""
    return Decimal(plain(Decimal(value)))


def limit(name: str, used: Decimal | int, most: Decimal | int) -> LimitStatus:
    """Return how much of a limit is used."""
    headroom = max(Decimal(most) - Decimal(used), ZERO)
    return LimitStatus(name, figure(used), figure(most), figure(headroom))


def total_exposure(used_usdt: Decimal, limits: Limits) -> LimitStatus:
    """Return the limit that all users share."""
    return limit("max_total_exposure_usdt", used_usdt, limits.max_total_exposure_usdt)


def user_limits(stake: Stake, limits: Limits) -> tuple[LimitStatus, ...]:
    """Return the limits that a user has to itself, used as far as the gate counts them so."""
    return (
        limit("max_exposure_usdt", stake.exposure_usdt, limits.max_exposure_usdt),
        limit("max_daily_loss_usdt", stake.loss_today_usdt, limits.max_daily_loss_usdt),
        limit("max_leftover_usdt", stake.leftover_usdt, limits.max_leftover_usdt),
        limit("max_orders_per_minute", stake.orders_last_minute, limits.max_orders_per_minute),
    )


def strategy_limits(progress: StrategyProgress, limits: Limits) -> tuple[LimitStatus, ...]:
    """Return the limits that each strategy of a user has to itself."""
    return (
        limit("max_rounds", progress.rounds, limits.max_rounds),
        limit("max_consecutive_failures", progress.failures, limits.max_consecutive_failures),
    )


def strategy_at_rest(
    strategy_id: StrategyId,
    token: str,
    goal: Goal,
    progress: StrategyProgress,
    limits: Limits,
    now_ms: int,
) -> StrategyStatus:
    """Return a strategy's part where no service runs: how far it came."""
    return StrategyStatus(
        strategy_id=strategy_id,
        token=token,
        target=figure(goal.target),
        credited=figure(goal.credited(progress, now_ms)),
        daily=goal.daily,
        volume_usdt=figure(progress.volume_usdt),
        wear_usdt=figure(progress.wear_usdt),
        rounds=progress.rounds,
        limits=strategy_limits(progress, limits),
    )


def tokens(
    state: UserState, bids: Mapping[AlphaId, Decimal] | None = None
) -> tuple[TokenStatus, ...]:
    """Return the ledger of a user, token by token; ``bids`` are what prices are known."""
    return tuple(
        TokenStatus(
            alpha_id=line.alpha_id,
            bought=figure(line.bought),
            sold=figure(line.sold),
            on_sells=figure(line.on_sells),
            leftover=figure(line.leftover),
            unknown=figure(line.unknown),
            cost_usdt=figure(line.cost_usdt),
            leftover_cost_usdt=figure(line.leftover_cost_usdt),
            bid=None if (bid := (bids or {}).get(line.alpha_id)) is None else figure(bid),
        )
        for line in ledger(state)
    )


def open_intents(state: UserState) -> tuple[OpenIntentStatus, ...]:
    """Return what a user has open, oldest first."""
    return tuple(_open_intent(entry) for entry in state.open_intents.values())


def user_status(
    user_id: UserId,
    state: UserState,
    stake: Stake,
    limits: Limits,
    now_ms: int,
    strategies: Sequence[StrategyStatus],
    *,
    bids: Mapping[AlphaId, Decimal] | None = None,
    running: bool = False,
    connection: str = "",
    free_usdt: Decimal | None = None,
) -> UserStatus:
    """Return a user's part, most of which the journal's fold says."""
    latched = state.latched
    return UserStatus(
        user_id=user_id,
        running=running,
        connection=connection,
        latched=LatchStatus(latched.reason, latched.at_ms, latched.clears) if latched else None,
        abandoned={
            alpha_id: figure(holding.quantity)
            for alpha_id, holding in state.holdings.items()
            if holding.abandoned
        },
        open_intents=open_intents(state),
        tokens=tokens(state, bids),
        limits=user_limits(stake, limits),
        free_usdt=None if free_usdt is None else figure(free_usdt),
        realised_loss_usdt=figure(state.loss_today_usdt(now_ms)),
        strategies=strategies,
    )


def is_open(status: Status) -> bool:
    """Return whether anything waits for another run, or for a person."""
    return any(
        user.latched is not None or user.abandoned or user.open_intents for user in status.users
    )


def _open_intent(entry: OpenIntent) -> OpenIntentStatus:
    intended = entry.intended
    if entry.placed is not None:
        state = "bought" if entry.settled else "placed"
    else:
        state = "unknown" if entry.unresolved else "sending"
    return OpenIntentStatus(
        intended.intent_id, intended.strategy_id, intended.alpha_id, intended.at_ms, state
    )
