"""Everything people are told: composed, chosen, kept in the outbox, and handed to the notifiers.

::

    notices                      no order waits for any of it
    ├─ outbox                    makes durable what must be heard, and what was
    ├─ day                       after 00:00 UTC, what the day came to
    └─ notifier x N              see alphabot.runtime.delivery

Posting is synchronous and never raises. What must be heard is delivered at least once, also when
the process is killed in between: its row is in the outbox, or is made at the next start from the
record it tells of. After a kill between delivering and marking it is delivered once more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import trio

from alphabot.core.choosing import Wishes, is_wanted, wishes_of
from alphabot.core.events import DayOfUser, Event
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.progress import DAY_MS
from alphabot.core.values import UserId
from alphabot.errors import JournalError
from alphabot.log import say, say_exception
from alphabot.messages import Language
from alphabot.ports import ChatDoor, NotifierFactory, Outbox, WallClock
from alphabot.runtime.composing import notice_of
from alphabot.runtime.delivery import Delivery, safe
from alphabot.runtime.notice_status import NoticesStatus
from alphabot.runtime.stop import Stop

__all__ = ["Notices"]

FAREWELL_SECONDS = 5.0
"""How long a service that has ended waits for its last notices to be delivered."""
LOOK_SECONDS = 600.0
"""How often the calendar is looked at, for a wall clock may be set."""


class Notices:
    """What is told, and to whom; without a notifier it does nothing."""

    def __init__(
        self,
        notifiers: Mapping[str, NotifierFactory],
        *,
        outbox: Outbox,
        everyone: Wishes,
        users: Mapping[UserId, Wishes],
        language: Language,
        clock: WallClock,
        dry_run: bool = False,
    ) -> None:
        self._dry_run = dry_run
        self._outbox = outbox
        self._everyone = everyone
        self._users = users
        self._language: Language = language
        self._clock = clock
        self._deliveries = [
            Delivery(name, factory, language, self._mark) for name, factory in notifiers.items()
        ]
        self._unwritten: list[Notice] = []
        self._work = trio.Event()
        self._causes: set[str] = set()
        self._undelivered: set[str] = set()

    def __repr__(self) -> str:
        return f"<Notices by {', '.join(d.name for d in self._deliveries) or 'nobody'}>"

    def wishes(self, user_id: UserId | None) -> Wishes:
        """Return what is to be told of a user."""
        return wishes_of(user_id, self._everyone, self._users)

    def post(self, event: Event) -> None:
        """Have people told of an event, if they wish it; returns at once, whatever goes wrong."""
        if not self._deliveries:
            return
        try:
            notice = notice_of(event, self._language, dry_run=self._dry_run)
            if notice.needs_human:
                self._unwritten.append(notice)
                self._work.set()
            elif event.days or is_wanted(notice, self.wishes(notice.user_id)):
                self._hand_out(notice)
        except Exception as error:  # noqa: BLE001 - no order may depend on a sentence
            say_exception("notices.failed", error, kind=event.kind)

    def benched(self, plugin: str, reason: str) -> None:
        """Tell that a plugin is not asked any more."""
        now_ms = self._clock.now_ms()
        self.post(
            Event(
                kind=NoticeKind.PLUGIN_BENCHED,
                cause=f"benched/{plugin}/{now_ms // DAY_MS}",
                at_ms=now_ms,
                subject=plugin,
                reason=reason,
                needs_human=True,
            )
        )

    def status(self) -> NoticesStatus:
        """Return what is still to be heard, and how each notifier does."""
        notifiers = [delivery.status() for delivery in self._deliveries]
        return NoticesStatus(undelivered=len(self._undelivered), notifiers=notifiers)

    @asynccontextmanager
    async def open(
        self,
        stop: Stop,
        *,
        door: ChatDoor | None,
        halts: Iterable[Event],
        days: Callable[[int], Sequence[DayOfUser]],
    ) -> AsyncIterator[None]:
        """Deliver for the length of the block, and for a short farewell after it.

        ``halts`` are those that somebody must have heard of by now; ``days`` returns what all
        users did on a day.
        """
        if not self._deliveries:
            yield
            return
        for event in halts:
            self._write(notice_of(event, self._language, dry_run=self._dry_run))
        for delivery in self._deliveries:
            self._take_up(delivery)
        async with trio.open_nursery() as tasks:
            tasks.start_soon(self._keep_outbox)
            tasks.start_soon(self._tell_days, days)
            for delivery in self._deliveries:
                tasks.start_soon(delivery.run, door)
            failure: BaseExceptionGroup[JournalError] | None = None
            try:
                yield
            except* JournalError as group:
                failure = group
                self._tell_of_the_journal(group)
            await self._farewell(stop)
            if failure is not None:
                raise failure
            tasks.cancel_scope.cancel()

    # --- what must be heard --------------------------------------------------------------------

    async def _keep_outbox(self) -> None:
        await trio.lowlevel.checkpoint()
        while True:
            self._write_all()
            await self._work.wait()
            self._work = trio.Event()

    def _write_all(self) -> None:
        waiting, self._unwritten = self._unwritten, []
        for notice in waiting:
            self._write(notice)

    def _write(self, notice: Notice) -> None:
        """Make a notice durable, then have it told; a broken outbox costs the former alone."""
        if notice.cause in self._causes:
            return
        notice = safe(notice)  # the outbox is a file, and keeps what nobody could be told yet
        try:
            if self._outbox.heard(notice.cause):
                return
            self._outbox.put(notice, [delivery.name for delivery in self._deliveries])
        except JournalError as error:
            say("outbox.failed", reason=str(error))
        self._causes.add(notice.cause)
        self._undelivered.add(notice.cause)
        self._hand_out(notice)

    def _take_up(self, delivery: Delivery) -> None:
        """Have a notifier tell what earlier processes did not come to."""
        try:
            pending = self._outbox.pending(delivery.name)
            heard = {notice.cause for notice in pending if self._outbox.heard(notice.cause)}
        except JournalError as error:
            say("outbox.failed", reason=str(error))
            return
        for notice in pending:
            self._causes.add(notice.cause)
            if notice.cause not in heard:
                self._undelivered.add(notice.cause)
            delivery.take(notice)

    def _mark(self, name: str, notice: Notice) -> None:
        self._undelivered.discard(notice.cause)
        try:
            self._outbox.mark(notice, name, self._clock.now_ms())
        except JournalError as error:
            say("outbox.failed", reason=str(error))

    # --- delivering ----------------------------------------------------------------------------

    def _hand_out(self, notice: Notice) -> None:
        for delivery in self._deliveries:
            delivery.take(notice)

    async def _farewell(self, stop: Stop) -> None:
        """Deliver what waits, for a short time, and not at all once everything is to end now."""
        self._write_all()
        for delivery in self._deliveries:
            delivery.leave()
        await trio.lowlevel.checkpoint()
        with stop.everything(), trio.move_on_after(FAREWELL_SECONDS):
            await trio.lowlevel.checkpoint()
            for delivery in self._deliveries:
                await delivery.ended.wait()

    def _tell_of_the_journal(self, group: BaseExceptionGroup[JournalError]) -> None:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        now_ms = self._clock.now_ms()
        self.post(
            Event(
                kind=NoticeKind.STOPPED,
                cause=f"journal/{now_ms}",
                at_ms=now_ms,
                reason=str(error),
                needs_human=True,
            )
        )

    async def _tell_days(self, days: Callable[[int], Sequence[DayOfUser]]) -> None:
        """Tell of each day once it is over, by the wall clock, which may be set meanwhile."""
        day = self._clock.now_ms() // DAY_MS
        while True:
            rest_ms = DAY_MS - self._clock.now_ms() % DAY_MS
            await trio.sleep(min(LOOK_SECONDS, rest_ms / 1000))
            now_ms = self._clock.now_ms()
            if now_ms // DAY_MS <= day:
                continue
            date = datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date()
            # Who is among them wished for it; what was wished for all asks for those alone.
            wanting = [each for each in days(day) if self._wants_summary(each.user_id)]
            self.post(
                Event(
                    kind=NoticeKind.DAILY_SUMMARY,
                    cause=f"day/{date.isoformat()}",
                    at_ms=now_ms,
                    subject=date.isoformat(),
                    days=wanting,
                )
            )
            day = now_ms // DAY_MS

    def _wants_summary(self, user_id: UserId) -> bool:
        wishes = self.wishes(user_id)
        return wishes.quiet or NoticeKind.DAILY_SUMMARY in wishes.kinds
