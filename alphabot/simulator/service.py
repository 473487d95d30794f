"""The exchange with a clock and an audience: what both doors serve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import trio

from alphabot.simulator.exchange import Exchange
from alphabot.simulator.front_office import FrontOffice
from alphabot.simulator.hub import Hub
from alphabot.simulator.ledger import Ledger
from alphabot.simulator.misbehaviour import Misbehaviour
from alphabot.simulator.settings import ExchangeSettings

if TYPE_CHECKING:
    from alphabot.ports import WallClock

__all__ = ["AnyService", "Service", "SimulatedExchange"]

Model = TypeVar("Model", bound=FrontOffice)


class Service(Generic[Model]):
    """A model with a clock and an audience, reached through ``serve_sockets`` or ``MemoryNet``.

    ``model`` is the exchange itself, for tests and checkers: its accounts, orders and markets.
    ``clock`` tells the time that appears on the wire; waiting follows trio's clock.
    """

    def __init__(self, model: Model, clock: WallClock) -> None:
        self.settings = model.settings
        self._clock = clock
        self.model = model
        self.hub = Hub(self.model)
        self._closing = trio.Event()
        self._driving = trio.Lock()
        self._wake = trio.Event()
        self._asleep_for_ms: int | None = None
        self._bug: Exception | None = None

    @property
    def ledger(self) -> Ledger:
        """Every order request, private call and self-cross so far."""
        return self.model.ledger

    @property
    def visibility_lag_ms_max(self) -> int:
        """The most by which an order list can be behind; what settling must wait out twice."""
        return self.settings.visibility_lag_ms_max

    def now_ms(self) -> int:
        """Return the time as the exchange tells it."""
        return self._clock.now_ms()

    def catch_up(self) -> None:
        """Let everything happen that is due, and deliver what there is to tell.

        A door calls it before and after whatever it asks of the model.
        """
        self.model.advance(self._clock.now_ms())
        for message in self.model.drain():
            self.hub.deliver(message)
        if self.model.next_due_ms != self._asleep_for_ms:
            self._wake.set()

    async def drive(self) -> None:
        """Advance the model as time passes, asleep whenever nothing is due.

        Each door runs it; while one does, the others wait to take over. Raises what a handler
        reported through :meth:`report_bug`.
        """
        async with self._driving:
            while self._bug is None:
                self.catch_up()
                self._wake = trio.Event()
                self._asleep_for_ms = self.model.next_due_ms
                with trio.move_on_after(self._seconds_idle()):
                    await self._wake.wait()
            raise self._bug

    async def wait_until(self, at_ms: int) -> None:
        """Return at a time of the exchange, at once if it has passed."""
        await trio.sleep(max(at_ms - self._clock.now_ms(), 0) / 1000)

    def report_bug(self, error: Exception) -> None:
        """Have the exchange fail with an error that a server would swallow."""
        self._bug = self._bug or error
        self._wake.set()

    def close(self) -> None:
        """Tell every door to stop."""
        self._closing.set()

    async def wait_closing(self) -> None:
        """Return once :meth:`close` was called."""
        await self._closing.wait()

    def expire_session(self, user_id: int) -> None:
        """Log a user out: every private call is answered with 100002001 until restored."""
        self.model.sessions.expire(user_id)

    def restore_session(self, user_id: int) -> None:
        """Log a user in again, with the same credentials."""
        self.model.sessions.restore(user_id)

    def log_in_anew(self, user_id: int) -> dict[str, str]:
        """Log a user in with other credentials, which are returned; those before stay bad."""
        return self.model.sessions.log_in_anew(user_id)

    def raise_challenge(self, user_id: int) -> None:
        """Put an account under a risk challenge: every private call is answered with it."""
        self.model.sessions.challenge(user_id)

    def lift_challenge(self, user_id: int) -> None:
        """Take the challenge as passed."""
        self.model.sessions.lift_challenge(user_id)

    def expire_listen_keys(self, user_id: int) -> None:
        """Make a user's listen keys dead: connections stay open and silent."""
        self.model.listen_keys.expire(user_id)

    def _seconds_idle(self) -> float:
        due_ms = self.model.next_due_ms
        if due_ms is None:
            return math.inf
        # At least one: the clock counts whole milliseconds and may still show the one before.
        return max(due_ms - self._clock.now_ms(), 1) / 1000


AnyService = Service[Any]


class SimulatedExchange(Service[Exchange]):
    """A whole simulated exchange."""

    def __init__(
        self,
        settings: ExchangeSettings,
        clock: WallClock,
        misbehaviour: Misbehaviour | None = None,
    ) -> None:
        super().__init__(Exchange(settings, clock.now_ms(), misbehaviour), clock)
