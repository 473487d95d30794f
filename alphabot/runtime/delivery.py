"""One notifier: a task, what waits for it, and everything that may go wrong with it.

Whatever a notifier does (raise, hang, refuse, never open), it is a problem of this task alone: it
backs off and tries again. What must be heard goes first, is tried until it is delivered, and is
told to the outbox; of the rest the newest is kept, within a bound.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import trio

from alphabot.core.coalescing import Waiting, after_adding, after_returning
from alphabot.core.notices import Notice
from alphabot.errors import NotDelivered
from alphabot.log import harmless, redact, say
from alphabot.messages import Language
from alphabot.ports import ChatDoor, ChatListener, Notifier, NotifierFactory
from alphabot.runtime.composing import told_together
from alphabot.runtime.notice_status import NotifierStatus

__all__ = ["WAITING_NOTICES_MAX", "Delivery", "safe"]

WAITING_NOTICES_MAX = 64
"""Notices that wait for one notifier. Beyond it the oldest that may be dropped is, and is counted;
what needs a human is not bounded, for there are only so many users who can stop."""
OPEN_SECONDS = 30.0
DELIVER_SECONDS = 30.0
CLOSE_SECONDS = 5.0
"""How long a notifier may take for each."""
PACE_SECONDS = 1.0
"""Between two notices, so that several of one user become one; not before what must be heard."""
RETRY_SECONDS_MIN = 1.0
RETRY_SECONDS_MAX = 300.0
"""After a failure, doubling with each one in a row."""
RETRY_AFTER_SECONDS_MAX = 3600.0
"""The longest wait that a service is granted, whatever it asks for."""
_PROBLEM_CHARS_MAX = 200


class Delivery:
    """Delivers through one notifier what it was given.

    ``heard`` is called with each notice that needed a human, once it was delivered.
    """

    def __init__(
        self,
        name: str,
        factory: NotifierFactory,
        language: Language,
        heard: Callable[[str, Notice], None],
    ) -> None:
        self.name = name
        self._factory = factory
        self._language: Language = language
        self._heard = heard
        self._waiting: tuple[Waiting, ...] = ()
        self._aside: tuple[Waiting, ...] = ()
        self._news = trio.Event()
        self._leaving = False
        self._state = "opening"
        self._problem = ""
        self._failures = 0
        self._retry_at = -math.inf
        self._pace_at = -math.inf
        self._delivered = 0
        self._dropped = 0
        self.ended = trio.Event()
        """Set once it has left; not if it was cancelled."""

    def __repr__(self) -> str:
        return f"<Delivery {self.name}: {self._state}, {len(self._waiting)} waiting>"

    def take(self, notice: Notice) -> None:
        """Have a notice delivered, in its turn; never waits."""
        self._keep(after_adding(self._waiting, notice, most=WAITING_NOTICES_MAX))

    def leave(self) -> None:
        """End once everything that waits is delivered."""
        self._leaving = True
        self._news.set()

    def status(self) -> NotifierStatus:
        """Return how this notifier does at this moment."""
        left = max(0.0, self._retry_at - trio.current_time())
        return NotifierStatus(
            name=self.name,
            state=self._state,
            problem=self._problem,
            seconds_left=round(left, 3) if left else None,
            waiting=len(self._waiting) + len(self._aside),
            delivered=self._delivered,
            dropped=self._dropped,
        )

    async def run(self, door: ChatDoor | None) -> None:
        """Deliver until told to leave; what a notifier raises ends nothing but its own session."""
        await trio.lowlevel.checkpoint()
        while not (self._leaving and not self._waiting):
            problem = await self._session(door)
            if problem is not None:
                self._failed(problem)
            await trio.sleep_until(self._retry_at)
        self.ended.set()

    async def _session(self, door: ChatDoor | None) -> NotDelivered | None:
        """Open the notifier and deliver through it; return what ended that, if anything did."""
        caught: list[NotDelivered] = []
        limit = trio.CancelScope(deadline=trio.current_time() + OPEN_SECONDS)
        with limit, _guarded(caught):
            async with self._factory() as notifier, trio.open_nursery() as ears:
                limit.deadline = math.inf
                self._state, self._problem = "delivering", ""
                if door is not None and isinstance(notifier, ChatListener):
                    ears.start_soon(self._listen, notifier, door)
                await self._deliver_all(notifier)
                ears.cancel_scope.cancel()
                limit.deadline = trio.current_time() + CLOSE_SECONDS
        if limit.cancelled_caught and not caught:
            caught.append(NotDelivered("it neither opened nor closed in time"))
        # A cancellation that came wrapped in something of the notifier's own is not lost.
        await trio.lowlevel.checkpoint()
        return caught[0] if caught else None

    async def _deliver_all(self, notifier: Notifier) -> None:
        while (entry := await self._next()) is not None:
            problem = await self._deliver(notifier, entry)
            if problem is None:
                self._succeeded(entry)
            elif problem.pointless:
                self._given_up(entry, problem)
            else:
                self._keep(after_returning(self._waiting, entry, most=WAITING_NOTICES_MAX))
                self._failed(problem)

    async def _next(self) -> Waiting | None:
        """Return what to deliver now, once there is something; None when it is time to leave."""
        await trio.lowlevel.checkpoint()
        while True:
            now = trio.current_time()
            entry = next((e for e in self._waiting if e.notice.needs_human), None)
            entry = entry or next(iter(self._waiting), None)
            if entry is None and self._leaving:
                return None
            ready_at = math.inf
            if entry is not None:
                hurried = entry.notice.needs_human or self._leaving
                ready_at = self._retry_at if hurried else max(self._retry_at, self._pace_at)
                if now >= ready_at:
                    self._waiting = tuple(e for e in self._waiting if e is not entry)
                    return entry
            with trio.move_on_at(ready_at):
                await self._news.wait()
            self._news = trio.Event()

    async def _deliver(self, notifier: Notifier, entry: Waiting) -> NotDelivered | None:
        """Return why a notice was not delivered, or None if it was."""
        notice = safe(replace(entry.notice, figures=told_together(entry, self._language)))
        caught: list[NotDelivered] = []
        with trio.move_on_after(DELIVER_SECONDS) as limit, _guarded(caught):
            answer: object = await notifier.deliver(notice)  # type: ignore[func-returns-value]  # a plugin may return anything
            if inspect.iscoroutine(answer):
                answer.close()
                caught.append(NotDelivered("it returned a coroutine that nobody awaits"))
        if limit.cancelled_caught and not caught:
            caught.append(NotDelivered(f"it did not end within {DELIVER_SECONDS:g} s"))
        if caught:
            # Not after a delivery: nothing may come between that and marking it.
            await trio.lowlevel.checkpoint()
        return caught[0] if caught else None

    async def _listen(self, notifier: ChatListener, door: ChatDoor) -> None:
        failures = 0
        while True:
            caught: list[NotDelivered] = []
            with _guarded(caught):
                await notifier.listen(door)
            seconds = _backoff_seconds(failures)
            failures += 1
            reason = str(caught[0]) if caught else "it ended by itself"
            say("notifier.deaf", notifier=self.name, reason=reason, seconds=seconds)
            await trio.sleep(seconds)

    # --- what became of it ---------------------------------------------------------------------

    def _succeeded(self, entry: Waiting) -> None:
        if self._failures:
            say("notifier.back", notifier=self.name)
        self._state, self._problem, self._failures = "delivering", "", 0
        self._delivered += 1
        self._pace_at = trio.current_time() + PACE_SECONDS
        if entry.notice.needs_human:
            self._heard(self.name, entry.notice)
        # What was in vain may be taken now that something was.
        aside, self._aside = self._aside, ()
        for each in aside:
            self._keep(after_returning(self._waiting, each, most=WAITING_NOTICES_MAX))

    def _failed(self, problem: NotDelivered) -> None:
        seconds = max(_backoff_seconds(self._failures), _asked_seconds(problem))
        self._failures += 1
        self._state, self._problem = "backing_off", str(problem)
        self._retry_at = trio.current_time() + seconds
        say("notifier.failed", notifier=self.name, reason=self._problem, seconds=seconds)

    def _given_up(self, entry: Waiting, problem: NotDelivered) -> None:
        self._state, self._problem = "pointless", str(problem)
        say("notifier.pointless", notifier=self.name, reason=self._problem)
        if entry.notice.needs_human:
            self._aside = (*self._aside, entry)
        else:
            self._dropped += 1 + entry.merged

    def _keep(self, kept: tuple[tuple[Waiting, ...], int]) -> None:
        self._waiting, dropped = kept
        if dropped and not self._dropped:
            say("notifier.dropped", notifier=self.name)
        self._dropped += dropped
        self._news.set()


@contextmanager
def _guarded(caught: list[NotDelivered]) -> Iterator[None]:
    """Catch whatever a notifier raises, also what is meant to end the process."""
    try:
        yield
    except NotDelivered as error:
        caught.append(_put(error))
    except (trio.Cancelled, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - what is none of the two above is the notifier's
        caught.append(NotDelivered(_told(error)))


def _put(error: NotDelivered) -> NotDelivered:
    """Return a problem without anything that only its notifier believes in."""
    return NotDelivered(
        _told(error, named=False),
        retry_after_seconds=_asked_seconds(error),
        pointless=error.pointless is True,
    )


def _told(error: BaseException, *, named: bool = True) -> str:
    try:
        text = f"{type(error).__name__}: {error}" if named else str(error)
    except Exception:  # noqa: BLE001 - an exception of anyone's making
        text = type(error).__name__
    return harmless(redact(text))[:_PROBLEM_CHARS_MAX]


def _asked_seconds(problem: NotDelivered) -> float:
    """Return how long the service wants to be left alone, as far as that can be believed."""
    asked = problem.retry_after_seconds
    if not isinstance(asked, int | float) or not math.isfinite(asked):
        return 0.0
    return min(max(0.0, asked), RETRY_AFTER_SECONDS_MAX)


def _backoff_seconds(failures: int) -> float:
    return min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2.0 ** min(failures, 20))


def safe(notice: Notice) -> Notice:
    """Return a notice without secrets, and without characters that steer whatever shows it."""
    return replace(
        notice,
        title=_clean(notice.title),
        figures=tuple((_clean(name), _clean(value)) for name, value in notice.figures),
    )


def _clean(text: str) -> str:
    return harmless(redact(text))
