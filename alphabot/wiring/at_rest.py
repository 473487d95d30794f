"""What a person does to a journal while nothing runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.exact import ZERO
from alphabot.core.progress import UserState
from alphabot.core.records import Latched, Reset
from alphabot.core.standing import stake, total_exposure_usdt
from alphabot.core.values import AlphaId, FeeRate, StrategyId, UserId
from alphabot.errors import ConfigError, JournalError
from alphabot.ports import WallClock
from alphabot.runtime.halt import HaltFile
from alphabot.runtime.notice_status import NoticesStatus
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.status import (
    Status,
    StrategyStatus,
    strategy_at_rest,
    total_exposure,
    user_status,
)
from alphabot.store import SqliteJournal, open_journal
from alphabot.wiring.binding import choose
from alphabot.wiring.looking import look
from alphabot.wiring.venues import folder_of, identity_of, kept_identity

__all__ = ["Standstill", "clear", "last_known", "reset", "standstill"]


@dataclass(frozen=True, slots=True)
class Standstill:
    """What keeps a user from trading until a human has looked."""

    latched: Latched | None
    abandoned: Mapping[AlphaId, Decimal]
    """Tokens whose SELL ended without our asking; they are not sold before that."""
    failing: Mapping[StrategyId, int]
    """Strategies that have failed so often in a row that they may not go on, with how often."""


async def reset(
    settings: Settings, strategy: str, user: int | None = None
) -> Mapping[UserId, Decimal]:
    """Set a strategy's progress back to zero for its users, or for one of them.

    Returns the credited volume that each of them had. Raises ConfigError for a strategy or user
    that the settings do not name, JournalError while another process owns the journal.
    """
    (chosen,) = choose(settings, [strategy])
    user_ids = [user_id for user_id in chosen.user_ids if user in (None, user_id)]
    if not user_ids:
        raise ConfigError(
            f"user {user} does not run {strategy!r}",
            path=settings.path,
            hint=f"there are {', '.join(map(str, chosen.user_ids))}",
        )
    credited = {}
    clock = SystemClock()
    await trio.lowlevel.checkpoint()
    with _journal_at_rest(settings, clock) as journal:
        for user_id in user_ids:
            _refuse_stranger(settings, journal, user_id)
            journal.users.ensure(user_id)
            recorder = await _recorder(journal, user_id, clock)
            credited[user_id] = recorder.state.strategy(chosen.strategy_id).credited
            await recorder.write(Reset(at_ms=clock.now_ms(), strategy_id=StrategyId(strategy)))
    return credited


async def standstill(settings: Settings, user: int) -> Standstill | None:
    """Return what keeps a user from trading, or None if nothing does; changes nothing.

    Raises ConfigError for a user whom the settings do not name, JournalError while another
    process owns the journal.
    """
    clock = SystemClock()
    user_id = _known(settings, user)
    with _journal_at_rest(settings, clock) as journal:
        return _found(await _recorder(journal, user_id, clock), settings)


async def clear(settings: Settings, user: int) -> Standstill | None:
    """Clear what keeps a user from trading and return it, or None if nothing did.

    Raises what :func:`standstill` raises.
    """
    clock = SystemClock()
    user_id = _known(settings, user)
    with _journal_at_rest(settings, clock) as journal:
        recorder = await _recorder(journal, user_id, clock)
        found = _found(recorder, settings)
        if found is not None:
            await recorder.clear("alphabot clear")
        return found


async def last_known(settings: Settings) -> Status:
    """Return what the journal says while no service runs; only looks, and leaves it as it was.

    Raises JournalError where it cannot be trusted.
    """
    clock, identity = SystemClock(), identity_of(settings)
    folder = folder_of(settings)
    states: dict[UserId, UserState] = {user_id: UserState() for user_id in _users(settings)}
    await trio.lowlevel.checkpoint()
    undelivered = 0
    exposures: list[Decimal] = []  # first of those who do not trade by these settings
    # The mark of a database that is gone says that there was one.
    if any(_is_there(folder / f"{identity.file_stem}{end}") for end in (".db", ".mark")):
        with look(settings) as view:
            undelivered = view.undelivered
            for user in view.users:
                if user.user_id in states and user.damage is not None:
                    raise user.damage
                if user.user_id in states:
                    states[user.user_id] = user.state
                else:
                    exposures.append(
                        user.state.exposure_usdt()
                        if user.damage is None
                        else settings.limits_of(user.user_id).max_exposure_usdt
                    )
    now_ms = clock.now_ms()
    exposures += [state.exposure_usdt() for state in states.values()]
    return Status(
        running=False,
        venue=str(identity),
        now_ms=now_ms,
        halted=HaltFile(folder).reason() if folder.is_dir() else "",
        limits=(total_exposure(total_exposure_usdt(exposures, ZERO), settings.limits),),
        users=[
            user_status(
                user_id,
                state,
                # Nobody has looked at a price, a fee or the account's other orders.
                stake(state, now_ms, {}, FeeRate(ZERO, ZERO), ()),
                settings.limits_of(user_id),
                now_ms,
                _strategies(settings, user_id, state, now_ms),
            )
            for user_id, state in states.items()
        ],
        notices=NoticesStatus(undelivered=undelivered),
    )


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as cause:
        raise JournalError(f"{path} cannot be looked at: {cause.strerror}") from cause
    return True


def _strategies(
    settings: Settings, user_id: UserId, state: UserState, now_ms: int
) -> Sequence[StrategyStatus]:
    return [
        strategy_at_rest(
            strategy.strategy_id,
            strategy.target_token,
            settings.strategy_of(strategy, user_id).goal,
            state.strategy(strategy.strategy_id),
            settings.limits_of(user_id),
            now_ms,
        )
        for strategy in settings.strategies
        if user_id in strategy.user_ids
    ]


def _users(settings: Settings) -> Sequence[UserId]:
    return sorted({user for strategy in settings.strategies for user in strategy.user_ids})


def _refuse_stranger(settings: Settings, journal: SqliteJournal, user_id: UserId) -> None:
    if settings.live and journal.users.get(user_id) is None:
        raise ConfigError(
            f"no such user was added: {user_id}", hint=f"alphabot users add NAME --id {user_id}"
        )


def _known(settings: Settings, user: int) -> UserId:
    users = _users(settings)
    if user not in users:
        raise ConfigError(
            f"user {user} runs no strategy",
            path=settings.path,
            hint=f"there are {', '.join(map(str, users))}",
        )
    return UserId(user)


async def _recorder(journal: SqliteJournal, user_id: UserId, clock: WallClock) -> Recorder:
    recorder = Recorder(journal, user_id, clock)
    await recorder.replay()
    return recorder


def _found(recorder: Recorder, settings: Settings) -> Standstill | None:
    limits = settings.limits_of(recorder.user_id)
    failing = recorder.state.failing(limits.max_consecutive_failures)
    holdings = recorder.state.holdings.items()
    abandoned = {token: holding.quantity for token, holding in holdings if holding.abandoned}
    latched = recorder.state.latched
    found = Standstill(latched, abandoned, failing)
    return found if latched or abandoned or failing else None


def _journal_at_rest(settings: Settings, clock: WallClock) -> AbstractContextManager[SqliteJournal]:
    """Open the journal of the configured venue outside a run.

    Raises ConfigError for the embedded exchange: it begins anew with every run, so there is
    nothing to change.
    """
    return open_journal(
        folder_of(settings),
        kept_identity(settings, "change"),
        fresh=False,
        clock=clock,
        on_network_disk=settings.journal_on_network_disk,
    )
