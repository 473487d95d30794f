"""What really happened in a world, counted: faults, kills, recoveries, refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from alphabot.core.limits import BUY_RULES, SELL_RULES
from alphabot.rehearsal.faults import KINDS
from alphabot.rehearsal.life import KillPoint

__all__ = ["RECOVERIES", "UNREACHED", "Counters", "expected"]

RECOVERIES: Mapping[str, str] = {
    "reconcile.orphan": "another strategy's round is settled",
    "reconcile.started": "an unknown outcome is looked into",
    "reconcile.matched": "the order of an unknown outcome is found",
    "reconcile.absent": "it is proven not to exist",
    "reconcile.settled": "a round of an earlier life is brought to its end",
    "request.unknown": "the outcome of a request is unknown",
    "request.refused": "the exchange refuses an order",
    "request.not_sent": "a request does not leave",
    "request.read_failed": "a query fails and is asked again",
    "stream.lost": "the order stream is lost",
    "stream.back": "and comes back",
    "stream.unavailable": "it cannot be had at the start",
    "stream.silent": "or is noticed to carry nothing",
    "credit.owed": "a rule cannot say yet what a volume counts",
    "reconcile.unresolved": "the evidence fits no single story, and a person has to look",
    "order.waited": "a rule's planned wait is over",
    "wallet.usdt_changed": "money came or went beside the service",
    "sell.lower": "a SELL is offered lower",
    "buy.timeout": "a BUY is cancelled",
    "sell.timeout": "a SELL stays",
    "cancel.sent": "a cancellation is asked for",
    "cancel.failed": "and is not accepted",
    "leftover.kept": "a SELL ended without our asking",
    "leftover.selling": "a leftover is offered",
    "leftover.sold": "and sold",
    "user.latched": "a user is silenced",
    "user.still_latched": "and stays so in the next life",
    "round.failed": "a round backs off",
    "round.skipped": "a plan cannot be",
    "plugin.failed": "a plugin's answer cannot be used",
    "limit.refused": "the gate refuses",
    "strategy.resumed": "a strategy goes on where it was",
    "strategy.already_reached": "or finds that it had come to its end",
    "strategy.stopped": "a strategy is stopped",
    "cleared": "a person clears what has latched",
}
"""Branches of recovery by the line of the log that tells of each, and what it means."""


UNREACHED: Mapping[str, str] = {
    "price_positive": "the readers of the wire let no such price through",
    "max_exit_loss_percent": "what plans a sale stays above the floor that the gate asks for",
    "latched": "a latched user's strategies have ended before the gate is asked",
}
"""Refusals of the gate that a room before it makes unreachable from outside, and why."""


class Counters:
    """Counts by category and name; two can be added."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, category: str, name: str, times: int = 1) -> None:
        """Count something."""
        if times:
            self.counts[category, name] += times

    def heard(self, key: str) -> None:
        """Count a line of the log that stands for a recovery."""
        if key in RECOVERIES:
            self.add("recovery", key)

    def __iadd__(self, other: Counters) -> Counters:
        self.counts.update(other.counts)
        return self

    def of(self, category: str) -> dict[str, int]:
        """Return the counts of a category by name."""
        return {name: n for (kind, name), n in sorted(self.counts.items()) if kind == category}


def expected() -> dict[str, tuple[str, ...]]:
    """Return, by category, everything that a sweep must have met at least once."""
    rules = {rule.name for rule in (*BUY_RULES, *SELL_RULES)} - UNREACHED.keys()
    return {
        "fault": tuple(KINDS),
        "kill": tuple(KillPoint),
        "recovery": tuple(RECOVERIES),
        "refusal": tuple(sorted(rules)),
    }
