"""What a person does to a journal while nothing runs."""

from __future__ import annotations

from contextlib import AbstractContextManager

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.records import Cleared, Reset
from alphabot.core.values import StrategyId, UserId
from alphabot.errors import ConfigError
from alphabot.ports import WallClock
from alphabot.runtime.recorder import Recorder
from alphabot.store import SqliteJournal, VenueIdentity, VenueMode, open_journal
from alphabot.wiring.binding import choose
from alphabot.wiring.venues import folder_of, hosts_of

__all__ = ["clear", "reset"]


async def reset(settings: Settings, strategy: str, user: int | None = None) -> None:
    """Set a strategy's progress back to zero for its users, or for one of them.

    Raises ConfigError for a strategy or user that the settings do not name, JournalError while
    another process owns the journal.
    """
    await trio.lowlevel.checkpoint()
    (chosen,) = choose(settings, [strategy])
    user_ids = [u for u in chosen.user_ids if user in (None, u)]
    if not user_ids:
        raise ConfigError(f"user {user} does not run {strategy!r}", path=settings.path)
    clock = SystemClock()
    with _journal_at_rest(settings, clock) as journal:
        for user_id in user_ids:
            journal.users.ensure_simulated_user(user_id)
            record = Reset(at_ms=clock.now_ms(), strategy_id=StrategyId(strategy))
            await journal.append(user_id, record)


async def clear(settings: Settings, user: int) -> str | None:
    """Clear a user's latch and return its reason, or None if there was none.

    Raises JournalError while another process owns the journal.
    """
    clock = SystemClock()
    with _journal_at_rest(settings, clock) as journal:
        recorder = Recorder(journal, UserId(user), clock)
        await recorder.replay()
        latched = recorder.state.latched
        if latched is not None:
            await recorder.write(Cleared(at_ms=clock.now_ms(), by="alphabot clear"))
        return latched.reason if latched else None


def _journal_at_rest(settings: Settings, clock: WallClock) -> AbstractContextManager[SqliteJournal]:
    """Open the journal of the configured venue outside a run.

    Raises ConfigError for the embedded exchange: it begins anew with every run, so there is
    nothing to change.
    """
    identity = VenueIdentity(VenueMode.SIMULATED, hosts_of(settings))
    if identity.embedded:
        raise ConfigError(
            "the embedded exchange starts anew with every run; there is nothing to change",
            path=settings.path,
            key="exchange",
            hint="name an exchange by its addresses to keep its journal",
        )
    return open_journal(folder_of(settings), identity, fresh=False, clock=clock)
