"""How long a strategy's orders have waited because their rule planned to, BUY and SELL apart.

A rule may have an order cancelled after a while and be asked again (``Proposal.wait_seconds``).
What it is told then is kept here: which attempt this is, and how long all of them have waited.
It is forgotten by a restart, which only begins the waiting anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO
from alphabot.core.records import Intended
from alphabot.runtime.following import Followed
from alphabot.runtime.stop import Stop

__all__ = ["Patience", "Waits"]


@dataclass(slots=True)
class Waits:
    """The waits of one BUY, or of one SELL, so far."""

    attempt: int = 1
    seconds: Decimal = ZERO

    def add(self, seconds: Decimal) -> None:
        """Count a wait that is over; the rule is asked again."""
        self.attempt += 1
        self.seconds += seconds

    def begin_anew(self) -> None:
        """Forget all waits: the next BUY or SELL is another one."""
        self.attempt, self.seconds = 1, ZERO


class Patience:
    """The waits of one strategy of one user.

    All waits of a BUY, or of a SELL, together stay below ``bound_seconds``, the order timeout: the
    order after them waits for the whole timeout, and is a failure if it does not fill. Once a
    strategy that has waited is to stop, no further wait is planned.
    """

    def __init__(self, bound_seconds: float, stop: Stop) -> None:
        self._bound = Decimal(str(bound_seconds))
        self._stop = stop
        self._has_waited = False
        self._buying = Waits()
        self._selling = Waits()

    def waits(self, *, selling: bool) -> Waits:
        """Return what the rule is to be told of the waits so far."""
        waits = self._selling if selling else self._buying
        if self._has_waited and self._stop.requested.is_set():
            return Waits(waits.attempt, max(waits.seconds, self._bound))
        return waits

    def granted(self, wait_seconds: Decimal | None, *, selling: bool) -> Decimal | None:
        """Return the wait that is granted to an order; None for the order timeout."""
        if wait_seconds is None:
            return None
        waited = self.waits(selling=selling).seconds
        return wait_seconds if waited + wait_seconds < self._bound else None

    def ended(self, intended: Intended, followed: Followed) -> None:
        """Take note of how a placed intent ended."""
        bought = followed not in (Followed.WAITED, Followed.SHORT)
        if intended.is_pair:
            self._bought(intended.buy_wait_seconds, followed)
        if bought:
            self._sold(intended.sell_wait_seconds, followed)

    def _bought(self, wait: Decimal | None, followed: Followed) -> None:
        self._has_waited |= wait is not None
        if followed is Followed.WAITED and wait is not None:
            self._buying.add(wait)
        elif followed is Followed.SHORT and wait is not None:
            # Ended by somebody else: the next one must count as a failure if it ends so too.
            self._buying.add(max(self._bound - self._buying.seconds, ZERO))
        else:
            self._buying.begin_anew()

    def _sold(self, wait: Decimal | None, followed: Followed) -> None:
        self._has_waited |= wait is not None
        if followed is not Followed.UNSOLD:
            self._selling.begin_anew()
        elif wait is not None:
            self._selling.add(wait)
