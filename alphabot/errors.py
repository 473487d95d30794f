"""Every error alphabot raises on purpose, and what each one means for money.

::

    AlphabotError
      ConfigError           someone must edit a file; nothing starts; exit 2
      PluginError           names plugin, hook and what was wrong
      NotDelivered          a notice did not reach its service; perhaps later
      ExchangeError
        NotSent             nothing left this machine; may try again
        Refused             the exchange said no, with its code; no order exists
        OutcomeUnknown      an order may exist; no new order for this account until reconciled
        RateLimited         carries retry_after_seconds; all of this process waits
        NotAuthorised       login expired, challenge, restricted: latch this user
          Challenged        the same, and a person can mend it in the official page
        UnexpectedReply     could not be read; for a POST the same as OutcomeUnknown
        Unresolved          the evidence fits more than one story; latch this user
      FeedLost              updates may have been missed; reconcile after reconnecting
      HistoryDamaged        one user's records do not fit together; that user stops, others go on
      JournalError          we can no longer remember; no further orders for anyone
      ControlError          a running service cannot be asked, or refused what was asked
      HaltError             a halt could not be put in force, or not lifted
      InvariantBroken       a promise of ours does not hold; that user stops, the service fails

Exceptions of other libraries are translated once, at the seam in ``exchange/`` and ``store/``,
with their cause kept.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "AlphabotError",
    "Challenged",
    "ConfigError",
    "ControlError",
    "ExchangeError",
    "FeedLost",
    "HaltError",
    "HistoryDamaged",
    "InvariantBroken",
    "JournalError",
    "NotAuthorised",
    "NotDelivered",
    "NotSent",
    "OutcomeUnknown",
    "PluginError",
    "RateLimited",
    "Refused",
    "UnexpectedReply",
    "Unresolved",
]


class AlphabotError(Exception):
    """Root of everything alphabot raises on purpose."""


class ConfigError(AlphabotError):
    """Cause: a file or option a person wrote cannot be used as it is.

    Handler: the command line, which prints the one line of :meth:`__str__` and exits with 2.
    Consequence: nothing was started and nothing was written.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path
        self.line = line
        self.key = key
        self.hint = hint

    def __str__(self) -> str:
        where = "" if self.path is None else str(self.path)
        if self.line is not None:
            where += f":{self.line}"
        parts = [part for part in (where, self.key, self.problem) if part]
        return ": ".join(parts) + (f" ({self.hint})" if self.hint else "")


class PluginError(AlphabotError):
    """Cause: a plugin cannot be loaded, or what it returned cannot be used.

    Handler: at start the command line (exit 2); in a round the trade loop, which skips the round.
    Consequence: no order was planned with the plugin's answer.
    """

    def __init__(self, plugin: str, hook: str, problem: str) -> None:
        super().__init__(f"plugin {plugin}: {hook}: {problem}")
        self.plugin = plugin
        self.hook = hook
        self.problem = problem


class NotDelivered(AlphabotError):
    """Cause: a notifier's service could not be reached, or did not take the notice.

    Handler: the notifier's own task, which waits and tries again unless that is pointless.
    Consequence: nobody has read the notice yet; trading does not notice.
    """

    def __init__(
        self, problem: str, *, retry_after_seconds: float | None = None, pointless: bool = False
    ) -> None:
        super().__init__(problem)
        self.retry_after_seconds = retry_after_seconds
        """What the service asked for; None leaves the wait to the caller."""
        self.pointless = pointless
        """It will never be taken as it is: a revoked token, a removed webhook."""


class ExchangeError(AlphabotError):
    """Root of everything that can go wrong between us and the exchange."""


class NotSent(ExchangeError):
    """Cause: the request did not leave this machine in a form the exchange could act on.

    Handler: the trade loop, which records it and tries again after the back-off.
    Consequence: no order exists.
    """


class Refused(ExchangeError):
    """Cause: the exchange answered no, with a code known to mean that nothing was done.

    Handler: the trade loop, which records the code and backs off (protocol section 9).
    Consequence: no order exists.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}".strip())
        self.code = code
        self.message = message


class OutcomeUnknown(ExchangeError):
    """Cause: a request may have reached the exchange and its effect is not proven.

    Handler: reconcile, which asks the exchange until the effect is proven, or latches the user.
    Consequence: an order may exist; nothing is sent again and no new order leaves for this
    account until reconciled.
    """


class RateLimited(ExchangeError):
    """Cause: the exchange asked us to slow down (HTTP 429, 418 or a gateway block).

    Handler: the shared limiter; every request of this process waits.
    Consequence: no request leaves for ``retry_after_seconds``.
    """

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotAuthorised(ExchangeError):
    """Cause: login expired, a risk challenge, or the account is restricted.

    Handler: the user's boundary, which latches that user and notifies.
    Consequence: zero further private requests for this user until a human has acted.
    """


class Challenged(NotAuthorised):
    """Cause: the exchange wants to see the person: a risk challenge, or an extra verification.

    Handler: as for NotAuthorised; the login may be good again once the person has passed it.
    Consequence: as for NotAuthorised; nothing here ever tries to answer.
    """


class UnexpectedReply(ExchangeError):
    """Cause: the exchange's answer could not be read.

    Handler: for a read, the caller backs off; for a request that moves money it is handled as
    :class:`OutcomeUnknown`.
    Consequence: nothing is concluded from the answer. ``raw`` keeps its first bytes.
    """

    def __init__(self, message: str, raw: bytes = b"") -> None:
        super().__init__(message)
        self.raw = raw[:2048]


class Unresolved(ExchangeError):
    """Cause: what the exchange lists fits an intent in more than one way.

    Handler: the user's boundary, which latches that user with the evidence.
    Consequence: no further order for this user until a human has looked.

    ``strategies`` are those of whose token the exchange has orders that the journal does not know,
    ``intents`` those of which nobody can tell what became of them.
    """

    def __init__(
        self, problem: str, *, strategies: tuple[str, ...] = (), intents: tuple[str, ...] = ()
    ) -> None:
        super().__init__(problem)
        self.strategies = strategies
        self.intents = intents


class FeedLost(AlphabotError):
    """Cause: the order stream cannot be had, or has ended.

    Handler: at start the user's boundary (the user's strategies end with an error); later the
    feed itself, which reconnects.
    Consequence: updates may have been missed; open orders are asked for by REST.
    """


class JournalError(AlphabotError):
    """Cause: the journal cannot be written, or what it says cannot be trusted.

    Handler: the service, which stops trading for everyone.
    Consequence: no further order leaves, since we could not remember it.
    """


class ControlError(AlphabotError):
    """Cause: no service runs, the one that runs does not answer, or it refused what was asked.

    Handler: the command line, which prints it and exits with 1.
    Consequence: nothing was changed, unless the service did not answer: then nobody knows.
    """


class HaltError(AlphabotError):
    """Cause: the file of a halt could not be written, or not removed.

    Handler: the command line, which prints it and exits with 1.
    Consequence: a halt that was asked for is not in force, or one that was to be lifted still is.
    """


class HistoryDamaged(AlphabotError):
    """Cause: a record of one user does not fit those before it; the rest of the file is sound.

    Handler: at start the wiring, which ends that user's strategies.
    Consequence: nothing more is ordered or recorded for ``user_id``; the other users go on.
    ``sequence`` is the number of the first of the user's records that does not fit.
    """

    def __init__(self, user_id: int, sequence: int, problem: str) -> None:
        self.what = f"record {sequence} of user {user_id} {problem}"
        super().__init__(
            f"{self.what}; put a sound copy of the whole folder back while alphabot is stopped,"
            " or look with alphabot journal verify"
        )
        self.user_id = user_id
        self.sequence = sequence
        self.problem = problem


class InvariantBroken(AlphabotError):
    """Cause: what must never happen did: the exchange contradicted itself, or a bug of ours.

    Handler: the user's boundary; the user stops with the traceback in the log.
    Consequence: the other users go on; the service ends with a non-zero exit.
    """
